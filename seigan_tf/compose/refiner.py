"""The shipped network that moves the edges of a mask to those of the photo, whichever weights made the mask."""

import functools

import numpy as np

from seigan_tf import pretrained
from seigan_tf.compose.litert_backend import LiteRTNetwork
from seigan_tf.utils.pixels import to_float

NAME = "refiner"
FILE = f"{NAME}.tflite"
SIDE = 256
"""Side of its crops, in pixels."""


def refine(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a mask that follows the edges of a crop: float32 [SIDE, SIDE] in [0, 1].

    Args:
        image: uint8 [SIDE, SIDE, 3].
        mask: float32 [SIDE, SIDE] in [0, 1].

    Raises:
        ValueError: the file was changed or damaged.
    """
    return _network()(image=to_float(image), mask=mask[..., None])[0, ..., 0]


@functools.cache
def _network() -> LiteRTNetwork:
    return LiteRTNetwork(pretrained.folder(NAME) / FILE, SIDE, "refined")
