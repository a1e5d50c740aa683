#!/usr/bin/env bash
# keras.layers.SpectralNormalization changes its layer's kernel on every call with training=True.
#
# Expected: as in torch.nn.utils.parametrizations.spectral_norm, the weight that the optimizer trains stays as it is, and
#           the call divides it by its largest singular value; only the power iteration's vector is updated.
# Seen:     the call assigns the divided kernel to the layer. A discriminator that is called on real images and then on fakes
#           in one step has other weights at the second call than at the first, and the same input twice gives two answers.
#
# keras 3.15.1, jax 0.10.2, Python 3.11, 2026-11-28:
#     largest singular value of the kernel: 1.816, after one training call 1.112
#     largest difference of the answers to the same input: 0.0046
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet keras==3.15.1 jax==0.10.2

KERAS_BACKEND=jax "$folder/venv/bin/python" - <<'PYTHON'
import sys

import keras
import numpy as np

keras.utils.set_random_seed(0)
dense = keras.layers.Dense(8, use_bias=False)
layer = keras.layers.SpectralNormalization(dense)
inputs = np.random.default_rng(0).normal(size=(4, 8)).astype("float32")
layer(inputs, training=False)

before = np.linalg.norm(np.asarray(dense.kernel), 2)
first = np.asarray(layer(inputs, training=True))
after = np.linalg.norm(np.asarray(dense.kernel), 2)
second = np.asarray(layer(inputs, training=True))
difference = np.abs(first - second).max()
print(f"largest singular value of the kernel: {before:.3f}, after one training call {after:.3f}")
print(f"largest difference of the answers to the same input: {difference:.4f}")
sys.exit(not (abs(before - after) > 0.1 and difference > 1e-3))
PYTHON
