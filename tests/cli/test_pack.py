"""What is handed on of a trained model, and weights that ship under a name."""

import hashlib
import shutil

import keras
import numpy as np
import pytest

import seigan_tf
from seigan_tf import config as settings
from seigan_tf import pretrained
from seigan_tf.config import BackboneConfig, Config, DataConfig
from seigan_tf.inference import arrays
from seigan_tf.inference.loading import find
from seigan_tf.inference.transfer import exchange_segmenter, strip_for_inference
from tests import tiny
from tests.commands import call


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder, of crops in which objects are smaller than the default."""
    folder = tmp_path_factory.mktemp("runs") / "birds"
    (folder / "weights").mkdir(parents=True)
    model = tiny.seigan(ema_decay=0.9)
    model.train_on_batch(tiny.batch(4))
    model.save(folder / "weights" / "seigan.keras")
    settings.save_config(
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
    expected = arrays.segment(large, batch["image"], batch["box"])
    np.testing.assert_allclose(arrays.segment(small, batch["image"], batch["box"]), expected, atol=1e-6)
    before, after = (folder / "weights" / "seigan.keras" for folder in (run, packed))
    assert after.stat().st_size < before.stat().st_size / 2
    assert find(packed).object_fraction == 0.5
    assert str(run) not in (packed / "config.json").read_text()
    assert settings.load_config(packed / "config.json").networks == small.networks
    digest, name = (packed / "sha256").read_text().split()
    assert digest == hashlib.sha256((packed / name).read_bytes()).hexdigest()


@pytest.fixture
def student(tmp_path):
    """A run folder whose segmenter is another one, of the same form."""
    model = tiny.seigan(ema_decay=0.9)
    weight = model.ema_generators.segmenter.weights[0]
    weight.assign_add(keras.ops.ones_like(weight))
    folder = tmp_path / "student"
    (folder / "weights").mkdir(parents=True)
    model.save(folder / "weights" / "seigan.keras")
    settings.save_config(Config(networks=model.networks, data=DataConfig(object_fraction=0.5)), folder / "config.json")
    return folder


def test_a_segmenter_is_exchanged_and_its_report_comes_with_it(run, student, tmp_path, capsys):
    (student / "report.json").write_text('{"count": 5}')
    ended = call(capsys, "pack", "--weights", run, "--segmenter", student, "--out", tmp_path / "birds")
    assert ended.code == 0, ended.err
    assert (tmp_path / "birds" / "report.json").read_text() == '{"count": 5}'
    made, first, other = (seigan_tf.load(folder) for folder in (tmp_path / "birds", run, student))
    batch = tiny.batch(2)["object"]
    masks = [arrays.segment(model, batch["image"], batch["box"]) for model in (made, other, first)]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert np.abs(masks[0] - masks[2]).max() > 1e-3
    hole = np.zeros((2, *batch["image"].shape[1:3], 1), np.float32)
    hole[:, :5] = 1
    np.testing.assert_array_equal(
        arrays.inpaint(made, batch["image"], hole), arrays.inpaint(first, batch["image"], hole)
    )


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"segmenter": BackboneConfig("resnet", 2, 1)}, "is a resnet of width 2 and depth 1 for crops of 16 px"),
        ({"segmenter": BackboneConfig("resnet", 3, 1, separable=True)}, "is a separable resnet of width 3"),
        ({"size": 32}, "for crops of 32 px"),
        ({"confine_mask": True}, "16 px, confined to the box, expected a resnet of width 3"),
    ],
)
def test_a_segmenter_of_another_form_is_refused(run, tmp_path, changes, said, one_line_error):
    model = strip_for_inference(seigan_tf.load(run))
    assert said in one_line_error(exchange_segmenter, model, tiny.seigan(**changes))


def test_a_segmenter_for_other_crops_or_of_no_model_is_refused(run, student, tmp_path, capsys):
    shutil.copyfile(student / "weights" / "seigan.keras", tmp_path / "student.keras")
    arguments = "pack", "--weights", run, "--out", tmp_path / "birds", "--segmenter"
    refusal = call(capsys, *arguments, tmp_path / "student.keras").refusal  # a file alone says nothing of its crops
    assert f"objects take {DataConfig().object_fraction} of its crops' sides, expected 0.5 as in those of" in refusal
    assert call(capsys, *arguments, "nowhere").refusal.startswith("error: nowhere: no trained model")
    tiny.seigan(ema_decay=0.9, size=32).save(student / "weights" / "seigan.keras")
    assert "student: the segmenter is a resnet" in call(capsys, *arguments, student).refusal
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
