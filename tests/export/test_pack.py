"""Packed parts of a trained model, and weights that ship under a name."""

import json
import os
import shutil
import signal
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import seigan_tf
from export import pack
from export.tflite import conversion
from seigan_tf import config as settings
from seigan_tf import pretrained
from seigan_tf.cli.errors import exit_code_of
from seigan_tf.compose.backends import load_backend
from seigan_tf.compose.litert_backend import LiteRTBackend
from seigan_tf.config import BackboneConfig, Config, DataConfig, LossesConfig
from seigan_tf.inference import arrays
from seigan_tf.inference.transfer import exchange_segmenter, strip_for_inference
from seigan_tf.inference.weights import find
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.digest import sha256
from tests import tiny

FILES = ("enhancer.tflite", "inpainter.tflite", "model.json", "segmenter.tflite", "seigan.keras")


@pytest.fixture
def refusal(capsys):
    """Function that packs with arguments which are refused, and returns the one line."""

    def line(*arguments) -> str:
        assert exit_code_of(lambda: pack.run([str(argument) for argument in arguments])) == 2
        text = capsys.readouterr().err
        assert text.count("\n") == 1
        return text

    return line


def run_folder(folder, model):
    """A run folder of crops in which objects are smaller than the default."""
    (folder / "weights").mkdir(parents=True)
    model.save(folder / "weights" / "seigan.keras")
    settings.save_config(
        Config(networks=model.networks, data=DataConfig(object_fraction=0.5, images=folder)), folder / "config.json"
    )
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    model = tiny.seigan(LossesConfig(**tiny.FIRST_SWAP), object_fraction=0.5, ema_decay=0.9)
    model.train_on_batch(tiny.batch(4))
    return run_folder(tmp_path_factory.mktemp("runs") / "birds", model)


@pytest.fixture(scope="module")
def made(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "birds"
    pack.run(["--weights", str(run), "--out", str(folder)])
    return folder


@pytest.fixture
def packed(made, tmp_path):
    return shutil.copytree(made, tmp_path / "birds")


def test_a_packed_model_is_smaller_and_gives_the_same_masks_by_keras_and_by_litert(run, packed):
    small, large = seigan_tf.load(packed), seigan_tf.load(run)
    images, boxes = (tiny.batch(2)["object"][name] for name in ("image", "box"))
    expected = arrays.segment(large, images, boxes)
    np.testing.assert_allclose(arrays.segment(small, images, boxes), expected, atol=1e-6)
    light = load_backend(packed)
    assert isinstance(light, LiteRTBackend)
    assert (light.name, light.object_fraction) == ("birds", 0.5)
    np.testing.assert_allclose(light.segment(images, boxes), expected, atol=1e-4)
    before, after = (folder / "weights" / "seigan.keras" for folder in (run, packed))
    assert after.stat().st_size < before.stat().st_size / 2
    assert find(packed).object_fraction == 0.5
    assert str(run) not in (packed / "config.json").read_text()
    assert settings.load_config(packed / "config.json").networks == small.networks


def test_every_file_of_the_weights_has_its_digest(packed):
    lines = [line.split() for line in (packed / "sha256").read_text().splitlines()]
    assert [name for _, name in lines] == [f"weights/{name}" for name in FILES]
    assert [digest for digest, _ in lines] == [sha256(packed / name) for _, name in lines]
    described = json.loads((packed / "weights" / "model.json").read_text())["files"]
    assert {name: file["sha256"] for name, file in described.items()} == {
        name: sha256(packed / "weights" / name) for name in FILES if name.endswith(".tflite")
    }


@pytest.fixture
def student(tmp_path):
    """A run folder whose segmenter is another one."""
    model = tiny.seigan(object_fraction=0.5, ema_decay=0.9)
    weight = model.ema_generators.segmenter.weights[0]
    weight.assign_add(keras.ops.ones_like(weight))
    return run_folder(tmp_path / "student", model)


def test_a_segmenter_is_exchanged_and_its_report_comes_with_it(run, student, tmp_path, monkeypatch):
    monkeypatch.setattr(conversion, "convert", lambda graph, kinds: dict.fromkeys(kinds, b""))  # saves seconds
    (student / "report.json").write_text('{"count": 5}')
    pack.run(["--weights", str(run), "--segmenter", str(student), "--out", str(tmp_path / "birds")])
    assert (tmp_path / "birds" / "report.json").read_text() == '{"count": 5}'
    made, first, other = (seigan_tf.load(folder).inference_generators for folder in (tmp_path / "birds", run, student))
    assert same(made.segmenter, other.segmenter)
    assert not same(made.segmenter, first.segmenter)
    assert same(made.inpainter, first.inpainter)


def same(network, other) -> bool:
    pairs = zip(network.weights, other.weights, strict=True)
    return all(np.array_equal(ours, theirs) for ours, theirs in pairs)


@pytest.fixture(scope="module")
def stripped(run):
    return strip_for_inference(seigan_tf.load(run))


@pytest.mark.parametrize("form", [BackboneConfig("unet", 5, 2, separable=True), BackboneConfig("vgg19", 4, 2)])
def test_a_segmenter_may_have_another_form(stripped, form):
    other = SEIGAN(tiny.networks(segmenter=form, vgg_weights="random"), 0.5)
    other.build()
    made = strip_for_inference(exchange_segmenter(stripped, other))
    assert made.networks.segmenter == form
    assert (made.vgg is not None) == (form.backbone == "vgg19")
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), np.uint8)
    boxes = np.array([[0.2, 0.2, 0.8, 0.8]] * 2, np.float32)
    np.testing.assert_array_equal(arrays.segment(made, images, boxes), arrays.segment(other, images, boxes))
    assert same(made.inference_generators.inpainter, stripped.inference_generators.inpainter)
    back = strip_for_inference(exchange_segmenter(made, stripped))
    assert back.networks == stripped.networks
    assert same(back.inference_generators.segmenter, stripped.inference_generators.segmenter)


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"size": 32}, "the segmenter is for crops of 32 px"),
        ({"confine_mask": True}, "confined to the box, expected one for crops of 16 px"),
        ({"confine_mask": True, "outside_contrast": 0.3}, "confined to the box and faded to 0.3 outside it, expected"),
    ],
)
def test_a_segmenter_for_other_crops_is_refused(stripped, changes, said, one_line_error):
    other = SEIGAN(tiny.networks(**changes), 0.5)
    other.build()
    assert said in one_line_error(exchange_segmenter, stripped, other)


