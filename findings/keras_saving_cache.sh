#!/usr/bin/env bash
# Each save of a Keras model makes an optimizer that it needs only for the names of its attributes; under TensorFlow this
# leaks memory.
#
# Expected: `get_attr_skipset` in keras/src/saving/saving_lib.py makes an object of a kind once and keeps its names, for
#           which it has a cache; saving after each epoch takes no more memory.
# Seen:     it looks for "saving_attr_skiplist_KIND" and stores "saving_attr_skipset_KIND", so that nothing is found. If
#           the model trains between two saves, each save adds about 73 kB for each of its optimizers, whatever its size.
#
# keras 3.15.1, tensorflow 2.21.0, Python 3.11, 2026-11-29:
#     names of attributes are kept: False
#     30 saves: 2176 kB more
#     30 saves with these names kept: 32 kB more
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet keras==3.15.1 tensorflow==2.21.0

KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - "$folder/model.keras" <<'PYTHON'
import ctypes
import gc
import sys

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.saving import saving_lib


class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "abcdefghij"]


libc = ctypes.CDLL("libc.so.6")  # glibc 2.33 or later
libc.mallinfo2.restype = Mallinfo
model = keras.Sequential([keras.layers.Input((64,)), keras.layers.Dense(64)])
model.compile("adam", "mse")
inputs = np.zeros((8, 64), "float32")


def growth(saves=30):
    """Return the kB of malloc that are still in use after this many saves, after five that are not counted."""
    for save in range(saves + 5):
        model.fit(inputs, inputs, verbose=0)
        model.save(sys.argv[1])
        gc.collect()
        if save == 4:
            before = libc.mallinfo2().h
    return (libc.mallinfo2().h - before) / 1024


kept = saving_lib.get_attr_skipset("Optimizer") is saving_lib.get_attr_skipset("Optimizer")
print(f"names of attributes are kept: {kept}")
leaking = growth()
print(f"30 saves: {leaking:.0f} kB more")
global_state.set_global_attribute("saving_attr_skiplist_Optimizer", saving_lib.get_attr_skipset("Optimizer"))
mended = growth()
print(f"30 saves with these names kept: {mended:.0f} kB more")
sys.exit(kept or leaking < 10 * mended or leaking < 1000)
PYTHON
