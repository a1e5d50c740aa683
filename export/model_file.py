"""A TFLite file as Python objects and back."""

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

IDENTIFIER = b"TFL3"


def read(content: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def write(model: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def operator_code(model: schema.ModelT, builtin: int) -> int:
    """Index of a builtin operator's code in the file, which gets one where it has none."""
    for index, code in enumerate(model.operatorCodes):
        if builtin_of(code) == builtin:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, min(builtin, 127), 1
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def builtin_of(code: schema.OperatorCodeT) -> int:
    """Files before the 128th operator keep the number in another field."""
    return max(code.builtinCode, code.deprecatedBuiltinCode)
