"""Graphs to TFLite files: one SavedModel for each graph, and one file for each format out of it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import tensorflow as tf

from seigan_tf.utils.quiet import native_messages_hidden

from . import quantization
from .byte_edges import shifted, with_byte_edges
from .graphs import Graph

SIGNATURE = "serving_default"
FORMATS = ("float32", "float16", "int8", "dynamic")
SUFFIXES = {"float32": "", "float16": "_fp16", "int8": "_int8", "dynamic": "_dynamic"}
"""What a file's name has behind that of its graph."""

Example = dict[str, np.ndarray]
"""The inputs of a graph by name, float32, batch 1."""


def file_name(graph: str, kind: str) -> str:
    return f"{graph}{SUFFIXES[kind]}.tflite"


def convert(
    graph: Graph,
    kinds: Iterable[str],
    examples: Callable[[], Iterable[Example]] | None = None,
    byte_edges: bool = False,
) -> dict[str, bytes]:
    """TFLite files of one graph.

    Args:
        graph: what to convert.
        kinds: some of FORMATS. float32; float16 keeps weights in half precision and computes in float32 on a CPU; int8
            as `quantization.quantized`; dynamic keeps the weights of convolutions in int8 and needs no examples.
        examples: for int8, inputs like those that it will see.
        byte_edges: int8 takes and gives images and masks as bytes.

    Returns:
        Files by kind, each with the signature SIGNATURE and the graph's names.
    """
    kinds = tuple(kinds)
    files = {}
    in_floats = [kind for kind in kinds if kind != "int8" or not byte_edges]
    if in_floats:
        with _saved(graph) as folder:
            files |= {kind: _converted(folder, kind, examples) for kind in in_floats}
    if len(in_floats) < len(kinds):
        with _saved(shifted(graph)) as folder:
            raised = _converted(folder, "int8", lambda: (_raised(graph, example) for example in examples()))
            files["int8"] = with_byte_edges(raised, graph)
    return files


@contextmanager
def _saved(graph: Graph) -> Iterator[Path]:
    """A SavedModel of the graph, for the time of the block.

    Only by way of a SavedModel do the weights arrive: TFLiteConverter.from_concrete_functions loses those of Keras 3.
    """
    archive = keras.export.ExportArchive()
    for layer in graph.layers:
        archive.track(layer)
    names = tuple(graph.inputs)
    signature = [tf.TensorSpec(graph.inputs[name].shape, tf.float32, name) for name in names]

    def endpoint(*tensors):
        return graph.function(**dict(zip(names, tensors, strict=True)))

    archive.add_endpoint(SIGNATURE, endpoint, signature)
    with TemporaryDirectory(prefix="seigan-export-") as folder, native_messages_hidden():
        archive.write_out(folder, verbose=False)
        yield Path(folder)


def _converted(folder: Path, kind: str, examples) -> bytes:
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=[SIGNATURE])
    if kind == "int8":
        return quantization.quantized(converter, lambda: ((SIGNATURE, example) for example in examples()))
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


def _raised(graph: Graph, example: Example) -> Example:
    """An example for the `shifted` graph."""
    return {name: x + np.float32(1.0) if graph.inputs[name].range == (-1.0, 1.0) else x for name, x in example.items()}
