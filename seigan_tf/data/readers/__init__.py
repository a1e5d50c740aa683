"""Readers of annotated photographs, one file for each format.

Every reader takes the folder of the photographs and its annotations, and yields `Photo` and `Problem` items one by one:
what concerns one photo or one object is a problem and reading goes on; only what makes the whole set unusable ends
with ValueError. No photo is decoded here; of some formats its header is read, for its size.
"""

import os
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from seigan_tf.data.annotations import Photo, Problem
from seigan_tf.data.readers.common import BOX_FILES, TABLES, only_file, require_folder

Reader = Callable[[Path, Path | None], Iterator[Photo | Problem]]


def _reader(module: str, function: str) -> Reader:
    """The reader, imported when it is first used: each needs a library that the others do not."""

    def read(images: Path, annotations: Path | None = None) -> Iterator[Photo | Problem]:
        return getattr(import_module(f"{__name__}.{module}"), function)(images, annotations)

    return read


FORMATS: dict[str, Reader] = {
    "coco": _reader("coco", "read_coco"),
    "yolo": _reader("yolo", "read_yolo"),
    "voc": _reader("voc", "read_voc"),
    "cityscapes": _reader("cityscapes", "read_cityscapes"),
    "csv": _reader("table", "read_csv"),
}
"""Name of each format, as `DataConfig.source` has it, and its reader."""


def read(source: str, images: Path, annotations: Path | None) -> Iterator[Photo | Problem]:
    """Reads the photos of a set, with their objects.

    Args:
        source: one of FORMATS.
        images: folder of the photographs.
        annotations: file or folder with their boxes; None where it lies in the folder of the photographs.

    Raises:
        ValueError: the format is unknown, a folder or file is missing, the annotations are of another format, or name
            no photo. Raised here or when the first item is asked for.
    """
    if source not in FORMATS:
        raise ValueError(f"format of annotations is {source!r}, expected one of {', '.join(FORMATS)}")
    require_folder(images)
    return FORMATS[source](images, annotations)


def guess(images: Path, annotations: Path | None) -> str:
    """The format of the annotations, told by the names of the file or of the files in the folder.

    Raises:
        ValueError: nothing is there, or it is no format known here.
    """
    if annotations is None:
        annotations = only_file(images, BOX_FILES)
    if annotations.is_dir():
        found = _format_of_folder(annotations)
    elif annotations.is_file():
        found = _format_of_file(annotations)
    else:
        raise ValueError(f"{annotations}: no such file or folder, expected annotations")
    if found is None:
        raise ValueError(f"{annotations}: format not recognised, expected annotations as {', '.join(FORMATS)}")
    return found


def _format_of_file(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix in {".yaml", ".yml"}:
        return "yolo"
    if suffix == ".json":
        return "coco"
    return "csv" if suffix in TABLES else None


def _format_of_folder(folder: Path) -> str | None:
    """By all the names in it: sets of Pascal VOC and of Cityscapes hold text files too."""
    found = set()
    for _, _, names in os.walk(folder):
        for name in names:
            if name.endswith(("_gtFine_polygons.json", "_gtFine_instanceIds.png")):
                return "cityscapes"
            suffix = os.path.splitext(name)[1].lower()
            found.add({".xml": "voc", ".txt": "yolo", ".yaml": "yolo", ".yml": "yolo"}.get(suffix))
    return next((name for name in ("voc", "yolo") if name in found), None)
