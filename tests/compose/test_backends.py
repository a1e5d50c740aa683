"""The networks of a Keras model and of exported files: the same results, and no TensorFlow for the second."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from seigan_tf import pretrained
from seigan_tf.compose.backends import load_backend
from seigan_tf.compose.composer import Composer
from seigan_tf.compose.keras_backend import KerasBackend
from seigan_tf.compose.litert_backend import LiteRTBackend
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.photos.photo import Photo
from seigan_tf.inference import arrays
from seigan_tf.utils.digest import sha256
from tests import tiny
from tests.compose.scene import ball, box_of

SETTINGS = {"name": "tiny", "size": 16, "object_fraction": 0.7, "confine_mask": True, "outside_contrast": 0.4}


@pytest.fixture(scope="module")
def model():
    return tiny.seigan(object_fraction=0.7, confine_mask=True, outside_contrast=0.4, composite_inpainting=True)


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
    return KerasBackend(model)


def test_keras_backend_answers_as_the_model(model, keras_backend):
    batch = tiny.batch()["object"]
    images, box = batch["image"], batch["box"]
    masks = keras_backend.segment(images, box)
    np.testing.assert_array_equal(masks, arrays.segment(model, images, box))
    np.testing.assert_array_equal(keras_backend.inpaint(images, masks), arrays.inpaint(model, images, masks))
    np.testing.assert_array_equal(keras_backend.enhance(images), arrays.enhance(model, images))
    assert (keras_backend.size, keras_backend.object_fraction, keras_backend.confine_mask) == (16, 0.7, True)
    assert keras_backend.outside_contrast == 0.4


def test_exported_files_give_the_same(exported, keras_backend):
    found = load_backend(exported)
    assert (found.name, found.size, found.object_fraction, found.confine_mask) == ("tiny", 16, 0.7, True)
    assert found.outside_contrast == 0.4
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


@pytest.fixture
def weights(exported, model, tmp_path):
    """A folder of packed weights."""
    folder = tmp_path / "packed" / "weights"
    shutil.copytree(exported, folder)
    model.save(folder / "seigan.keras")
    (folder / "model.json").write_text(json.dumps(SETTINGS | {"weights": sha256(folder / "seigan.keras")}))
    return folder.parent


def test_packed_weights_run_on_litert_unless_keras_is_asked_for(weights):
    said = []
    assert isinstance(load_backend(weights, warn=said.append), LiteRTBackend)
    assert isinstance(load_backend(weights, "keras", said.append), KerasBackend)
    assert not said


def test_without_tflite_files_of_their_own_weights_run_on_keras_and_a_line_says_so(weights, keras_backend, monkeypatch):
    monkeypatch.setattr("seigan_tf.compose.keras_backend.load", lambda path: keras_backend)  # saves seconds

    def said_of(path):
        said = []
        assert load_backend(path, warn=said.append) is keras_backend
        (line,) = said
        return line

    file = weights / "weights" / "seigan.keras"
    line = said_of(file)
    assert line.startswith(f"{file}: has no TFLite files, so Keras runs it")
    assert f"`python -m export.pack --weights {file} --out DIR`" in line
    for content in ("{", "[]", json.dumps(SETTINGS), json.dumps(SETTINGS | {"weights": "0" * 64})):
        (weights / "weights" / "model.json").write_text(content)
        assert said_of(weights).startswith(f"{weights}: its TFLite files are not those of seigan.keras, so Keras runs")
    (weights / "weights" / "model.json").unlink()
    assert said_of(weights).startswith(f"{weights}: has no TFLite files, so Keras runs it")


def test_an_export_folder_has_no_keras_model(exported, one_line_error):
    assert one_line_error(load_backend, exported, "keras").startswith(
        f"{exported}: an export folder, which Keras cannot"
    )


@pytest.mark.parametrize("name", pretrained.names())
def test_the_shipped_weights_give_the_same_mask_by_litert_and_by_keras(name):
    photo, _ = ball()
    backends = [load_backend(name, choice) for choice in ("auto", "keras")]
    assert isinstance(backends[0], LiteRTBackend)
    # The refinement decides by thresholds: if the ball is doubtful, a difference of 1e-5 moves a few of its pixels.
    for refine, bound, most in ((False, 1e-4, 0), (True, 1 / 255, 1e-3)):
        masks = [Composer(backend, refine).cut(photo, box_of())[0] for backend in backends]
        assert np.mean(np.abs(masks[0] - masks[1]) >= bound) <= most


@pytest.mark.parametrize("name", pretrained.names())
def test_the_shipped_weights_give_the_same_refined_masks_of_real_photographs(name, cats_val):
    photos = [photo for photo in read_annotations("coco", *cats_val) if isinstance(photo, Photo) and photo.objects]
    composers = [Composer(load_backend(name, choice)) for choice in ("auto", "keras")]
    for photo in photos[::45]:
        box = max((item.box for item in photo.objects), key=lambda box: box[2] * box[3])
        masks = [composer.cut(np.asarray(Image.open(photo.path)), box)[0] for composer in composers]
        assert np.abs(masks[0] - masks[1]).max() < 1 / 255


def test_names_what_is_wrong_with_an_export_folder(exported, tmp_path, one_line_error):
    settings = tmp_path / "model.json"
    settings.write_text("{")
    assert one_line_error(load_backend, tmp_path).startswith(f"{settings}: not JSON (")
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


def test_a_file_that_fails_only_when_it_runs_is_named(exported, tmp_path, one_line_error):
    from export.tflite import model_file

    folder = shutil.copytree(exported, tmp_path / "out")
    whole = (folder / "segmenter.tflite").read_bytes()
    file = model_file.read(whole)
    first = file.subgraphs[0].operators[0]
    first.inputs = np.array([100_000, *first.inputs[1:]], np.int32)
    (folder / "segmenter.tflite").write_bytes(model_file.write(file))
    backend, batch = LiteRTBackend(folder), tiny.batch()["object"]
    text = one_line_error(backend.segment, batch["image"], batch["box"])
    damaged = folder / "segmenter.tflite"
    assert text.startswith(f"{damaged}: not a model that LiteRT can run (Invalid tensor index 100000 ")

    file = model_file.read(whole)
    file.signatureDefs[0].outputs[0].name = b"masque"
    damaged.write_bytes(model_file.write(file))
    assert one_line_error(LiteRTBackend, folder) == f"{damaged}: no output 'mask'"


def test_a_file_that_is_not_the_one_described_is_not_given_to_litert(exported, tmp_path, one_line_error):
    folder = shutil.copytree(exported, tmp_path / "out")
    path = folder / "inpainter.tflite"
    (folder / "model.json").write_text(json.dumps(SETTINGS | {"files": {path.name: {"sha256": sha256(path)}}}))
    LiteRTBackend(folder)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert one_line_error(LiteRTBackend, folder).startswith(f"{path}: not the file that model.json describes")


def test_what_a_file_asks_for_and_gives_is_checked(exported, tmp_path, one_line_error):
    from export.tflite import model_file

    folder = shutil.copytree(exported, tmp_path / "out")
    path = folder / "segmenter.tflite"
    file = model_file.read(path.read_bytes())
    graph = file.subgraphs[0]
    graph.tensors[graph.operators[-1].inputs[0]].shape = np.array([1, 2**14, 2**15, 1], np.int32)
    path.write_bytes(model_file.write(file))
    reason = "a tensor of 2.1 GB, expected at most 1 GB"
    assert one_line_error(LiteRTBackend, folder) == f"{path}: not a model that LiteRT can run ({reason})"

    file = model_file.read((folder / "enhancer.tflite").read_bytes())
    file.signatureDefs[0].outputs[0].name = b"mask"
    path.write_bytes(model_file.write(file))
    backend, batch = LiteRTBackend(folder), tiny.batch()["object"]
    text = one_line_error(backend.segment, batch["image"], batch["box"])
    assert text == f"{path}: output 'mask' of shape [1, 16, 16, 3]; expected [1, 16, 16, 1]"


def test_names_unknown_weights(one_line_error):
    assert one_line_error(Composer.load, "nowhere").startswith("nowhere: no trained model; expected ")
