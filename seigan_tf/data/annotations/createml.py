"""Reader of Create ML's JSON format
(https://developer.apple.com/documentation/createml/building-an-object-detector-data-source)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seigan_tf.data.annotations import json_files, shapes
from seigan_tf.data.annotations.collecting import Drawn, Entry, Lost, read_entries
from seigan_tf.data.photos.files import require_folder
from seigan_tf.data.photos.photo import Note, Photo, Problem
from seigan_tf.utils.text import class_name

PHOTOS = ("image", "imagefilename", "imageURL", "filename")  # keys of the photo in files of Apple and of others
OBJECTS = ("annotations", "annotation", "objects")


def read_createml(images: Path, annotations: Path) -> Iterator[Photo | Problem | Note]:
    """Read a JSON list of photos, one by one; "coordinates" are the center, width and height of a box in pixels."""
    require_folder(images)
    yield from read_entries(images, annotations, _entries(annotations))


def _entries(annotations: Path) -> Iterator[Entry | Problem]:
    for number, entry in enumerate(json_files.items(annotations, "item"), 1):
        fields = entry if isinstance(entry, dict) else {}
        where = f"entry {number}"
        objects = next((fields[name] for name in OBJECTS if isinstance(fields.get(name), list)), None)
        if objects is None:
            yield Problem("photo", where, f"has no list {OBJECTS[0]}, expected one, which may be empty")
            continue
        file_name = next((fields[name] for name in PHOTOS if name in fields), None)
        found = [_object(item, f"object {index}") for index, item in enumerate(objects, 1)]
        yield Entry(where, file_name, None, found)


def _object(item: Any, where: str) -> Drawn | Lost:
    fields = item if isinstance(item, dict) else {}
    coordinates, label = fields.get("coordinates"), fields.get("label")
    try:
        if not isinstance(coordinates, dict):
            raise ValueError("has no coordinates, expected x, y, width and height")
        x, y, width, height = shapes.numbers_of(coordinates, "x", "y", "width", "height")
    except ValueError as error:
        return Lost(where, str(error))
    return Drawn(where, (x - width / 2, y - height / 2, width, height), class_name(label))
