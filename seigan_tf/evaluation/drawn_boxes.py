"""Boxes as users draw them: each edge is a little off."""

import zlib
from typing import NamedTuple

import numpy as np

from seigan_tf.data.photos.photo import Box, Object, Photo

LARGEST_ERROR = 0.4
"""With 0.5 on both sides nothing might be left of a box."""


class DrawnBoxes(NamedTuple):
    """The inexact boxes by which objects are measured."""

    error: float = 0.0
    """Largest shift of an edge, as a fraction of the box's width or height."""
    seed: int = 0

    def box_of(self, item: Object, photo: Photo) -> Box:
        """Return the object's box with each edge shifted by a uniform random part of it, inside the photo.

        The shift depends on the seed and the object; among errors it differs in its size alone.
        """
        if not self.error:
            return item.box
        generator = np.random.default_rng([self.seed, zlib.crc32(f"{photo.name}:{item.id}".encode())])
        x, y, width, height = item.box
        shifts = self.error * generator.uniform(-1, 1, 4) * [width, height, width, height]
        edges = np.array([x, y, x + width, y + height]) + shifts
        left, top, right, bottom = np.clip(edges, 0, [photo.width, photo.height] * 2).tolist()
        return left, top, right - left, bottom - top
