"""A TFLite file as Python objects and back."""

import flatbuffers
from ai_edge_litert import schema_py_generated as schema


def read(content: bytes) -> schema.ModelT:
    """Parse a file."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def write(model: schema.ModelT) -> bytes:
    """Serialise a model."""
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def operator_code(model: schema.ModelT, builtin: int) -> int:
    """Index of a builtin operator's code in the model; added if missing."""
    for index, code in enumerate(model.operatorCodes):
        if builtin_of(code) == builtin:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, min(builtin, 127), 1
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def builtin_of(code: schema.OperatorCodeT) -> int:
    """Number of a builtin operator; files older than the 128th operator store it in the deprecated field."""
    return max(code.builtinCode, code.deprecatedBuiltinCode)
