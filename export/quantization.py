"""int8 that keeps its accuracy: convolutions in integers, what lies between them in float32.

Instance normalisation divides by a deviation that differs from photo to photo and, by orders of magnitude, from channel
to channel. One scale for a whole tensor of int8 cannot hold that: with every operation in int8 the segmenter trained on
cats fell from an IoU of 0.819 to 0.716 and ran twice as long, since XNNPACK has no integer form of some of them and the
graph fell into 12 parts. With convolutions in int8 it has 0.819, in one part.

It is hardly faster than float32 on an x86 CPU. There XNNPACK's depthwise convolutions and one of a picture's few
channels are slower in int8, and only those of 1 x 1 gain. So the first convolution stays in float32, which saves time;
depthwise ones in float32 save none, since their inputs are then joined in float32 too.
"""

import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from tensorflow.lite.python.convert import mlir_quantize

from .model_file import builtin_of, read

KEPT_IN_FLOAT = (
    "ABS", "ADD", "AVERAGE_POOL_2D", "DIV", "GATHER", "LEAKY_RELU", "LOGISTIC", "MAXIMUM", "MEAN", "MINIMUM",
    "MIRROR_PAD", "MUL", "NEG", "PAD", "PADV2", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "RESHAPE",
    "RESIZE_BILINEAR", "REVERSE_V2", "RSQRT", "SLICE", "SPLIT", "SQUARED_DIFFERENCE", "STRIDED_SLICE", "SUB", "SUM",
    "TANH",
)  # fmt: skip
"""What is left for int8: convolutions, the pooling of VGG-19 between them, and concatenation in front of them."""
FEW_CHANNELS = 8
"""Convolutions of fewer input channels stay in float32."""


def quantized(converter: tf.lite.TFLiteConverter, examples) -> bytes:
    """The converter's model with its convolutions in int8, weights by channel and activations by tensor.

    Args:
        converter: fresh, from a SavedModel.
        examples: a function that gives pairs of a signature's name and its inputs by name; their ranges become the
            scales of the activations.
    """
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = examples
    # As tf.lite.experimental.QuantizationDebugger does, the one public way to keep operations out of int8; itself it
    # converts a second time, with comparisons in the graph, and runs them.
    converter.experimental_mlir_quantizer = True
    converter._experimental_calibrate_only = True
    calibrated = converter.convert()
    return mlir_quantize(calibrated, denylisted_ops=list(KEPT_IN_FLOAT), denylisted_nodes=_of_few_channels(calibrated))


def _of_few_channels(content: bytes) -> list[str]:
    """Names of the convolutions whose input has fewer than FEW_CHANNELS."""
    model = read(content)
    part = model.subgraphs[0]
    convolutions = (
        operator
        for operator in part.operators
        if builtin_of(model.operatorCodes[operator.opcodeIndex]) == schema.BuiltinOperator.CONV_2D
    )
    return [
        part.tensors[operator.outputs[0]].name.decode()
        for operator in convolutions
        if part.tensors[operator.inputs[0]].shape[3] < FEW_CHANNELS
    ]