def test_a_segmenter_for_other_crops_or_of_no_model_is_refused(run, tmp_path, refusal):
    arguments = "--weights", run, "--out", tmp_path / "birds", "--segmenter"
    other = tmp_path / "other.keras"
    tiny.seigan(ema_decay=0.9).save(other)
    text = refusal(*arguments, other)
    assert text.startswith(f"error: --segmenter {other}: the segmenter is for crops of 16 px")
    assert f"objects of {DataConfig().object_fraction:g} of the side" in text
    assert refusal(*arguments, "nowhere").startswith("error: nowhere: no trained model")
    assert not (tmp_path / "birds").exists()


@pytest.mark.parametrize("file", FILES)
def test_shipped_weights_are_found_by_name_and_refused_once_they_are_damaged(packed, monkeypatch, file):
    monkeypatch.setattr(pretrained, "HERE", packed.parent)
    assert pretrained.names() == ("birds",)
    assert find("birds").file == packed / "weights" / "seigan.keras"
    with pytest.raises(ValueError, match=r"^owls: no trained model; expected shipped weights \(birds\), a run folder"):
        find("owls")
    with (packed / "weights" / file).open("ab") as opened:
        opened.write(b"x")
    with pytest.raises(ValueError, match=rf"{file}: not the file that was shipped; install the package again$"):
        find("birds")


def test_a_full_disk_is_one_line_with_the_name_of_the_folder(run, tmp_path, monkeypatch, refusal):
    def full(graph, kinds):
        raise tf.errors.ResourceExhaustedError(None, None, "variables.data-00000-of-00001; No space left on device")

    monkeypatch.setattr(conversion, "convert", full)
    out = tmp_path / "birds"
    assert refusal("--weights", run, "--out", out) == f"error: {out}: No space left on device\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_sigterm_leaves_nothing(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(conversion, "convert", lambda graph, kinds: os.kill(os.getpid(), signal.SIGTERM))
    out = tmp_path / "new" / "birds"
    assert exit_code_of(lambda: pack.run(["--weights", str(run), "--out", str(out)])) == 143
    assert capsys.readouterr().err == f"stopped: terminated; nothing is left of {out}\n"
    assert not list(tmp_path.iterdir())


def test_two_at_once_do_not_disturb_each_other(run, tmp_path, monkeypatch, refusal):
    out, convert, said = tmp_path / "birds", conversion.convert, []

    def second(*arguments):
        if not said:
            said.append(None)
            said[0] = refusal("--weights", run, "--out", out)
        return convert(*arguments)

    monkeypatch.setattr(conversion, "convert", second)
    pack.run(["--weights", str(run), "--out", str(out)])
    assert said == [f"error: {tmp_path / '.partial-birds'}: another pack is writing there\n"]
    assert sorted(path.name for path in (out / "weights").iterdir()) == list(FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["birds"]


def test_mistakes_are_one_line_and_nothing_is_written(run, packed, refusal):
    assert "exists already" in refusal("--weights", run, "--out", packed)
    assert "no trained model" in refusal("--weights", "nowhere", "--out", packed.parent / "new")
    shutil.rmtree(packed)
    assert not list(packed.parent.iterdir())
