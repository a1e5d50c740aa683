"""Conversion of graphs to TFLite files: one SavedModel for each graph, and one file for each format from it."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from tensorflow.lite.python.convert import mlir_quantize

from seigan_tf.utils.full_disk import temporary_folder
from seigan_tf.utils.quiet import native_messages_hidden

from ..graphs import Graph
from .byte_edges import shifted, with_byte_edges
from .model_file import builtin_of, read

SIGNATURE = "serving_default"
FORMATS = ("float32", "float16", "int8", "dynamic")
SUFFIXES = {"float32": "", "float16": "_fp16", "int8": "_int8", "dynamic": "_dynamic"}
"""Part of a file's name behind the name of its graph."""

Example = dict[str, np.ndarray]
"""The inputs of a graph by name, float32, batch 1."""

FLOAT_OPERATIONS = (
    "ABS", "ADD", "AVERAGE_POOL_2D", "DIV", "GATHER", "LEAKY_RELU", "LOGISTIC", "MAXIMUM", "MEAN", "MINIMUM",
    "MIRROR_PAD", "MUL", "NEG", "PAD", "PADV2", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "RESHAPE",
    "RESIZE_BILINEAR", "REVERSE_V2", "RSQRT", "SLICE", "SPLIT", "SQUARED_DIFFERENCE", "STRIDED_SLICE", "SUB", "SUM",
    "TANH",
)  # fmt: skip
"""Operations that stay in float32 in an int8 file. Left for int8 are convolutions, the pooling of VGG-19 between them,
and concatenation in front of them."""
FEW_CHANNELS = 8
"""Convolutions with fewer input channels stay in float32."""


def file_name(graph: str, kind: str) -> str:
    """Name of the file of a graph in one of FORMATS, such as "segmenter_int8.tflite"."""
    return f"{graph}{SUFFIXES[kind]}.tflite"


def convert(
    graph: Graph, kinds: Collection[str], examples: Sequence[Example] = (), byte_edges: bool = False
) -> dict[str, bytes]:
    """Convert one graph to TFLite files of some of FORMATS: contents by format, each with the signature SIGNATURE.

    float16 stores weights in half precision and computes in float32 on a CPU; int8 quantises convolutions, as
    `_quantized` explains, calibrated by typical inputs; dynamic stores the weights of convolutions in int8. With
    `byte_edges` int8 files take and return images and masks as uint8.
    """
    files: dict[str, bytes] = {}
    float_edges = [kind for kind in kinds if kind != "int8" or not byte_edges]
    if float_edges:
        with _saved(graph) as folder:
            files |= {kind: _converted(folder, kind, examples) for kind in float_edges}
    if len(float_edges) < len(kinds):
        with _saved(shifted(graph)) as folder:
            raised = _converted(folder, "int8", [_raised(graph, example) for example in examples])
            files["int8"] = with_byte_edges(raised, graph)
    return files


@contextmanager
def _saved(graph: Graph) -> Iterator[Path]:
    """A temporary SavedModel of the graph.

    TFLiteConverter.from_concrete_functions loses the weights of Keras 3 layers; a SavedModel keeps them.
    """
    archive = keras.export.ExportArchive()
    for layer in graph.layers:
        archive.track(layer)
    names = tuple(graph.inputs)
    signature = [tf.TensorSpec(graph.inputs[name].shape, tf.float32, name) for name in names]

    def endpoint(*tensors):
        return graph.function(**dict(zip(names, tensors, strict=True)))

    archive.add_endpoint(SIGNATURE, endpoint, signature)
    with temporary_folder() as folder, native_messages_hidden():
        archive.write_out(str(folder), verbose=False)
        yield folder


def _converted(folder: Path, kind: str, examples: Sequence[Example]) -> bytes:
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=[SIGNATURE])
    if kind == "int8":
        return _quantized(converter, examples)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


def _quantized(converter: tf.lite.TFLiteConverter, examples: Sequence[Example]) -> bytes:
    """The model with its convolutions in int8 (weights by channel, activations by tensor) and the rest in float32.

    Instance normalisation divides by a deviation that differs from photo to photo and, by orders of magnitude, from
    channel to channel; one int8 scale for a whole tensor cannot represent that. With every operation in int8 the
    segmenter trained on cats fell from IoU 0.819 to 0.716 and took twice as long, because XNNPACK lacks integer forms
    of some operations and split the graph into 12 parts. With convolutions alone in int8 the IoU is 0.819, in one part.

    On an x86 CPU this is hardly faster than float32: XNNPACK's depthwise convolutions, and those with few input
    channels, are slower in int8, and only 1 x 1 convolutions gain. Keeping the first convolution in float32 saves time;
    keeping depthwise ones does not, because their inputs would then be concatenated in float32 too.
    """
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ((SIGNATURE, example) for example in examples)
    # These attributes are what tf.lite.experimental.QuantizationDebugger sets, the one public way to exclude operations
    # from int8. The debugger itself would convert a second time, with comparisons in the graph, and run those.
    converter.experimental_mlir_quantizer = True
    converter._experimental_calibrate_only = True
    calibrated = converter.convert()
    return mlir_quantize(
        calibrated, denylisted_ops=list(FLOAT_OPERATIONS), denylisted_nodes=_convolutions_of_few_channels(calibrated)
    )


def _convolutions_of_few_channels(content: bytes) -> list[str]:
    """Names of the convolutions whose input has fewer than FEW_CHANNELS channels."""
    model = read(content)
    part = model.subgraphs[0]
    return [
        part.tensors[operator.outputs[0]].name.decode()
        for operator in part.operators
        if builtin_of(model.operatorCodes[operator.opcodeIndex]) == schema.BuiltinOperator.CONV_2D
        and part.tensors[operator.inputs[0]].shape[3] < FEW_CHANNELS
    ]


def _raised(graph: Graph, example: Example) -> Example:
    """An example for the `shifted` graph."""
    return {name: x + np.float32(1.0) if graph.inputs[name].range == (-1.0, 1.0) else x for name, x in example.items()}
