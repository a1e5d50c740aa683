"""The networks of a Keras model and of exported files: the same results, and no TensorFlow for the second."""

import json
import subprocess
import sys

import numpy as np
import pytest

from seigan_tf.compose.backends import load_backend
from seigan_tf.compose.composer import Composer
from seigan_tf.inference import arrays
from tests import tiny
from tests.compose.scene import ball, box_of

SETTINGS = {"name": "tiny", "size": 16, "object_fraction": 0.7, "confine_mask": True}


@pytest.fixture(scope="module")
def model():
    return tiny.seigan(confine_mask=True, composite_inpainting=True)


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    """An export folder of the model."""
    pytest.importorskip("tensorflow", reason="exports with TensorFlow")
    from export import graphs
    from export.tflite import conversion

    folder = tmp_path_factory.mktemp("exported")
    for name, graph in graphs.make(model).items():
        if name != "composer":
            (folder / f"{name}.tflite").write_bytes(conversion.convert(graph, ["float32"])["float32"])
    (folder / "model.json").write_text(json.dumps(SETTINGS))
    return folder


@pytest.fixture(scope="module")
def keras_backend(model):
    from seigan_tf.compose.backends import KerasBackend

    return KerasBackend(model, 0.7)


def test_keras_backend_answers_as_the_model(model, keras_backend):
    batch = tiny.batch()["object"]
    images, box = batch["image"], batch["box"]
    masks = keras_backend.segment(images, box)
    np.testing.assert_array_equal(masks, arrays.segment(model, images, box))
    np.testing.assert_array_equal(keras_backend.inpaint(images, masks), arrays.inpaint(model, images, masks))
    np.testing.assert_array_equal(keras_backend.enhance(images), arrays.enhance(model, images))
    assert (keras_backend.size, keras_backend.object_fraction, keras_backend.confine_mask) == (16, 0.7, True)


def test_exported_files_give_the_same(exported, keras_backend):
    found = load_backend(exported)
    assert (found.name, found.size, found.object_fraction, found.confine_mask) == ("tiny", 16, 0.7, True)
    batch = tiny.batch()["object"]
    images, box = batch["image"], batch["box"]
    masks = keras_backend.segment(images, box)
    np.testing.assert_allclose(found.segment(images, box), masks, atol=1e-4)
    np.testing.assert_allclose(found.inpaint(images, masks), keras_backend.inpaint(images, masks), atol=1e-4)
    np.testing.assert_allclose(found.enhance(images), keras_backend.enhance(images), atol=1e-4)


@pytest.mark.parametrize("refine", [False, True])
def test_composers_of_both_agree_on_a_photo(exported, keras_backend, refine):
    photo, _ = ball()
    one, other = Composer(keras_backend, refine), Composer.load(exported, refine)
    difference = np.abs(one.cut(photo, box_of())[0] - other.cut(photo, box_of())[0])
    assert (difference > 0.01).mean() < 0.001
    difference = np.abs(one.erase(photo, box_of()).astype(int) - other.erase(photo, box_of()))
    assert (difference > 2).mean() < 0.001
    pasted = [composer.paste(photo, box_of(), photo, (20, 30)).astype(int) for composer in (one, other)]
    assert (np.abs(pasted[0] - pasted[1]) > 2).mean() < 0.001


def test_exported_files_run_where_tensorflow_and_keras_are_not(exported, tmp_path):
    code = f"""
import sys
for name in ("tensorflow", "keras", "jax"):
    sys.modules[name] = None  # importing it now raises ModuleNotFoundError
import numpy as np
import seigan_tf
composer = seigan_tf.Composer.load({str(exported)!r})
photo = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
composer.cut(photo, (20, 10, 30, 40)), composer.erase(photo, (20, 10, 30, 40))
composer.paste(photo, (20, 10, 30, 40), photo, (1, 2, 25))
from PIL import Image
Image.fromarray(photo).save("photo.png")
from seigan_tf.cli.commands import main
main(["cut", "photo.png", "--box", "20,10,30,40", "--weights", {str(exported)!r}, "-o", "cut.png"])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cut.png").is_file()


def environment():
    import os
    from pathlib import Path

    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}


def test_names_what_is_wrong_with_an_export_folder(exported, tmp_path, one_line_error):
    settings = tmp_path / "model.json"
    settings.write_text("{")
    assert one_line_error(load_backend, tmp_path).startswith(f"{settings}: cannot be read")
    settings.write_text(json.dumps(SETTINGS | {"size": "16"}))
    assert "'size' is '16'; expected the size of an exported model" in one_line_error(load_backend, tmp_path)
    settings.write_text(json.dumps(SETTINGS))
    assert "segmenter.tflite: missing; expected segmenter.tflite, inp" in one_line_error(load_backend, tmp_path)
    (tmp_path / "segmenter.tflite").write_bytes(b"no model")
    assert "segmenter.tflite: not a model that LiteRT can run" in one_line_error(load_backend, tmp_path)
    for name in ("segmenter", "inpainter", "enhancer"):
        (tmp_path / f"{name}.tflite").write_bytes((exported / f"{name}.tflite").read_bytes())
    settings.write_text(json.dumps(SETTINGS | {"size": 32}))
    text = one_line_error(load_backend, tmp_path)
    assert "input 'image' of shape [1, 16, 16, 3]; expected [1, 32, 32, 3]" in text


def test_names_unknown_weights(one_line_error):
    assert one_line_error(Composer.load, "nowhere").startswith("nowhere: no trained model; expected ")
