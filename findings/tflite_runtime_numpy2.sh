#!/usr/bin/env bash
# tflite-runtime installs and imports beside NumPy 2, but cannot make an interpreter.
#
# Expected: the package excludes NumPy 2 in its metadata, or its import fails.
# Seen:     `numpy>=1.23.2` lets NumPy 2 in, the import succeeds, and Interpreter(...) ends in a SystemError, because the
#           extension was compiled for NumPy 1. Its successor, ai-edge-litert, runs the same file.
#
# tflite-runtime 2.14.0 (the last), numpy 2.4.6, ai-edge-litert 2.3.0, flatbuffers 25.12.19, Python 3.11, 2026-11-28:
#     ai_edge_litert: [-1.0, -2.0]
#     tflite_runtime: SystemError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv" # tflite-runtime has no wheels for later versions
"$folder/venv/bin/pip" install --quiet tflite-runtime==2.14.0 numpy==2.4.6 ai-edge-litert==2.3.0 flatbuffers==25.12.19

"$folder/venv/bin/python" - 2>"$folder/messages" <<'PYTHON' || { cat "$folder/messages" >&2; exit 1; }
import sys

import flatbuffers
import numpy as np
import tflite_runtime.interpreter
from ai_edge_litert import interpreter as litert
from ai_edge_litert import schema_py_generated as tflite


def make(kind, **fields):
    table = kind()
    for name, value in fields.items():
        setattr(table, name, value)
    return table


def tensor(name):
    return make(tflite.TensorT, name=name, shape=[2], type=tflite.TensorType.FLOAT32)


negation = tflite.BuiltinOperator.NEG
operation = make(tflite.OperatorT, inputs=[0], outputs=[1])
graph = make(tflite.SubGraphT, inputs=[0], outputs=[1], tensors=[tensor("x"), tensor("y")], operators=[operation])
model = make(
    tflite.ModelT,
    version=3,
    operatorCodes=[make(tflite.OperatorCodeT, builtinCode=negation, deprecatedBuiltinCode=negation, version=1)],
    subgraphs=[graph],
    buffers=[tflite.BufferT()],
)
builder = flatbuffers.Builder(256)
builder.Finish(model.Pack(builder), b"TFL3")
content = bytes(builder.Output())


def answer(module):
    try:
        interpreter = module.Interpreter(model_content=content)
        interpreter.allocate_tensors()
        interpreter.set_tensor(0, np.array([1, 2], "float32"))
        interpreter.invoke()
        return str(interpreter.get_tensor(1).tolist())
    except SystemError:
        return "SystemError"


answers = answer(litert), answer(tflite_runtime.interpreter)
print(f"ai_edge_litert: {answers[0]}")
print(f"tflite_runtime: {answers[1]}")
sys.exit(answers != ("[-1.0, -2.0]", "SystemError"))
PYTHON
