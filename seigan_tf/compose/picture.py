"""A photograph as it is worked on: colours, transparency, colour profile."""

from typing import NamedTuple

import numpy as np


class Picture(NamedTuple):
    """One photograph in memory, upright."""

    pixels: np.ndarray
    """uint8 [height, width, 3] RGB, as the file has it: where it is transparent, what lies under."""
    alpha: np.ndarray | None = None
    """uint8 [height, width], 255 where it is opaque; None where all of it is."""
    profile: bytes | None = None
    """ICC profile of the colours; sRGB where there is none."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def visible(self) -> np.ndarray:
        """What is seen of it on white, uint8 [height, width, 3]: what training shows the networks."""
        if self.alpha is None:
            return self.pixels
        alpha = self.alpha[..., None].astype(np.uint16)
        return ((self.pixels * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)

    @property
    def array(self) -> np.ndarray:
        """uint8 [height, width, 3], or [height, width, 4] where it has an alpha channel."""
        return self.pixels if self.alpha is None else np.dstack([self.pixels, self.alpha])


def lifted(visible: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The colours, uint8 [..., 3], that look like `visible` when they are laid on white; alpha is uint8 [...]."""
    alpha = np.maximum(alpha, 1).astype(np.float32)[..., None]
    return np.rint(np.clip(255 - (255 - visible.astype(np.float32)) * 255 / alpha, 0, 255)).astype(np.uint8)


def from_array(array: np.ndarray) -> Picture:
    """The picture of an array, uint8 [height, width, 3] RGB or [height, width, 4] RGBA.

    Raises:
        ValueError: the array is of another type or shape, or empty.
    """
    array = np.asarray(array)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] not in (3, 4) or not array.size:
        raise ValueError(
            f"photo: {array.dtype} of shape {array.shape}; expected uint8 [height, width, 3], or 4 with alpha"
        )
    if array.shape[2] == 3:
        return Picture(array)
    return Picture(np.ascontiguousarray(array[..., :3]), np.ascontiguousarray(array[..., 3]))
