"""Finds squares of the photographs that show no object (paper, section 4.2)."""

import zlib
from collections.abc import Sequence

import numpy as np

from seigan_tf.data.annotations import Photo
from seigan_tf.data.crops import CropRegion

POSITIONS = 64
"""Random positions tried for one side."""
SHRINK = 0.8
"""Factor on the side after all its positions have failed."""
MAX_OVERLAP = 0.5
"""Largest intersection over union of two backgrounds of one photo, so that they are two."""
MAX_PER_PHOTO = 24


def mine_backgrounds(photos: Sequence[Photo], sides: Sequence[int], count: int, seed: int) -> list[list[CropRegion]]:
    """Square regions inside the photos that touch no box of any class, crowds included.

    Sides are drawn from `sides`, those of the object crops, so that textures have the same scale; where a side finds
    no room it shrinks, though never below the smallest of them. Photos take turns, so that each gives some before
    one gives many; those without any box take part.

    Args:
        photos: with all their boxes.
        sides: sides of the object regions, in pixels; at least one.
        count: regions wanted.
        seed: with the photo's file name it decides what is tried there.

    Returns:
        For each photo its regions: `count` in all, or fewer where the photos have no more room.
    """
    sides = np.asarray(sides)
    generators = [np.random.default_rng([seed, zlib.crc32(photo.path.name.encode())]) for photo in photos]
    found: list[list[CropRegion]] = [[] for _ in photos]
    missing = count
    willing = list(range(len(photos)))
    for _ in range(MAX_PER_PHOTO):
        still_willing = []
        for index in willing:
            if missing <= 0:
                break
            region = _find(photos[index], found[index], sides, generators[index])
            if region is not None:
                found[index].append(region)
                still_willing.append(index)
                missing -= 1
        willing = still_willing
    return found


def _find(
    photo: Photo,
    earlier: list[CropRegion],
    sides: np.ndarray,
    generator: np.random.Generator,
) -> CropRegion | None:
    """One more region of the photo, or None where none was found."""
    side = min(int(generator.choice(sides)), photo.width, photo.height)
    while side >= sides.min():
        x = generator.integers(0, photo.width - side + 1, POSITIONS)
        y = generator.integers(0, photo.height - side + 1, POSITIONS)
        squares = np.stack([x, y, x + side, y + side], axis=-1)
        free = ~_touch(squares, photo.boxes).any(axis=1)
        if earlier:
            others = np.array(
                [[region.x, region.y, region.x + region.side, region.y + region.side] for region in earlier]
            )
            free &= (_overlap(squares, others) <= MAX_OVERLAP).all(axis=1)
        if free.any():
            first = int(free.argmax())
            return CropRegion(int(x[first]), int(y[first]), side)
        side = int(side * SHRINK)
    return None


def _touch(squares: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Which squares share a point with which boxes, bool [squares, boxes]; rows are left, top, right, bottom."""
    apart = (squares[:, None, :2] > boxes[None, :, 2:]) | (squares[:, None, 2:] < boxes[None, :, :2])
    return ~apart.any(axis=-1)


def _overlap(squares: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union, [squares, others]; rows are left, top, right, bottom."""
    low = np.maximum(squares[:, None, :2], others[None, :, :2])
    high = np.minimum(squares[:, None, 2:], others[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=-1)
    areas = [(rows[:, 2:] - rows[:, :2]).prod(axis=-1) for rows in (squares, others)]
    return shared / (areas[0][:, None] + areas[1][None, :] - shared)
