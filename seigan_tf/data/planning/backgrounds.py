"""Squares of a photograph that show no object (paper, section 4.2)."""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seigan_tf.data.crops import CropRegion

POSITIONS = 64  # random positions tried for one side
SHRINK = 0.9  # factor on the side after all its positions have failed
MAX_OVERLAP = 0.5  # largest intersection over union of two backgrounds of one photo
MAX_CORNERS = 32  # most places on either axis at which empty squares may begin; photos of fewer boxes have no more
BOXES_AT_ONCE = 256


class Scene(NamedTuple):
    """The view of a photo that the search needs."""

    name: str
    width: int
    height: int
    boxes: np.ndarray  # float64 [boxes, 4]: left, top, right, bottom in pixels, of all classes, crowds included


def find_background(
    scene: Scene, side: int, smallest: int, seed: int, earlier: Sequence[CropRegion] = ()
) -> CropRegion | None:
    """Find a square region inside a photo that touches no box of any class, crowds included.

    Args:
        scene: the photo with all its boxes.
        side: side of the region in pixels; it shrinks while there is no room. Without earlier regions it does not
            shrink if it is at most `largest_square`.
        smallest: least side in pixels.
        seed: decides, with the photo's name and the number of earlier regions, where to look.
        earlier: regions of the photo that must not be repeated.
    """
    generator = np.random.default_rng([seed, zlib.crc32(scene.name.encode()), len(earlier)])
    side = min(side, scene.width, scene.height)
    corners = None
    while side >= smallest:
        x = generator.integers(0, scene.width - side + 1, POSITIONS)
        y = generator.integers(0, scene.height - side + 1, POSITIONS)
        free = ~_touching(x, y, side, scene.boxes) & _apart(x, y, side, earlier)
        if not free.any():
            # If there is little room, it is found from its corners.
            corners = _corners(scene) if corners is None else corners
            x, y, room = corners[:, corners[2] >= side]
            if len(x):
                x = x + generator.integers(0, room - side + 1)
                y = y + generator.integers(0, room - side + 1)
            free = _apart(x, y, side, earlier)
        places = np.flatnonzero(free)
        if len(places):
            place = places[generator.integers(len(places))]
            return CropRegion(int(x[place]), int(y[place]), side)
        side = int(side * SHRINK)
    return None


def largest_square(scene: Scene) -> int:
    """Return the side in pixels of the largest square that touches no box; 0 if there is none.

    In photos of many boxes (MAX_CORNERS) it is the largest that was found.
    """
    return int(max(_corners(scene)[2].max(initial=0), 0))


def _corners(scene: Scene) -> np.ndarray:
    """Find where empty squares that cannot be moved left or up begin, and the largest side there: int [3, corners]."""
    left, top, right, bottom = scene.boxes.T[:, :, None]
    xs, ys = _starts(right, scene.width), _starts(bottom, scene.height)
    rooms = np.minimum.outer(scene.height - ys, scene.width - xs).astype(float)
    # The axis that is further away from the box decides: there the square may grow until just before the box.
    across = np.where(right >= xs, left - xs, np.inf)[:, None, :]
    down = np.where(bottom >= ys, top - ys, np.inf)[:, :, None]
    for start in range(0, len(scene.boxes), BOXES_AT_ONCE):
        part = np.s_[start : start + BOXES_AT_ONCE]
        np.minimum(rooms, np.ceil(np.maximum(across[part], down[part]).min(axis=0)) - 1, out=rooms)
    x, y = np.meshgrid(xs, ys)
    return np.stack([x.ravel(), y.ravel(), rooms.ravel().astype(np.int64)])


def _starts(ends: np.ndarray, length: int) -> np.ndarray:
    """Return the first pixels of an axis after a box or at the photo's border; no more than MAX_CORNERS of them."""
    starts = np.unique(np.append(np.floor(ends).astype(np.int64) + 1, 0))
    starts = starts[starts < length]
    return starts[np.linspace(0, len(starts) - 1, min(len(starts), MAX_CORNERS)).astype(np.int64)]


def _touching(x: np.ndarray, y: np.ndarray, side: int, boxes: np.ndarray) -> np.ndarray:
    """Tell which squares share a point with any box (left, top, right, bottom): bool, as `x` and `y`."""
    left, top, right, bottom = boxes.T[:, :, None]
    return ((left <= x + side) & (right >= x) & (top <= y + side) & (bottom >= y)).any(axis=0)


def _apart(x: np.ndarray, y: np.ndarray, side: int, others: Sequence[CropRegion]) -> np.ndarray:
    """Tell which squares overlap none of the others by more than MAX_OVERLAP: bool, as `x` and `y`."""
    apart = np.ones(len(x), bool)
    for other in others:
        width = np.minimum(x + side, other.x + other.side) - np.maximum(x, other.x)
        height = np.minimum(y + side, other.y + other.side) - np.maximum(y, other.y)
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        apart &= shared <= MAX_OVERLAP * (side**2 + other.side**2 - shared)
    return apart
