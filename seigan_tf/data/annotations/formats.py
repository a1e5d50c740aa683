"""The formats of annotations, by name; a new one is added here."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from seigan_tf.data.photos.files import BOX_FILES, TABLES, only_file, require_folder
from seigan_tf.data.photos.photo import Photo, Problem

Reader = Callable[[Path, Path | None], Iterator[Photo | Problem]]

FORMATS = ("coco", "yolo", "voc", "cityscapes", "csv")  # names of the formats, as in `DataConfig.source`


def _reader(source: str) -> Reader:
    """Return the reader of a format, imported on use: each needs a library that the others do not."""
    if source == "coco":
        from seigan_tf.data.annotations.coco import read_coco as reader
    elif source == "yolo":
        from seigan_tf.data.annotations.yolo import read_yolo as reader
    elif source == "voc":
        from seigan_tf.data.annotations.voc import read_voc as reader
    elif source == "cityscapes":
        from seigan_tf.data.annotations.cityscapes import read_cityscapes as reader
    elif source == "csv":
        from seigan_tf.data.annotations.table import read_csv as reader
    else:
        raise ValueError(f"format of annotations is {source!r}, expected one of {', '.join(FORMATS)}")
    return reader


def read_annotations(source: str, images: Path, annotations: Path | None) -> Iterator[Photo | Problem]:
    """Read the photos of a set with their objects, one by one.

    Args:
        source: one of FORMATS.
        images: folder of the photographs.
        annotations: file or folder with their boxes; None if it lies in the folder of the photographs.

    Raises ValueError if the format is unknown, a folder or file is missing, or the annotations are of another format or
    name no photo. Raised here or when the first item is asked for.
    """
    reader = _reader(source)
    require_folder(images)
    return reader(images, annotations)


def guess_format(images: Path, annotations: Path | None) -> str:
    """Guess the format of annotations from the name of the file, or the names of the files in the folder.

    Raises ValueError if nothing is there, or it is no known format.
    """
    if annotations is None:
        annotations = only_file(images, BOX_FILES)
    if annotations.is_dir():
        found = _format_of_folder(annotations)
    elif annotations.is_file():
        suffix = annotations.suffix.lower()
        found = {".yaml": "yolo", ".yml": "yolo", ".json": "coco"}.get(suffix, "csv" if suffix in TABLES else None)
    else:
        raise ValueError(f"{annotations}: no such file or folder, expected annotations")
    if found is None:
        raise ValueError(f"{annotations}: format not recognised, expected annotations as {', '.join(FORMATS)}")
    return found


def _format_of_folder(folder: Path) -> str | None:
    """Look at all names in it: sets of Pascal VOC and of Cityscapes hold text files too."""
    found = set()
    for _, _, names in os.walk(folder):
        for name in names:
            if name.endswith(("_gtFine_polygons.json", "_gtFine_instanceIds.png")):
                return "cityscapes"
            suffix = os.path.splitext(name)[1].lower()
            found.add({".xml": "voc", ".txt": "yolo", ".yaml": "yolo", ".yml": "yolo"}.get(suffix))
    return next((name for name in ("voc", "yolo") if name in found), None)
