"""The exported files give the same as Keras in every runtime that may load them."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from export import examples, graphs
from export.tflite import conversion, model_file
from export.tflite.runtime import Runner, inspect
from seigan_tf.config import BackboneConfig
from seigan_tf.data.detection.metadata import read_labels, read_metadata
from seigan_tf.utils.pixels import to_float
from tests.export import exports

OLD_RUNTIME = ("tflite-runtime==2.14.0", "numpy<2")
MEDIAPIPE = (
    "mediapipe==1.2.3", "sounddevice", "matplotlib", "contourpy", "cycler", "fonttools", "kiwisolver", "pyparsing",
    "python-dateutil", "cffi",
)  # fmt: skip
"""MediaPipe itself asks for opencv-contrib-python, which is the same module as opencv-python-headless."""


@pytest.fixture(scope="module")
def model():
    return exports.model(size=32)


@pytest.fixture(scope="module")
def made(model):
    return graphs.make(model)


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    """Everything that the command writes, TFLite only."""
    home = tmp_path_factory.mktemp("export")
    run = exports.run_folder(home / "tiny", model)
    exports.export(
        "--weights", run, "--out", home / "out", "--formats", "tflite", "--label", "cat", "--dynamic",
        "--calibration-crops", 4, "--crops", 4, "--runs", 3,
    )  # fmt: skip
    return home / "out"


def close(kind):
    """Largest distance of the outputs of random weights from those of Keras."""
    return {"float32": 1e-4, "float16": 2e-2}[kind]


@pytest.mark.parametrize("name", graphs.NAMES)
@pytest.mark.parametrize("kind", ["float32", "float16"])
def test_interpreter_gives_what_keras_gives(folder, made, name, kind):
    content = (folder / conversion.file_name(name, kind)).read_bytes()
    inputs = exports.example(made[name])
    outputs = Runner(content, made[name])(**inputs)
    for output, expected in exports.keras_outputs(made[name], inputs).items():
        np.testing.assert_allclose(outputs[output], expected, atol=close(kind), err_msg=output)


@pytest.mark.parametrize("kind", ["int8", "dynamic"])
def test_integer_files_follow_keras(folder, made, kind):
    picture = to_float(examples.synthetic(32, 0.7, 1, held_out=True).images)
    for name in graphs.NAMES:
        inputs = exports.example(made[name]) | {"image": picture}
        outputs = Runner((folder / conversion.file_name(name, kind)).read_bytes(), made[name])(**inputs)
        for output, expected in exports.keras_outputs(made[name], inputs).items():
            spread = np.abs(expected - expected.mean()).mean()
            assert np.abs(outputs[output] - expected).mean() < 0.25 * spread, (name, output)


@pytest.mark.parametrize("name", ["segmenter", "inpainter"])
def test_int8_leaves_only_convolutions_of_few_channels_in_float32(folder, name):
    file = model_file.read((folder / conversion.file_name(name, "int8")).read_bytes())
    tensors, kinds = file.subgraphs[0].tensors, set()
    for operator in file.subgraphs[0].operators:
        if model_file.builtin_of(file.operatorCodes[operator.opcodeIndex]) == schema.BuiltinOperator.CONV_2D:
            given = tensors[operator.inputs[0]]
            kinds.add((given.shape[3] < conversion.FEW_CHANNELS, given.type == schema.TensorType.FLOAT32))
    assert kinds == {(True, True), (False, False)}


def test_batch_normalization_is_a_part_of_the_convolutions():
    form = BackboneConfig("unet", 8, 2, separable=True, normalization="batch")
    model = exports.model(size=32, segmenter=form, mask_gradient_scale=0.0)
    graph = graphs.make(model)["segmenter"]
    files = conversion.convert(graph, ["float32", "int8"], [exports.example(graph, seed) for seed in range(4)])
    inputs = exports.example(graph)
    (expected,) = exports.keras_outputs(graph, inputs).values()
    for kind, most in (("float32", 1e-4), ("int8", 0.1)):
        (found,) = Runner(files[kind], graph)(**inputs).values()
        assert np.abs(found - expected).mean() < most, kind
        assert not {"MEAN", "RSQRT", "SQUARED_DIFFERENCE", "MUL"} & set(inspect(files[kind]).operators), kind


def test_every_file_is_builtin_and_one_part_for_xnnpack(folder):
    paths = sorted(folder.glob("*.tflite"))
    assert len(paths) == 4 * len(conversion.FORMATS)
    for path in paths:
        kind = next(kind for kind, suffix in reversed(conversion.SUFFIXES.items()) if path.stem.endswith(suffix))
        found = inspect(path.read_bytes())
        assert found.problems(kind) == [], path.name
        assert (found.partitions, found.whole, found.rank) == (1, True, 4), path.name
    assert inspect((folder / "segmenter_int8.tflite").read_bytes()).operators["CONV_2D"] > 0


def test_compiled_model_gives_what_keras_gives(folder, made):
    from ai_edge_litert.compiled_model import CompiledModel

    inputs = exports.example(made["inpainter"])
    compiled = CompiledModel.from_file(str(folder / "inpainter.tflite"))
    details = compiled.get_signature_list()[conversion.SIGNATURE]
    given, taken = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
    for name, buffer in zip(details["inputs"], given, strict=True):
        buffer.write(inputs[name])
    compiled.run_by_index(0, given, taken)
    restored = taken[0].read(32 * 32 * 3, np.float32).reshape(1, 32, 32, 3)
    np.testing.assert_allclose(restored, exports.keras_outputs(made["inpainter"], inputs)["restored"], atol=1e-4)


def test_files_say_what_they_are(folder):
    described = read_metadata(folder / "segmenter.tflite")
    assert described.outputs == ("mask",)
    assert (described.mean, described.std) == ((127.5,), (127.5,))
    assert set(read_metadata(folder / "composer_int8.tflite").outputs) == {"mask", "composite", "restored"}
    for path in folder.glob("*.tflite"):
        assert read_labels(path) == "cat\n", path.name
        faded = b"values outside the box are multiplied by 0.4" in path.read_bytes()
        assert faded == path.name.startswith("segmenter"), path.name


def test_model_json_describes_the_files(folder, made):
    described = json.loads((folder / "model.json").read_text())
    assert (described["name"], described["size"], described["confine_mask"]) == ("tiny", 32, True)
    assert (described["object_fraction"], described["outside_contrast"]) == (0.7, 0.4)
    assert set(described["files"]) == {path.name for path in folder.glob("*.tflite")}
    for name, entry in described["files"].items():
        assert entry["bytes"] == (folder / name).stat().st_size
    assert described["inputs"]["composer"]["box"]["shape"] == [1, 4]


def test_parity_json_tells_of_every_file(folder):
    report = json.loads((folder / "parity.json").read_text())
    assert set(report["files"]) == {path.name for path in folder.glob("*.tflite")}
    assert report["true_masks"]
    for name, entry in report["files"].items():
        assert entry["bytes"] == (folder / name).stat().st_size
        assert entry["latency_ms"]["1"]["fastest"] > 0
        assert entry["latency_ms"]["2"]["fastest"] > 0
        assert entry["whole"], name
    assert 0 <= report["files"]["segmenter.tflite"]["masks"]["iou"] <= 1
    assert report["files"]["segmenter.tflite"]["problems"] == []
    assert (folder / "parity.png").read_bytes().startswith(b"\x89PNG")


def in_python(request, name, requirements, beside, code, *arguments):
    """Runs code in an environment of its own; skips where it cannot be made, without a network for example."""
    try:
        home = Path(request.config.cache.mkdir(f"python_{name}"))
        python = exports.python_of(home, *requirements, beside=beside)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{name} could not be installed: {(error.stderr or '').strip().splitlines()[-1:]}")
    done = subprocess.run([python, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_runtime_of_2023_gives_what_keras_gives(folder, made, tmp_path, request):
    graph = made["composer"]
    inputs = exports.example(graph)
    np.savez(tmp_path / "inputs.npz", **inputs)
    names = [conversion.file_name("composer", kind) for kind in conversion.FORMATS]
    code = """
