#!/usr/bin/env bash
# TFLiteConverter.from_concrete_functions drops the weights of a Keras 3 model without an error.
#
# Expected: the converter's second argument, `trackable_obj`, names the model that owns the function's variables, so the
#           file holds them.
# Seen:     the conversion succeeds, the file is too small for the weights, and the interpreter answers with values that
#           are far off or not finite. The same function converted through a SavedModel is right.
#
# tensorflow 2.21.0, keras 3.15.1, Python 3.11, 2026-11-28 (the model has 38,720 weights, 155 kB):
#     from_concrete_functions: 3420 bytes, difference from Keras 2.1e+38
#     from_saved_model: 155952 bytes, difference from Keras 0
# The first difference comes from memory that was never filled and may change from run to run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tensorflow==2.21.0 keras==3.15.1

TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" -W ignore - "$folder/saved" <<'PYTHON'
import sys

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((8, 8, 3), batch_size=1),
        keras.layers.Conv2D(64, 3, padding="same"),
        keras.layers.Conv2D(64, 3, padding="same"),
    ]
)
image = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype("float32")
specification = tf.TensorSpec(image.shape)


def difference(content):
    interpreter = tf.lite.Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    output = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return np.abs(output - np.asarray(model(image))).max()


function = tf.function(lambda x: model(x), autograph=False)
concrete = function.get_concrete_function(specification)
direct = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model).convert()

archive = keras.export.ExportArchive()
archive.track(model)
archive.add_endpoint("serve", function, [specification])
archive.write_out(sys.argv[1], verbose=False)
saved = tf.lite.TFLiteConverter.from_saved_model(sys.argv[1]).convert()

wrong, right = difference(direct), difference(saved)
print(f"from_concrete_functions: {len(direct)} bytes, difference from Keras {wrong:.2g}")
print(f"from_saved_model: {len(saved)} bytes, difference from Keras {right:.2g}")
weights = 4 * model.count_params()
sys.exit(not (len(direct) < weights < len(saved) and not wrong < 1e-3 and right < 1e-5))
PYTHON
