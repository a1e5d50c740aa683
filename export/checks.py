"""What a runtime will make of a TFLite file: operations, ranks, how many parts XNNPACK makes of it, GPU delegates."""

import contextlib
import io
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from seigan_tf.utils.quiet import native_messages_hidden

from .model_file import builtin_of, read

NAMES = {number: name for name, number in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
MAX_RANK = 4

GPU = frozenset(
    (
        "ABS", "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEQUANTIZE", "DIV", "EXP",
        "FULLY_CONNECTED", "LEAKY_RELU", "LOG", "LOGISTIC", "MAX_POOL_2D", "MAXIMUM", "MEAN", "MINIMUM", "MIRROR_PAD",
        "MUL", "NEG", "PAD", "PRELU", "QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1", "RESHAPE", "RESIZE_BILINEAR",
        "RSQRT", "SLICE", "SQRT", "SQUARE", "SQUARED_DIFFERENCE", "STRIDED_SLICE", "SUB", "SUM", "TANH",
        "TRANSPOSE_CONV",
    )
)  # fmt: skip
"""Operations of tensorflow/lite/delegates/gpu/common/model_builder.cc that such networks may need."""


@dataclass(frozen=True)
class Inspection:
    """What was found in a file."""

    operators: dict[str, int]
    """Builtin operations by name, and how often each occurs."""
    custom: tuple[str, ...]
    """Names of custom operations; those of select TF ops begin with Flex."""
    rank: int
    """Of the tensor with most axes."""
    dynamic: bool
    """Whether a shape is only known when it runs."""
    partitions: int
    """Parts that XNNPACK computes."""
    whole: bool
    """One part, from the graph's inputs to its outputs."""
    gpu: tuple[str, ...]
    """Why a GPU delegate would refuse it; empty where nothing speaks against it."""

    def as_report(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def problems(self, kind: str) -> list[str]:
        """What would keep the file from running as it should, in words.

        Args:
            kind: format of the file; a GPU delegate is asked of the floating ones only.
        """
        found = [f"custom operation {name}" for name in self.custom]
        if self.rank > MAX_RANK:
            found.append(f"a tensor of rank {self.rank}; at most {MAX_RANK}")
        if self.dynamic:
            found.append("a shape that is only known when it runs")
        if not self.whole:
            found.append(
                f"XNNPACK leaves some of it out ({self.partitions} partitions); expected the whole graph in one"
            )
        return found + ([f"GPU delegate: {reason}" for reason in self.gpu] if kind in ("float32", "float16") else [])


def inspect(content: bytes) -> Inspection:
    """Looks at a TFLite file."""
    model = read(content)
    operators, custom, rank, dynamic = Counter(), set(), 0, False
    for part in model.subgraphs:
        for operator in part.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            if code.customCode:
                custom.add(code.customCode.decode())
            else:
                operators[NAMES[builtin_of(code)]] += 1
        for tensor in part.tensors:
            rank = max(rank, 0 if tensor.shape is None else len(tensor.shape))
            dynamic |= tensor.shapeSignature is not None and -1 in list(tensor.shapeSignature)
    partitions, whole = _partitions(content)
    unknown = sorted(set(operators) - GPU)
    gpu = [f"no {name}" for name in unknown] + _gpu_warnings(content)
    return Inspection(dict(sorted(operators.items())), tuple(sorted(custom)), rank, dynamic, partitions, whole, (*gpu,))


def _partitions(content: bytes) -> tuple[int, bool]:
    """How many parts XNNPACK computes, and whether one of them is the whole graph."""
    with native_messages_hidden():
        interpreter = Interpreter(model_content=content)
        interpreter.allocate_tensors()
    # Nothing public tells; should this leave LiteRT one day, the tests of this module say so.
    parts = [entry for entry in interpreter._get_ops_details() if entry["op_name"] == "DELEGATE"]
    if len(parts) != 1:
        return len(parts), False
    inputs = {entry["index"] for entry in interpreter.get_input_details()}
    outputs = {entry["index"] for entry in interpreter.get_output_details()}
    return 1, inputs <= set(parts[0]["inputs"]) and outputs <= set(parts[0]["outputs"])


def _gpu_warnings(content: bytes) -> list[str]:
    """What TensorFlow's own analyzer has against a GPU."""
    written = io.StringIO()
    with contextlib.redirect_stdout(written), native_messages_hidden():
        tf.lite.experimental.Analyzer.analyze(model_content=content, gpu_compatibility=True)
    mark = "GPU COMPATIBILITY WARNING:"
    return sorted({line.split(mark)[1].strip() for line in written.getvalue().splitlines() if mark in line})
