"""Bands around the outlines of objects, in which their annotators were not sure: their pixels are not measured."""

from pathlib import Path

import numpy as np

from seigan_tf.data.annotations import json_files
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.photos.photo import Object, Photo

EDGES = ("outer", "inner")


class Bands:
    """The bands of a JSON file: a list of {"file_name", "outer", "inner"}, one for each photo.

    `outer` and `inner` are polygons [x, y, x, y, ...] in pixels of the photo; the band is what lies inside the first,
    but not inside the second.

    Raises:
        ValueError: the file cannot be read, or is another list.
    """

    def __init__(self, path: Path):
        self.path = path
        self._polygons = {}
        for number, entry in enumerate(json_files.items(path, "item"), 1):
            if not isinstance(entry, dict) or not {"file_name", *EDGES} <= entry.keys():
                raise ValueError(f"{path}: entry {number}: expected an object with file_name, outer and inner")
            if not isinstance(entry["file_name"], str):
                raise ValueError(f"{path}: entry {number}: file_name is {entry['file_name']!r:.100}, expected a name")
            self._polygons[entry["file_name"]] = [entry[edge] for edge in EDGES]
        if not self._polygons:
            raise ValueError(f'{path}: no bands, expected a list of {{"file_name", "outer", "inner"}}')

    def mask(self, photo: Photo) -> np.ndarray:
        """Return the pixels of the photo's band, bool [height, width]; none if the file does not name the photo.

        Raises:
            ValueError: the band is not two polygons.
        """
        if photo.name not in self._polygons:
            return np.zeros((photo.height, photo.width), bool)
        masks = []
        for edge, polygon in zip(EDGES, self._polygons[photo.name], strict=True):
            try:
                mask = object_mask(Object((0, 0, 0, 0), segmentation=[polygon]), photo)
            except ValueError as error:
                what = str(error).rpartition(": ")[2]
                raise ValueError(f"{self.path}: {edge} of {photo.name}: {what}") from None
            masks.append(np.zeros((photo.height, photo.width), bool) if mask is None else mask)
        return masks[0] & ~masks[1]
