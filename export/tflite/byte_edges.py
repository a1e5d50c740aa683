"""uint8 inputs and outputs of a TFLite file, for clients that hold pixels.

TFLite converts bytes to floats by `scale * (byte - zero_point)` with an integer zero point. The range [-1, 1] would
need 127.5, so a graph with byte edges takes and returns images in [0, 2]; the conversion then equals
`seigan_tf.utils.pixels` to the last bit.
"""

import copy

from ai_edge_litert import schema_py_generated as schema

from ..graphs import Graph, Tensor
from .model_file import operator_code, read, write

SCALES = {(-1.0, 1.0): 1 / 127.5, (0.0, 1.0): 1 / 255}
"""Value of one byte step by range: images and masks."""


def shifted(graph: Graph) -> Graph:
    """The graph with images in [0, 2] instead of [-1, 1]; boxes and noise are unchanged."""

    def function(**tensors):
        moved = {name: x - 1.0 if _is_image(graph.inputs[name]) else x for name, x in tensors.items()}
        made = graph.function(**moved)
        return {name: x + 1.0 if _is_image(graph.outputs[name]) else x for name, x in made.items()}

    return graph._replace(function=function)


def with_byte_edges(content: bytes, graph: Graph) -> bytes:
    """The file of a `shifted` graph with images and masks as uint8, 0 to 255; boxes and noise stay float32."""
    model = read(content)
    part, signature = model.subgraphs[0], model.signatureDefs[0]
    dequantize, quantize = schema.BuiltinOperator.DEQUANTIZE, schema.BuiltinOperator.QUANTIZE
    for entries, tensors, builtin in (
        (signature.inputs, graph.inputs, dequantize),
        (signature.outputs, graph.outputs, quantize),
    ):
        for entry in entries:
            edge, scale = entry.tensorIndex, _scale(tensors[entry.name.decode()])
            if scale is None:
                continue
            inner = _split(part, edge, scale)
            for operator in part.operators:
                operator.inputs = [inner if i == edge else i for i in operator.inputs]
                operator.outputs = [inner if i == edge else i for i in operator.outputs]
            added = schema.OperatorT()
            added.opcodeIndex = operator_code(model, builtin)
            source, target = (edge, inner) if builtin == dequantize else (inner, edge)
            added.inputs, added.outputs = [source], [target]
            part.operators.insert(0 if builtin == dequantize else len(part.operators), added)
    return write(model)


def _is_image(tensor: Tensor) -> bool:
    return _scale(tensor) == SCALES[-1.0, 1.0]


def _scale(tensor: Tensor) -> float | None:
    """The value of one byte step; None for a tensor that stays float32."""
    return SCALES.get(tensor.range) if len(tensor.shape) == 4 else None


def _split(part: schema.SubGraphT, index: int, scale: float) -> int:
    """Turn tensor `index` into uint8; return the index of a new float32 tensor that replaces it inside the graph."""
    edge = part.tensors[index]
    inner = copy.deepcopy(edge)
    inner.name = edge.name + b"_float"
    edge.type = schema.TensorType.UINT8
    edge.quantization = schema.QuantizationParametersT()
    edge.quantization.scale, edge.quantization.zeroPoint = [scale], [0]
    part.tensors.append(inner)
    return len(part.tensors) - 1