import sys
import numpy
from tflite_runtime.interpreter import Interpreter
assert numpy.__version__ < "2"
inputs = dict(numpy.load(sys.argv[1]))
for path in sys.argv[2:]:
    numpy.savez(path + ".npz", **Interpreter(path).get_signature_runner("serving_default")(**inputs))
"""
    paths = []
    for name in names:
        paths.append(tmp_path / name)
        paths[-1].write_bytes((folder / name).read_bytes())
    in_python(request, "old_runtime", OLD_RUNTIME, False, code, tmp_path / "inputs.npz", *paths)
    expected = exports.keras_outputs(graph, inputs)
    for path, kind in zip(paths, conversion.FORMATS, strict=True):
        with np.load(f"{path}.npz") as outputs:
            assert set(outputs) == set(expected)
            if kind in ("float32", "float16"):
                for name, values in expected.items():
                    np.testing.assert_allclose(outputs[name], values, atol=close(kind), err_msg=name)
            else:
                newer = Runner(path.read_bytes(), graph)(**inputs)
                for name, values in newer.items():
                    assert np.abs(outputs[name] - values).mean() < 0.02, (kind, name)


def test_mediapipe_loads_the_segmenter_as_it_is(folder, made, tmp_path, request):
    graph = made["segmenter"]
    image = exports.example(graph)["image"]
    np.save(tmp_path / "pixels.npy", np.rint((image[0] + 1) * 127.5).astype(np.uint8))
    code = """
import sys
import mediapipe
import numpy
from mediapipe.tasks.python import BaseOptions, vision
image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=numpy.load(sys.argv[1]))
for path in sys.argv[3:]:
    options = vision.ImageSegmenterOptions(
        base_options=BaseOptions(model_asset_path=path), output_confidence_masks=True, output_category_mask=False
    )
    with vision.ImageSegmenter.create_from_options(options) as segmenter:
        assert list(segmenter.labels) == ["cat"], segmenter.labels
        (mask,) = segmenter.segment(image).confidence_masks
        numpy.save(sys.argv[2] + path.rpartition("/")[2], mask.numpy_view())
"""
    names = [conversion.file_name("segmenter", kind) for kind in conversion.FORMATS]
    paths = [folder / name for name in names]
    in_python(request, "mediapipe", MEDIAPIPE, True, code, tmp_path / "pixels.npy", f"{tmp_path}/", *paths)
    for name in names:
        mask = np.load(tmp_path / f"{name}.npy").reshape(1, 32, 32, 1)
        own = Runner((folder / name).read_bytes(), graph)(image=image)["mask"]
        # One step of a byte that rounds the other way may move an activation of int8 by a step.
        np.testing.assert_allclose(mask, own, atol=1e-4 if name in names[:2] else 0.1, err_msg=name)
    float32 = np.load(tmp_path / f"{names[0]}.npy").reshape(1, 32, 32, 1)
    np.testing.assert_allclose(float32, exports.keras_outputs(graph, {"image": image})["mask"], atol=1e-4)
