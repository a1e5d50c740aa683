"""Runs a TFLite file on float tensors, whatever its edges."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from seigan_tf.utils.quiet import native_messages_hidden

from .graphs import Graph
from .tflite import SIGNATURE


class Runner:
    """One file of a graph; calls take and give float32 in the graph's ranges.

    Args:
        content: of the file.
        graph: whose file it is.
        threads: to compute on.
    """

    def __init__(self, content: bytes, graph: Graph, threads: int = 1):
        with native_messages_hidden():
            self._interpreter = Interpreter(model_content=content, num_threads=threads)
            self._interpreter.allocate_tensors()
        self._graph = graph
        self._run = self._interpreter.get_signature_runner(SIGNATURE)
        self._types = {name: entry["dtype"] for name, entry in self._run.get_input_details().items()}

    def __call__(self, **tensors: np.ndarray) -> dict[str, np.ndarray]:
        inputs = {
            name: _to_bytes(values, self._graph.inputs[name].range) if self._types[name] == np.uint8 else values
            for name, values in tensors.items()
        }
        outputs = self._run(**inputs)
        return {
            name: _to_floats(values, self._graph.outputs[name].range) if values.dtype == np.uint8 else values.copy()
            for name, values in outputs.items()
        }


def _to_bytes(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    low, high = limits
    return np.clip(np.rint((values - low) / (high - low) * 255), 0, 255).astype(np.uint8)


def _to_floats(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    low, high = limits
    return (low + values.astype(np.float32) * ((high - low) / 255)).astype(np.float32)
