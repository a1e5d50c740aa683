"""README.md of the export folder is true of the files, and its Python code runs."""

import json
import re

import numpy as np
import pytest

from export import graphs, readme, web
from export.tflite import conversion
from tests import tiny


@pytest.fixture(scope="module")
def model():
    return tiny.seigan(size=16)


@pytest.fixture(scope="module")
def segmenter(model):
    return conversion.convert(graphs.make(model)["segmenter"], ["float32"])["float32"]


@pytest.fixture
def folder(tmp_path):
    """An export folder with nothing but its description."""
    describe(tmp_path)
    return tmp_path


def describe(folder, **changes):
    model = {
        "name": "cats",
        "size": 16,
        "object_fraction": 0.78125,
        "confine_mask": True,
        "outside_contrast": 1.0,
        "files": {},
    }
    (folder / "model.json").write_text(json.dumps(model | changes))


def text(folder):
    return readme.write(folder).read_text()


def rows(table):
    """The cells of a markdown table's rows by their first cell."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_names_every_tensor_of_every_graph(folder, model):
    for graph in graphs.NAMES:
        (folder / f"{graph}.tflite").touch()
    table = rows(text(folder).split("## Tensors")[1].split("##")[0])
    for name, graph in graphs.make(model).items():
        inputs, outputs = (re.findall(r"`(\w+)`", cell) for cell in table[name])
        assert inputs == list(graph.inputs)
        assert outputs == list(graph.outputs)


def test_gives_the_shapes_of_the_graphs(folder, model):
    (folder / "segmenter.tflite").touch()
    table = rows(text(folder).split("## Tensors")[1].split("##")[0])
    for name, graph in graphs.make(model).items():
        stated = dict(re.findall(r"`(\w+)` (\[[\d, ]+\])", " ".join(table[name])))
        for tensor, shape in stated.items():
            assert json.loads(shape) == list((graph.inputs | graph.outputs)[tensor].shape)


def test_tells_of_noise_only_where_it_is_an_input(folder, model):
    (folder / "inpainter.tflite").touch()
    assert "`noise`" not in text(folder)
    describe(folder, inputs={"inpainter": {"noise": [1, 16, 16, 1]}})
    assert "`noise` [1, 16, 16, 1]" in text(folder)


def test_code_passes_every_input_of_the_inpainter(folder, model):
    (folder / "inpainter.tflite").touch()
    for noise in (0, "input"):
        inputs = {name: list(graph.inputs) for name, graph in graphs.make(model, noise).items()}
        describe(folder, inputs={name: dict.fromkeys(given) for name, given in inputs.items()})
        for call in (r"inpainter\.run\((.*?)\)\n```", r"inpainter\.run\(\[(.*?)\]\)"):
            (given,) = re.findall(call, text(folder), re.S)
            assert re.findall(r'"(\w+)"', given) == inputs["inpainter"]


def test_tells_of_byte_edges_only_where_int8_has_them(folder):
    (folder / "segmenter_int8.tflite").touch()
    assert "uint8" not in text(folder)
    describe(folder, int8_edges="uint8")
    assert "int8 files take and return images and masks as uint8" in text(folder)


def test_python_code_runs_on_the_exported_file(folder, segmenter, model, monkeypatch):
    (folder / "segmenter.tflite").write_bytes(segmenter)
    code = re.search(r"```python\n(.*?)```", text(folder), re.S).group(1)
    monkeypatch.chdir(folder)
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    expected = model.inference_generators.segmenter(np.zeros((1, 16, 16, 3), np.float32))
    np.testing.assert_allclose(names["mask"], expected, atol=1e-4)


def test_code_uses_half_precision_where_the_folder_has_it(folder):
    (folder / "segmenter.tflite").touch()
    assert '"segmenter.tflite"' in text(folder)
    (folder / "segmenter_fp16.tflite").touch()
    written = text(folder)
    assert '"segmenter_fp16.tflite"' in written
    assert '"segmenter.tflite"' not in written


def test_lists_the_files_that_are_there_with_their_size(folder):
    (folder / "segmenter_int8.tflite").write_bytes(bytes(1_230_000))
    table = rows(text(folder).split("## Crops")[0])
    assert set(table) == {"file", "---", "segmenter_int8.tflite"}
    assert table["segmenter_int8.tflite"][0] == "1.23"


def test_has_the_sections_of_what_was_exported(folder):
    def sections():
        return re.findall(r"^## (.*)$", text(folder), re.M)

    assert sections() == ["Crops"]
    (folder / "saved_model" / "cats" / "1").mkdir(parents=True)
    assert sections() == ["Crops", "TensorFlow Serving"]
    (folder / "segmenter.tflite").touch()
    (folder / "parity.json").touch()
    web.write(folder)
    assert sections() == [
        "Crops",
        "Tensors",
        "Android: LiteRT",
        "Android: MediaPipe Tasks",
        "iOS: LiteRT",
        "Browser",
        "Python, without TensorFlow",
        "TensorFlow Serving",
        "Differences from the trained networks",
    ]


def test_the_served_model_is_the_exported_one(folder):
    (folder / "saved_model" / "birds" / "1").mkdir(parents=True)
    assert "saved_model/birds" in text(folder)
    (folder / "saved_model" / "cats" / "1").mkdir(parents=True)
    assert "saved_model/cats" in text(folder)
    assert "birds" not in text(folder)


def test_mediapipe_s_buffer_is_read_in_the_order_of_the_device(folder):
    """It is read-only, and such buffers are big-endian in Java unless told otherwise."""
    (folder / "segmenter.tflite").touch()
    assert "ByteBufferExtractor.extract(confidence).order(ByteOrder.nativeOrder()).asFloatBuffer()" in text(folder)


def test_every_receiver_is_told_the_size_of_the_crop(folder):
    """MediaPipe takes other sizes, and then shifts the mask."""
    (folder / "segmenter.tflite").touch()
    (folder / web.FOLDER).mkdir()
    sections = re.split(r"\n## ", text(folder))
    receivers = [part for part in sections if part.startswith(("Crops", "Android", "iOS", "Browser", "Python"))]
    assert len(receivers) == 6
    for part in receivers:
        assert re.search(r"16 x 16|SIZE x SIZE|size x size", part), part.partition("\n")[0]
    assert "any size" not in "".join(receivers)


def test_swift_reads_pixels_in_a_format_that_core_graphics_has(folder):
    """It has no RGB of 24 bits."""
    (folder / "segmenter.tflite").touch()
    describe(folder, object_fraction=1.0)
    code = re.search(r"```swift\n(.*?)```", text(folder), re.S).group(1)
    assert "bytesPerRow: 4 * width" in code and "CGImageAlphaInfo.noneSkipLast" in code
    assert "mirror(region.x + x, width)) * 4" in code
    assert "rgb:" not in code
    assert code.index("UIColor.white") < code.index("photo.draw(")
    assert "let objectFraction: Double = 1\n" in code  # without the type an Int, by which no Double is divided


def test_kotlin_draws_any_bitmap_on_white(folder):
    """A bitmap in the memory of the graphics processor too, and transparent pixels as the networks know them."""
    (folder / "segmenter.tflite").touch()
    written = text(folder)
    assert "Lay transparent pixels on white" in written
    code = re.search(r"```kotlin\n(.*?)```", written, re.S).group(1)
    assert "photo.copy(Bitmap.Config.ARGB_8888, false)" in code and "BitmapShader(readable," in code
    assert code.index("drawColor(Color.WHITE)") < code.index("drawPaint(")


def test_leaves_no_placeholder(folder):
    for graph in graphs.NAMES:
        (folder / f"{graph}.tflite").touch()
    (folder / "saved_model" / "cats").mkdir(parents=True)
    web.write(folder)
    assert "$" not in text(folder)


def test_versions_of_litert_js_are_those_that_the_page_loads(folder):
    (folder / "segmenter.tflite").touch()
    web.write(folder)
    packages = json.loads((web.SOURCE / "runtime.json").read_text())["packages"]
    written = text(folder)
    for name, version in packages.items():
        assert f"{name}@{version}" in written
    assert set(re.findall(r"@litertjs/[\w-]+@([\d.]+)", written)) == set(packages.values())


def test_says_what_the_mask_is_outside_the_box(folder):
    assert "0 outside the box" in text(folder)
    describe(folder, confine_mask=False)
    assert "0 outside the box" not in text(folder)


def test_says_how_the_segmenter_sees_the_box(folder):
    (folder / "segmenter.tflite").touch()
    assert not re.search("contrast|fade", text(folder))
    describe(folder, outside_contrast=0.3)
    assert len(re.findall("fade[d ].*outside the box", text(folder))) == 4  # Kotlin, MediaPipe, Swift and Python
    assert "values outside the box by 0.3\n(pixels p from 0 to 255 become 127.5 + 0.3 (p - 127.5))" in text(folder)
