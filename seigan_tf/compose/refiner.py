"""The shipped network that moves the edges of a mask to those of the photo, whichever weights made the mask."""

import threading

import numpy as np

from seigan_tf import pretrained
from seigan_tf.compose.litert_backend import LiteRTNetwork
from seigan_tf.utils.pixels import to_float

NAME = "refiner"
FILE = f"{NAME}.tflite"
SIDE = 256
"""Side of its crops, in pixels."""

_lock = threading.Lock()
_loaded: list[LiteRTNetwork] = []


def refine(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a mask that follows the edges of a crop: float32 [SIDE, SIDE] in [0, 1].

    Args:
        image: uint8 [SIDE, SIDE, 3].
        mask: float32 [SIDE, SIDE] in [0, 1].

    Raises:
        ValueError: the file was changed or damaged.
        OSError: it is missing.
    """
    return load()(image=to_float(image), mask=mask[..., None])[0, ..., 0]


def load() -> LiteRTNetwork:
    """Return the network, which is loaded once. Errors are those of `refine`."""
    with _lock:
        if not _loaded:
            _loaded.append(LiteRTNetwork(pretrained.folder(NAME) / FILE, SIDE, "refined"))
        return _loaded[0]
