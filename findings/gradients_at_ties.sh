#!/usr/bin/env bash
# keras.ops.clip, abs and logaddexp have different gradients under TensorFlow and JAX where a derivative has two sides.
#
# Expected: a Keras operation has the same gradient on every backend, and logaddexp, which is smooth, the right one.
# Seen:     clip at a bound: TensorFlow passes the gradient (1), JAX halves it. abs at 0: TensorFlow 0, JAX 1.
#           logaddexp of equal numbers: JAX 0.5 each, which is right; TensorFlow 1 and 0.
#           In photographs scaled to [-1, 1] every black or white pixel lies at a bound, and the L1 loss of a network that
#           starts as the identity is 0 in every pixel.
#
# keras 3.15.1, tensorflow 2.21.0, jax 0.10.2, Python 3.11, 2026-11-28:
#     tensorflow  clip [1.0, 1.0, 1.0, 0.0] abs [0.0] logaddexp [1.0, 0.0]
#     jax         clip [0.5, 1.0, 0.5, 0.0] abs [1.0] logaddexp [0.5, 0.5]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0 jax==0.10.2

cat > "$folder/gradient.py" <<'PYTHON'
import keras
import numpy as np
from keras import ops


def gradient(function, values):
    values = np.array(values, "float32")
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(function)(values)).tolist()
    import tensorflow as tf

    x = tf.Variable(values)
    with tf.GradientTape() as tape:
        loss = function(x)
    return tape.gradient(loss, x).numpy().tolist()


print(
    "clip", gradient(lambda x: ops.sum(ops.clip(x, -1.0, 1.0)), [-1.0, 0.5, 1.0, 2.0]),
    "abs", gradient(lambda x: ops.sum(ops.abs(x)), [0.0]),
    "logaddexp", gradient(lambda x: ops.logaddexp(x[0], x[1]), [3.0, 3.0]),
)
PYTHON

export TF_CPP_MIN_LOG_LEVEL=3
tensorflow=$(KERAS_BACKEND=tensorflow "$folder/venv/bin/python" "$folder/gradient.py")
jax=$(KERAS_BACKEND=jax "$folder/venv/bin/python" "$folder/gradient.py")
echo "tensorflow  $tensorflow"
echo "jax         $jax"
[ "$tensorflow" = "clip [1.0, 1.0, 1.0, 0.0] abs [0.0] logaddexp [1.0, 0.0]" ] &&
    [ "$jax" = "clip [0.5, 1.0, 0.5, 0.0] abs [1.0] logaddexp [0.5, 0.5]" ]
