"""Bands around the outlines of objects, in which their annotators were not sure: their pixels are not measured."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from seigan_tf.data.annotations import json_files
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.annotations.names import PhotoNames
from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.utils.text import shown

EDGES = ("outer", "inner")


class Bands:
    """The bands of a JSON file: a list of {"file_name", "outer", "inner"}, any number for each photo.

    `outer` and `inner` are polygons [x, y, x, y, ...] in pixels of the photo; the band is what lies inside the first,
    but not inside the second. The photo is found by its name as in annotations (`PhotoNames`).

    Args:
        path: the file.
        images: folder of the photos.
        photos: those to measure.

    Raises:
        ValueError: the file cannot be read, or is another list; no entry names one of the photos; or two names mean one
            photo by their ends.
    """

    def __init__(self, path: Path, images: Path, photos: Iterable[Photo]):
        self.path = path
        self._polygons: dict[str, list[list]] = {}  # by the photo's name: the polygons of EDGES of each entry
        self._names = PhotoNames(images)
        self._unmatched: list[str] = []  # names in the file
        wanted = {photo.name for photo in photos}
        found_by: dict[str, str] = {}
        number = 0
        for number, entry in enumerate(json_files.items(path, "item"), 1):
            if not isinstance(entry, dict) or not {"file_name", *EDGES} <= entry.keys():
                raise ValueError(f"{path}: entry {number}: expected an object with file_name, outer and inner")
            if not isinstance(entry["file_name"], str):
                raise ValueError(f"{path}: entry {number}: file_name is {entry['file_name']!r:.100}, expected a name")
            given = entry["file_name"]
            name = self._find(given)
            if name not in wanted:
                self._unmatched.append(given)
                continue
            if found_by.setdefault(name, given) != given and name in self._names.by_end:
                both = f"{shown(given)} and {shown(found_by[name])}"
                raise ValueError(f"{path}: {both} both end as {shown(name)} does, expected one photo for each")
            self._polygons.setdefault(name, []).append([entry[edge] for edge in EDGES])
        if not number:
            raise ValueError(f'{path}: no bands, expected a list of {{"file_name", "outer", "inner"}}')
        if not self._polygons:
            first = shown(self._unmatched[0])
            raise ValueError(f"{path}: no entry names an annotated photograph in {images}; the first names {first}")
        self._count = number

    def _find(self, given: str) -> str:
        """Return the name of the photo; of no photo, if the name fits none or several."""
        try:
            return self._names.find(given)
        except ValueError:
            return given

    def notes(self) -> Iterator[str]:
        """Yield lines about photos that were found by the end of their path, and about entries that name none."""
        yield from (note.text for note in self._names.notes(str(self.path)))
        if self._unmatched:
            yield (
                f"{self.path}: {len(self._unmatched)} of {self._count} entries name no annotated photograph, the first"
                f" {shown(self._unmatched[0])}"
            )

    def mask(self, photo: Photo) -> np.ndarray:
        """Return the pixels in any of the photo's bands, bool [height, width]; none if no entry names the photo.

        Raises:
            ValueError: a band is not two polygons.
        """
        result = np.zeros((photo.height, photo.width), bool)
        for polygons in self._polygons.get(photo.name, ()):
            outer, inner = self._masks(photo, polygons)
            result |= outer & ~inner
        return result

    def _masks(self, photo: Photo, polygons: list) -> list[np.ndarray]:
        masks = []
        for edge, polygon in zip(EDGES, polygons, strict=True):
            try:
                whole = Object((0, 0, photo.width, photo.height), segmentation=[polygon])
                mask = object_mask(whole, photo)
            except ValueError as error:
                what = str(error).rpartition(": ")[2]
                raise ValueError(f"{self.path}: {edge} of {photo.name}: {what}") from None
            masks.append(np.zeros((photo.height, photo.width), bool) if mask is None else mask)
        return masks
