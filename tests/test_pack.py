"""What is handed on of a trained model, and weights that ship under a name."""

import hashlib
import json
import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest

import seigan_tf
from seigan_tf import config as settings
from seigan_tf import pretrained
from seigan_tf.config import Config, DataConfig
from seigan_tf.loading import find
from tests import tiny
from tests.commands import call


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder, of crops in which objects are smaller than the default."""
    folder = tmp_path_factory.mktemp("runs") / "birds"
    (folder / "weights").mkdir(parents=True)
    model = tiny.seigan(average_decay=0.9)
    model.train_on_batch(tiny.batch(4))
    model.save(folder / "weights" / "seigan.keras")
    settings.save(
        Config(networks=model.networks, data=DataConfig(object_fraction=0.5, images=folder)), folder / "config.json"
    )
    return folder


@pytest.fixture
def packed(run, tmp_path, capsys):
    assert call(capsys, "pack", "--weights", run, "--out", tmp_path / "birds").code == 0
    return tmp_path / "birds"


def test_a_packed_model_is_smaller_and_gives_the_same_masks(run, packed):
    batch = tiny.batch(2)["object"]
    small, large = seigan_tf.load(packed), seigan_tf.load(run)
    expected = large.segment(batch["image"], batch["box"])
    np.testing.assert_allclose(small.segment(batch["image"], batch["box"]), expected, atol=1e-6)
    before, after = (folder / "weights" / "seigan.keras" for folder in (run, packed))
    assert after.stat().st_size < before.stat().st_size / 2
    assert find(packed).object_fraction == 0.5
    assert str(run) not in (packed / "config.json").read_text()
    assert settings.load(packed / "config.json").networks == small.networks
    digest, name = (packed / "sha256").read_text().split()
    assert digest == hashlib.sha256((packed / name).read_bytes()).hexdigest()


def test_a_segmenter_is_exchanged_and_its_report_with_it(run, tmp_path, capsys):
    other = tmp_path / "student"
    (other / "weights").mkdir(parents=True)
    student = tiny.seigan(average_decay=0.9)
    student.averaged.segmenter.weights[0].assign_add(keras.ops.ones_like(student.averaged.segmenter.weights[0]))
    student.save(other / "weights" / "seigan.keras")
    report = {"count": 5, "iou": {"model": 0.9}, "cost": {"steps": 7}}
    (other / "report.json").write_text(json.dumps(report))
    arguments = "pack", "--weights", run, "--segmenter", other
    assert call(capsys, *arguments, "--out", tmp_path / "unmeasured").code == 0
    assert not (tmp_path / "unmeasured" / "report.json").exists()
    (run / "report.json").write_text(json.dumps({"count": 2, "iou": {"model": 0.5}, "cost": {"steps": 3}}))
    assert call(capsys, *arguments, "--out", tmp_path / "birds").code == 0
    (run / "report.json").unlink()
    assert json.loads((tmp_path / "birds" / "report.json").read_text()) == report | {"cost": {"steps": 3}}

    made, batch = seigan_tf.load(tmp_path / "birds"), tiny.batch(2)["object"]
    masks = [model.segment(batch["image"], batch["box"]) for model in (made, student, seigan_tf.load(run))]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert np.abs(masks[0] - masks[2]).max() > 1e-3
    hole = np.zeros((2, *batch["image"].shape[1:3], 1), np.float32)
    hole[:, :5] = 1
    np.testing.assert_array_equal(*(m.inpaint(batch["image"], hole) for m in (made, seigan_tf.load(run))))


def test_a_segmenter_of_another_form_is_refused(run, tmp_path, capsys):
    other = tmp_path / "other.keras"
    segmenter = replace(tiny.networks().segmenter, width=2)
    tiny.seigan(segmenter=segmenter).save(other)
    refusal = call(capsys, "pack", "--weights", run, "--segmenter", other, "--out", tmp_path / "birds").refusal
    form = "resnet of width {} and depth 1 for crops of 16 px"
    assert f"other.keras: the segmenter is a {form.format(2)}, expected a {form.format(3)}\n" in refusal
    assert not (tmp_path / "birds").exists()


def test_shipped_weights_are_found_by_name_and_refused_once_they_are_damaged(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "HERE", tmp_path)
    assert pretrained.names() == ("birds",)
    assert find("birds").file == packed / "weights" / "seigan.keras"
    with pytest.raises(ValueError, match=r"^owls: no trained model; expected shipped weights \(birds\), a run folder"):
        find("owls")
    with (packed / "weights" / "seigan.keras").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ValueError, match=r"seigan\.keras: not the file that was shipped; install the package again$"):
        find("birds")


def test_mistakes_are_one_line_and_nothing_is_written(run, packed, tmp_path, capsys):
    assert "exists already" in call(capsys, "pack", "--weights", run, "--out", packed).refusal
    assert "no trained model" in call(capsys, "pack", "--weights", "nowhere", "--out", tmp_path / "new").refusal
    assert "--weights is not given" in call(capsys, "pack").refusal
    shutil.rmtree(packed)
    assert not list(tmp_path.iterdir())
