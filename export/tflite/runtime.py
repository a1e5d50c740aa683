"""TFLite files in the LiteRT runtime: run one on float tensors, and inspect how a runtime will execute it."""

import contextlib
import io
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from seigan_tf.utils.quiet import native_messages_hidden

from ..graphs import Graph, Tensor
from .conversion import SIGNATURE
from .model_file import builtin_of, read

OPERATORS = {number: name for name, number in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
MAX_RANK = 4

GPU_OPERATORS = frozenset(
    (
        "ABS", "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE", "DIV", "EXP",
        "FULLY_CONNECTED", "LEAKY_RELU", "LOG", "LOGISTIC", "MAX_POOL_2D", "MAXIMUM", "MEAN", "MINIMUM", "MIRROR_PAD",
        "MUL", "NEG", "PAD", "PRELU", "QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1", "RESHAPE", "RESIZE_BILINEAR",
        "RSQRT", "SLICE", "SQRT", "SQUARE", "SQUARED_DIFFERENCE", "STRIDED_SLICE", "SUB", "SUM", "TANH",
        "TRANSPOSE_CONV",
    )
)  # fmt: skip
"""Operations of tensorflow/lite/delegates/gpu/common/model_builder.cc that such networks may need."""


class Runner:
    """A file, converted from `graph`; calls take and return float32 in the graph's ranges, even with uint8 edges."""

    def __init__(self, content: bytes, graph: Graph):
        self._run = _interpreter(content).get_signature_runner(SIGNATURE)
        self._graph = graph
        self._types = {name: entry["dtype"] for name, entry in self._run.get_input_details().items()}

    def __call__(self, **tensors: np.ndarray) -> dict[str, np.ndarray]:
        inputs = {
            name: _to_bytes(values, self._graph.inputs[name]) if self._types[name] == np.uint8 else values
            for name, values in tensors.items()
        }
        return {
            name: _to_floats(values, self._graph.outputs[name]) if values.dtype == np.uint8 else values.copy()
            for name, values in self._run(**inputs).items()
        }


def _interpreter(content: bytes) -> Interpreter:
    with native_messages_hidden():
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
    return interpreter


def _to_bytes(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    low, high = tensor.range
    return np.clip(np.rint((values - low) / (high - low) * 255), 0, 255).astype(np.uint8)


def _to_floats(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    low, high = tensor.range
    return (low + values.astype(np.float32) * ((high - low) / 255)).astype(np.float32)


@dataclass(frozen=True)
class Inspection:
    """Properties of a file that decide how runtimes execute it."""

    operators: dict[str, int]
    """Count of each builtin operation, by name."""
    custom: tuple[str, ...]
    """Names of custom operations; those of select TF ops begin with Flex."""
    rank: int
    """Largest number of axes of any tensor."""
    dynamic: bool
    """Whether a shape is only known at run time."""
    partitions: int
    """Number of parts that XNNPACK executes."""
    whole: bool
    """Whether there is one part, from the graph's inputs to its outputs."""
    gpu: tuple[str, ...]
    """Reasons for a GPU delegate to refuse the file."""

    def as_report(self) -> dict[str, Any]:
        """Fields as plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def problems(self, kind: str) -> list[str]:
        """Obstacles to running a file of that format, in words; those of a GPU delegate for floating point only."""
        found = [f"custom operation {name}" for name in self.custom]
        if self.rank > MAX_RANK:
            found.append(f"a tensor of rank {self.rank}; at most {MAX_RANK}")
        if self.dynamic:
            found.append("a shape that is only known when it runs")
        if not self.whole:
            text = f"XNNPACK leaves some of it out ({self.partitions} partitions); expected the whole graph in one"
            found.append(text)
        return found + ([f"GPU delegate: {reason}" for reason in self.gpu] if kind in ("float32", "float16") else [])


def inspect(content: bytes) -> Inspection:
    """Inspect a TFLite file."""
    model = read(content)
    operators: Counter[str] = Counter()
    custom, rank, dynamic = set(), 0, False
    for part in model.subgraphs:
        for operator in part.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            if code.customCode:
                custom.add(code.customCode.decode())
            else:
                operators[OPERATORS[builtin_of(code)]] += 1
        for tensor in part.tensors:
            rank = max(rank, 0 if tensor.shape is None else len(tensor.shape))
            dynamic |= tensor.shapeSignature is not None and -1 in list(tensor.shapeSignature)
    partitions, whole = _partitions(content)
    gpu = (*(f"no {name}" for name in sorted(set(operators) - GPU_OPERATORS)), *_gpu_warnings(content))
    return Inspection(dict(sorted(operators.items())), tuple(sorted(custom)), rank, dynamic, partitions, whole, gpu)


def _partitions(content: bytes) -> tuple[int, bool]:
    """Number of parts that XNNPACK executes, and whether one of them is the whole graph."""
    interpreter = _interpreter(content)
    # No public call reports the delegates; the tests fail if LiteRT drops this one.
    parts = [entry for entry in interpreter._get_ops_details() if entry["op_name"] == "DELEGATE"]
    if len(parts) != 1:
        return len(parts), False
    inputs = {entry["index"] for entry in interpreter.get_input_details()}
    outputs = {entry["index"] for entry in interpreter.get_output_details()}
    return 1, inputs <= set(parts[0]["inputs"]) and outputs <= set(parts[0]["outputs"])


def _gpu_warnings(content: bytes) -> list[str]:
    """Warnings of TensorFlow's own analyzer about GPU delegates."""
    written = io.StringIO()
    with contextlib.redirect_stdout(written), native_messages_hidden():
        tf.lite.experimental.Analyzer.analyze(model_content=content, gpu_compatibility=True)
    mark = "GPU COMPATIBILITY WARNING:"
    return sorted({line.split(mark)[1].strip() for line in written.getvalue().splitlines() if mark in line})
