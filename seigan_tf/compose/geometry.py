"""Boxes, windows and crops of a photo, and maps of a crop at the photo's pixels. data/crops.py has the crop square."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from seigan_tf.data.annotations.boxes import is_fraction
from seigan_tf.data.crops import CropRegion, extract, region_pixels
from seigan_tf.data.photos.photo import Box

STRIP = 2**20
"""Pixels per piece of work, so that memory does not grow with the photo."""
LARGEST_SIDE = 2**13
"""Largest square, in pixels across, that is taken from the photo as it is. For a larger one the photo is reduced first:
a panorama of 20,000 x 1,000 pixels has few pixels, the square around an object of its width has many."""


class Window(NamedTuple):
    """A rectangle of whole pixels inside a photo; it may be empty."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return max(self.right - self.left, 0)

    @property
    def height(self) -> int:
        return max(self.bottom - self.top, 0)

    @property
    def of(self) -> tuple[slice, slice]:
        """Index of the window in an array [height, width, ...] of the photo."""
        return slice(self.top, max(self.bottom, self.top)), slice(self.left, max(self.right, self.left))

    def overlap(self, other: "Window") -> "Window":
        """The pixels in both windows."""
        return Window(*map(max, self[:2], other[:2]), *map(min, self[2:], other[2:]))

    def moved(self, right: int, down: int) -> "Window":
        """The window moved by whole pixels."""
        return Window(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def within(self, array: np.ndarray, width: int, height: int) -> np.ndarray:
        """The window's array [height, width, ...] in a photo of that size that is 0 elsewhere."""
        result = np.zeros((height, width, *array.shape[2:]), array.dtype)
        result[self.of] = array
        return result


def clip_box(box: Sequence[float], width: int, height: int) -> Box:
    """The part of a box inside its photo of that width and height.

    Raises:
        ValueError: not four finite numbers, without area, in fractions of the photo, or outside it.
    """
    try:
        x, y, w, h = (float(value) for value in box)
    except (TypeError, ValueError):
        raise ValueError(f"box {box!r}: expected x, y, width, height in pixels") from None
    text = box_text((x, y, w, h))
    if not all(map(math.isfinite, (x, y, w, h))):
        raise ValueError(f"{text}: a number is not finite, expected x, y, width, height in pixels")
    if w <= 0 or h <= 0:
        raise ValueError(f"{text}: width and height must be more than 0")
    if is_fraction((x, y, w, h)):
        pixels = f"{x * width:.0f},{y * height:.0f},{w * width:.0f},{h * height:.0f}"
        raise ValueError(f"{text}: fractions of the photo, expected x, y, width, height in pixels ({pixels})")
    left, top, right, bottom = max(x, 0.0), max(y, 0.0), min(x + w, width), min(y + h, height)
    if left >= right or top >= bottom:
        raise ValueError(f"{text}: outside the photo of {width} x {height} pixels")
    return left, top, right - left, bottom - top


def box_text(box: Sequence[float]) -> str:
    """A box in messages."""
    return "box " + ",".join(f"{value:g}" for value in box)


def window_around(box: Box, width: int, height: int) -> Window:
    """The pixels of the photo that a box covers, wholly or in part."""
    x, y, w, h = box
    return Window(
        max(math.floor(x), 0), max(math.floor(y), 0), min(math.ceil(x + w), width), min(math.ceil(y + h), height)
    )


def crops(array: np.ndarray, region: CropRegion, *sizes: int) -> list[np.ndarray]:
    """Crops of a photo or mask, uint8 [height, width, ...], one for each size, resized as in training."""
    if region.side > LARGEST_SIDE:
        scale = LARGEST_SIDE / region.side
        height, width = (max(round(length * scale), 1) for length in array.shape[:2])
        array = cv2.resize(array, (width, height), interpolation=cv2.INTER_AREA)
        region = CropRegion(round(region.x * scale), round(region.y * scale), LARGEST_SIDE)
    pixels, whole = region_pixels(array, region), CropRegion(0, 0, region.side)
    return [extract(pixels, whole, size) for size in sizes]


def strips(values: np.ndarray, region: CropRegion, window: Window) -> Iterator[tuple[slice, np.ndarray]]:
    """Enlarge a map of a region to the pixels of a window, piece by piece, so that it is never in memory as a whole.

    The map is float32 [n, n] or [n, n, channels]; outside the region it continues as at its border. Yields rows of the
    window, and the map there: float32 [rows, window.width, ...], bilinear.
    """
    if len(values) > region.side:
        values = _reduce(values, region.side)
    more = [1] * (values.ndim - 2)
    left, right, part = _neighbours(np.arange(window.left, window.right) + 0.5, region.x, region.side, len(values))
    across = values[:, left]
    across += (values[:, right] - across) * part.reshape(-1, *more)
    above, below, part = _neighbours(np.arange(window.top, window.bottom) + 0.5, region.y, region.side, len(values))
    part = part.reshape(-1, 1, *more)
    for rows in row_slices(window):
        strip, lower = across[above[rows]], across[below[rows]]
        lower -= strip
        lower *= part[rows]
        strip += lower
        yield rows, strip


def row_slices(window: Window) -> Iterator[slice]:
    """Slices of the window's rows with about STRIP pixels each."""
    step = max(STRIP // max(window.width, 1), 1)
    return (slice(start, min(start + step, window.height)) for start in range(0, window.height, step))


def sample(values: np.ndarray, region: CropRegion, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Sample a map of a region, float32 [n, n, channels], bilinearly at points of the photo: float32 [..., channels].

    `y` and `x` have shapes that broadcast; the centre of the first pixel is at 0.5.
    """
    above, below, down = _neighbours(y, region.y, region.side, len(values))
    left, right, across = _neighbours(x, region.x, region.side, len(values))
    down, across = down[..., None], across[..., None]
    upper = values[above, left] * (1 - across) + values[above, right] * across
    lower = values[below, left] * (1 - across) + values[below, right] * across
    return upper * (1 - down) + lower * down


def _reduce(values: np.ndarray, side: int) -> np.ndarray:
    """The map with `side` entries a side. Channel by channel, since OpenCV takes four at most."""
    if values.ndim == 2:
        return cv2.resize(values, (side, side), interpolation=cv2.INTER_AREA)
    return np.stack([_reduce(values[..., i], side) for i in range(values.shape[2])], axis=-1)


def _neighbours(points: np.ndarray, origin: int, side: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The two entries of the map around each point of an axis, and the point's distance from the first, in [0, 1]."""
    position = np.clip((points - origin) * (count / side) - 0.5, 0, count - 1)
    first = np.minimum(position.astype(np.intp), max(count - 2, 0))
    return first, np.minimum(first + 1, count - 1), (position - first).astype(np.float32)
