"""The two ranges of images: uint8 at every outer edge, float32 in [-1, 1] in the networks."""

import numpy as np


def to_float(images: np.ndarray) -> np.ndarray:
    """Return uint8 images as float32 in [-1, 1]."""
    return np.asarray(images, np.float32) / np.float32(127.5) - np.float32(1.0)


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Return images in [-1, 1] as uint8, rounded."""
    return np.clip(np.rint((np.asarray(images) + 1.0) * 127.5), 0, 255).astype(np.uint8)
