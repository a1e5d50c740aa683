"""The crop geometry: the square around a box, boxes relative to a crop, and the pixels of a crop.

Every part of the project that works on crops in Python calls this module. TensorFlow graphs
(`export/saved_model/crops.py`) and JavaScript (`export/web`) repeat it; tests hold them against it.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image

from seigan_tf.data.photos.photo import Box

GAP = 3.0
"""Pixels of a photo for each of a crop's, in a row, above which the photo is first reduced by averaging."""


class CropRegion(NamedTuple):
    """A square of a photo, in whole pixels; it may reach past the photo's border."""

    x: int  # left edge
    y: int  # top edge
    side: int

    def overlaps(self, boxes: np.ndarray) -> np.ndarray:
        """Tell which boxes [N, 4] (left, top, right, bottom) share a point with the region or its border: bool [N]."""
        return touching(self.x, self.y, self.side, boxes)


def touching(x: int | np.ndarray, y: int | np.ndarray, side: int, boxes: np.ndarray) -> np.ndarray:
    """Tell which boxes [N, 4] share a point with the square, or squares [K, 1], at `x` and `y`: bool [N] or [K, N]."""
    left, top, right, bottom = np.asarray(boxes, float).T
    return (left <= x + side) & (right >= x) & (top <= y + side) & (bottom >= y)


def region_around(box: Box, object_fraction: float) -> CropRegion:
    """Return the square around a box: its centre, and the side long_side / object_fraction, in whole pixels."""
    x, y, width, height = box
    side = max(round(max(width, height) / object_fraction), 1)
    return CropRegion(round(x + width / 2 - side / 2), round(y + height / 2 - side / 2), side)


def grown_box(box: Box, fraction: float, width: int, height: int) -> Box:
    """Return the box with each edge moved outwards by a fraction of its sides, inside a photo of that size."""
    if not fraction:
        return box
    x, y, wide, high = box
    left, top = max(x - fraction * wide, 0.0), max(y - fraction * high, 0.0)
    right, bottom = min(x + (1 + fraction) * wide, width), min(y + (1 + fraction) * high, height)
    return left, top, right - left, bottom - top


def relative_box(box: Box, region: CropRegion) -> np.ndarray:
    """Return the box relative to the region, float32 [4] as ymin, xmin, ymax, xmax, clipped to [0, 1]."""
    x, y, width, height = box
    edges = np.array([y - region.y, x - region.x, y + height - region.y, x + width - region.x]) / region.side
    return np.clip(edges, 0.0, 1.0).astype(np.float32)


def mirrored_depth(box: Box, region: CropRegion, width: int, height: int) -> float:
    """Return how deep the mirrored strips of a crop show its own object again, relative to the crop's side.

    Past the photo's border the crop is mirrored, and an object near it appears in part a second time: outside the
    annotated box, counted as background although it looks like the object. The depth is the most columns or rows of the
    box, in whole pixels, that one of the four strips shows, divided by the side: in [0, 1).

    `width` and `height` are those of the photo.
    """
    deepest = 0
    for start, extent, first, length in ((box[0], box[2], region.x, width), (box[1], box[3], region.y, height)):
        begin, end = math.floor(start), math.ceil(start + extent)
        for gap, strip in ((begin, -first), (length - end, first + region.side - length)):
            deepest = max(deepest, min(strip - gap, end - begin))
    return deepest / region.side


def largest_reduction(regions: Iterable[CropRegion], size: int) -> float:
    """Return the factor by which a photo may be reduced before its regions are cut and resized to `size` pixels.

    `extract` itself reduces them in two steps, of which the second begins with GAP times as many pixels.
    """
    return min((region.side for region in regions), default=0) / (GAP * size)


def extract(image: np.ndarray, region: CropRegion, size: int) -> np.ndarray:
    """Cut the region of a photo, uint8 [height, width, 3], resized with antialiasing to uint8 [size, size, 3]."""
    pixels = region_pixels(image, region)
    resized = Image.fromarray(pixels).resize((size, size), Image.Resampling.LANCZOS, reducing_gap=GAP)
    return np.asarray(resized)


def region_pixels(image: np.ndarray, region: CropRegion) -> np.ndarray:
    """Cut the region of a photo, uint8 [height, width, ...], at its own resolution: [side, side, ...].

    Past its border the photo is mirrored, repeatedly if need be.
    """
    bottom, right = region.y + region.side, region.x + region.side
    if region.x >= 0 and region.y >= 0 and bottom <= image.shape[0] and right <= image.shape[1]:
        return image[region.y : bottom, region.x : right]
    rows, columns = (
        mirrored_indices(np.arange(start, start + region.side), length)
        for start, length in ((region.y, image.shape[0]), (region.x, image.shape[1]))
    )
    return image.take(rows, axis=0).take(columns, axis=1)


def mirrored_indices(indices: np.ndarray, length: int) -> np.ndarray:
    """Map any indices into an axis of that length, mirrored at both ends repeatedly: index -1 is index 0 again."""
    indices = indices % (2 * length)
    return np.minimum(indices, 2 * length - 1 - indices)


def extract_mask(mask: np.ndarray, region: CropRegion) -> np.ndarray:
    """Cut the region of a mask, bool [height, width] of the photo, as bool [side, side]; False outside the photo."""
    return mask_part(mask, region.x, region.y, region.x + region.side, region.y + region.side)


def mask_part(mask: np.ndarray, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """Cut a rectangle of a mask, bool [height, width] of the photo; False outside the photo."""
    result = np.zeros((bottom - top, right - left), bool)
    inside = mask[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    result[max(-top, 0) :, max(-left, 0) :][: inside.shape[0], : inside.shape[1]] = inside
    return result
