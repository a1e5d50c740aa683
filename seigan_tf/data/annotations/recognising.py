"""The format of annotations, told by the content of their files."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from seigan_tf.data.annotations import json_files, kitti, via
from seigan_tf.data.annotations.cityscapes import INSTANCES, POLYGONS
from seigan_tf.data.annotations.label_studio import LABELS
from seigan_tf.data.annotations.other_formats import SUFFIXES
from seigan_tf.data.annotations.table import is_table
from seigan_tf.data.annotations.yolo_settings import CLASSES
from seigan_tf.data.photos.files import PHOTO_SUFFIXES, TABLES, find_files
from seigan_tf.utils.text import numbers

SETTINGS = (".yaml", ".yml")
ENDINGS = (*sorted(TABLES), ".json", ".xml", *SETTINGS)
JSON_MIN = re.compile(rf"item\..+\.item\.({'|'.join(LABELS)})")
"""Places of the classes in Label Studio's JSON-MIN: lists of regions beside the photo."""
FIRST_KEYS = 200_000  # keys of a JSON file that are looked at
FIRST_BYTES = 2**16  # bytes of an XML file that are looked at
FIRST_LINES = 20
FIRST_FILES = 50  # files of a folder that are looked at, for each ending

TOP_KEYS = {
    "images": "coco",
    "annotations": "coco",
    "shapes": "labelme",
    "imagePath": "labelme",
    "project.vid_list": "via",
    "view": "via",
    "imgHeight": "cityscapes",
    "asset": "VoTT JSON",
    "assets": "VoTT JSON",
    "items": "Datumaro JSON",
    "size.height": "Supervisely",
    "item.labels.item.box2d": "BDD100K",
    "item.data": "label-studio",
    "item.completions": "label-studio",
    "item.annotations.item.result": "label-studio",
    "item.annotations.item.coordinates": "createml",
    "item.annotation.item.coordinates": "createml",
}
"""Formats by the place of a key that only they have there."""


def format_of(path: Path) -> str | None:
    """Return the format of a file by its content: a name of `formats.READERS` or of `other_formats.OTHERS`, or None."""
    suffix = path.suffix.lower()
    if not path.is_file():
        return None
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    if suffix == ".json":
        return _format_of_json(path)
    if suffix == ".xml":
        return _format_of_xml(path)
    if suffix in SETTINGS:
        return "yolo"
    return _format_of_text(path) if suffix in TABLES else None


def formats_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield format and path of the annotation files in a folder and below it, of the first files of each ending."""
    for ending in ENDINGS:
        for path in islice(find_files(folder, ending), FIRST_FILES):
            if found := format_of(path):
                yield found, path
    for path in islice(find_files(folder, POLYGONS, INSTANCES), 1):
        yield "cityscapes", path


def _format_of_json(path: Path) -> str | None:
    seen = set()
    try:
        for key in islice(json_files.keys(path), FIRST_KEYS):
            seen.add(key)
            if key in TOP_KEYS:
                return TOP_KEYS[key]
            if key.startswith("_via_") or key.endswith((".regions", ".shape_attributes")):
                return "via"
            if JSON_MIN.fullmatch(key):
                return "label-studio"
    except ValueError:
        return None
    return "createml" if {"item.annotations", "item.annotation"} & seen else None


def _format_of_xml(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            start = file.read(FIRST_BYTES)
    except OSError:
        return None
    root = re.search(rb"<\s*([A-Za-z_][\w.-]*)", start)
    if root is None:
        return "voc"  # Its reader says that the file is damaged.
    if root[1] == b"annotation":
        return "LabelMe XML" if b"<polygon>" in start and b"<bndbox>" not in start else "voc"
    return "cvat" if root[1] == b"annotations" else None


def _format_of_text(path: Path) -> str | None:
    """Tell labels of YOLO and KITTI, tables, and other text. An empty file is a label file of YOLO."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            lines = [line.strip() for line in islice(file, FIRST_LINES)]
    except OSError:
        return None
    lines = [line for line in lines if line]
    first = lines[0] if lines else ""
    words = first.split()
    if lines and (via.is_table(first) or any(line.startswith(via.HEADER) for line in lines)):
        return "via"
    if path.suffix.lower() == ".txt" and path.name not in CLASSES:
        if path.name in ("gt.txt", "det.txt") and numbers(first, range(7, 11)):
            return "MOT"
        if not lines or (len(words) >= 5 and all(numbers(word, (1,)) for word in words)):
            return "yolo"
        if kitti.is_row(first):
            return "kitti"
        if first.startswith("imagesource:") or (len(words) == 10 and all(numbers(word, (1,)) for word in words[:8])):
            return "DOTA"
        if len(lines) > 2 and lines[1].isdecimal() and Path(first).suffix.lower() in PHOTO_SUFFIXES:
            return "WIDER FACE"
        if re.fullmatch(r"\S+( [\d.]+,[\d.]+,[\d.]+,[\d.]+,\d+)+", first):
            return "keras-yolo3"
    return "csv" if is_table(path) else None
