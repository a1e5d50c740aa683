"""int8 files with uint8 images and masks; boxes and noise stay float32."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from export import graphs
from export.tflite import byte_edges, conversion
from export.tflite.runtime import Runner, inspect
from seigan_tf.utils.pixels import to_float, to_uint8
from tests.export import exports


@pytest.fixture(scope="module")
def graph():
    """Takes an image and noise, gives an image."""
    return graphs.make(exports.model(), "input")["enhancer"]


@pytest.fixture(scope="module")
def content(graph):
    examples = [exports.example(graph, seed) for seed in range(4)]
    return conversion.convert(graph, ["int8"], examples, byte_edges=True)["int8"]


def test_pixels_go_in_and_come_out(graph, content):
    interpreter = Interpreter(model_content=content)
    runner = interpreter.get_signature_runner(conversion.SIGNATURE)
    assert runner.get_input_details()["image"]["dtype"] == np.uint8
    assert runner.get_input_details()["noise"]["dtype"] == np.float32
    inputs = exports.example(graph)
    enhanced = runner(image=to_uint8(inputs["image"]), noise=inputs["noise"])["enhanced"]
    assert enhanced.dtype == np.uint8
    expected = exports.keras_outputs(graph, inputs)["enhanced"]
    assert np.abs(to_float(enhanced) - expected).mean() < 0.05
    np.testing.assert_allclose(Runner(content, graph)(**inputs)["enhanced"], to_float(enhanced), atol=1e-6)


def test_is_still_one_part_of_builtin_operations(content):
    assert inspect(content).problems("int8") == []


def test_masks_are_bytes_too():
    graph = graphs.make(exports.model())["segmenter"]
    raised = byte_edges.shifted(graph)
    image = exports.example(graph)["image"]
    expected = exports.keras_outputs(graph, {"image": image})["mask"]
    np.testing.assert_allclose(exports.keras_outputs(raised, {"image": image + 1})["mask"], expected, atol=1e-5)
