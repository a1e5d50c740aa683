"""A photograph in memory: colours, transparency, colour profile."""

from typing import NamedTuple

import numpy as np

from seigan_tf.data.photos import decoding


class Picture(NamedTuple):
    """An upright photograph."""

    pixels: np.ndarray
    """uint8 [height, width, 3] RGB, as in the file: transparent pixels keep their hidden colours."""
    alpha: np.ndarray | None = None
    """uint8 [height, width], 255 for opaque; None if the whole photo is opaque."""
    profile: bytes | None = None
    """ICC profile of the colours; None for sRGB."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def visible(self) -> np.ndarray:
        """The photo laid on white, uint8 [height, width, 3], as the networks see photos in training."""
        if self.alpha is None:
            return self.pixels
        visible = np.empty_like(self.pixels)
        rows = max(decoding.STRIP_PIXELS // self.size[0], 1)
        for top in range(0, self.size[1], rows):
            alpha = self.alpha[top : top + rows, :, None].astype(np.uint16)
            layers = self.pixels[top : top + rows] * alpha + 255 * (255 - alpha)
            visible[top : top + rows] = (layers + 127) // 255
        return visible

    @property
    def array(self) -> np.ndarray:
        """uint8 [height, width, 3], or [height, width, 4] with an alpha channel."""
        return self.pixels if self.alpha is None else np.dstack([self.pixels, self.alpha])


def remove_white(visible: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Invert `Picture.visible`: uint8 [..., 3] colours that look like `visible` on white; alpha is uint8 [...]."""
    alpha = np.maximum(alpha, 1).astype(np.float32)[..., None]
    return np.rint(np.clip(255 - (255 - visible.astype(np.float32)) * 255 / alpha, 0, 255)).astype(np.uint8)


def from_array(array: np.ndarray) -> Picture:
    """The picture of an array, uint8 [height, width, 3] RGB or [height, width, 4] RGBA.

    Raises:
        ValueError: another type or shape, or empty.
    """
    array = np.asarray(array)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] not in (3, 4) or not array.size:
        raise ValueError(
            f"photo: {array.dtype} of shape {array.shape}; expected uint8 [height, width, 3], or 4 with alpha"
        )
    alpha = np.ascontiguousarray(array[..., 3]) if array.shape[2] == 4 else None
    return Picture(np.ascontiguousarray(array[..., :3]), alpha)
