"""Inputs and outputs in bytes, for a client that has pixels and wants pixels.

TFLite converts between bytes and floats by `scale * (byte - zero_point)` with a whole zero point, which the range
[-1, 1] does not allow: 0 would be 127.5. So a graph with byte edges works on images in [0, 2] at its edges, and the
conversion is that of `seigan_tf.utils.pixels`, to the last bit.
"""

import copy

from ai_edge_litert import schema_py_generated as schema

from .graphs import Graph, Tensor
from .model_file import operator_code, read, write

IMAGE_SCALE, MASK_SCALE = 1 / 127.5, 1 / 255


def shifted(graph: Graph) -> Graph:
    """The graph with images in [0, 2] in place of [-1, 1]; boxes and noise stay what they are."""

    def function(**tensors):
        moved = {name: x - 1.0 if _is_image(graph.inputs[name]) else x for name, x in tensors.items()}
        made = graph.function(**moved)
        return {name: x + 1.0 if _is_image(graph.outputs[name]) else x for name, x in made.items()}

    return graph._replace(function=function)


def with_byte_edges(content: bytes, graph: Graph) -> bytes:
    """The file of a `shifted` graph with images and masks as bytes, 0 to 255; boxes and noise stay float32."""
    model = read(content)
    part, signature = model.subgraphs[0], model.signatureDefs[0]
    for entry in signature.inputs:
        scale = _scale(graph.inputs[entry.name.decode()])
        if scale:
            inner = _split(part, entry.tensorIndex, scale)
            for operator in part.operators:
                operator.inputs = [inner if i == entry.tensorIndex else i for i in operator.inputs]
            code = operator_code(model, schema.BuiltinOperator.DEQUANTIZE)
            part.operators.insert(0, _operator(code, entry.tensorIndex, inner))
    for entry in signature.outputs:
        scale = _scale(graph.outputs[entry.name.decode()])
        if scale:
            inner = _split(part, entry.tensorIndex, scale)
            for operator in part.operators:
                operator.inputs = [inner if i == entry.tensorIndex else i for i in operator.inputs]
                operator.outputs = [inner if i == entry.tensorIndex else i for i in operator.outputs]
            code = operator_code(model, schema.BuiltinOperator.QUANTIZE)
            part.operators.append(_operator(code, inner, entry.tensorIndex))
    return write(model)


def _is_image(tensor: Tensor) -> bool:
    return len(tensor.shape) == 4 and tensor.range == (-1.0, 1.0)


def _scale(tensor: Tensor) -> float | None:
    """What a step of a byte is worth; None where the tensor stays float32."""
    if _is_image(tensor):
        return IMAGE_SCALE
    return MASK_SCALE if len(tensor.shape) == 4 and tensor.range == (0.0, 1.0) else None


def _split(part: schema.SubGraphT, index: int, scale: float) -> int:
    """Makes tensor `index` one of bytes, and returns the index of a new float32 tensor to take its place inside."""
    edge = part.tensors[index]
    inner = copy.deepcopy(edge)
    inner.name = edge.name + b"_float"
    edge.type = schema.TensorType.UINT8
    edge.quantization = schema.QuantizationParametersT()
    edge.quantization.scale, edge.quantization.zeroPoint = [scale], [0]
    part.tensors.append(inner)
    return len(part.tensors) - 1


def _operator(code: int, source: int, target: int) -> schema.OperatorT:
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, [source], [target]
    return operator
