#!/usr/bin/env bash
# keras.ops.clip has different gradients at its bounds under TensorFlow and JAX.
#
# Expected: a Keras operation has the same gradient on every backend.
# Seen:     at a value that equals a bound, TensorFlow passes the gradient (1) and JAX halves it (0.5). In photographs
#           scaled to [-1, 1] every black or white pixel lies at a bound.
#
# keras 3.15.1, tensorflow 2.21.0, jax 0.10.2, Python 3.11, 2026-11-28:
#     inputs      -1.0, 0.5, 1.0, 2.0
#     tensorflow  [1.0, 1.0, 1.0, 0.0]
#     jax         [0.5, 1.0, 0.5, 0.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0 jax==0.10.2

cat > "$folder/gradient.py" <<'PYTHON'
import keras
import numpy as np
from keras import ops

values = np.array([-1.0, 0.5, 1.0, 2.0], "float32")


def total(x):
    return ops.sum(ops.clip(x, -1.0, 1.0))


if keras.backend.backend() == "jax":
    import jax

    gradient = jax.grad(total)(values)
else:
    import tensorflow as tf

    x = tf.Variable(values)
    with tf.GradientTape() as tape:
        loss = total(x)
    gradient = tape.gradient(loss, x)
print(np.asarray(gradient).tolist())
PYTHON

export TF_CPP_MIN_LOG_LEVEL=3
tensorflow=$(KERAS_BACKEND=tensorflow "$folder/venv/bin/python" "$folder/gradient.py")
jax=$(KERAS_BACKEND=jax "$folder/venv/bin/python" "$folder/gradient.py")
echo "tensorflow  $tensorflow"
echo "jax         $jax"
[ "$tensorflow" = "[1.0, 1.0, 1.0, 0.0]" ] && [ "$jax" = "[0.5, 1.0, 0.5, 0.0]" ]
