"""The formats of annotations, by name; a new one is added here."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from seigan_tf.data.annotations.cityscapes import INSTANCES, POLYGONS, read_cityscapes
from seigan_tf.data.annotations.coco import read_coco
from seigan_tf.data.annotations.table import read_csv
from seigan_tf.data.annotations.voc import read_voc
from seigan_tf.data.annotations.yolo import read_yolo
from seigan_tf.data.photos.files import BOX_FILES, TABLES, only_file, require_folder
from seigan_tf.data.photos.photo import Photo, Problem

READERS: dict[str, Callable[[Path, Path | None], Iterator[Photo | Problem]]] = {
    "coco": read_coco,
    "yolo": read_yolo,
    "voc": read_voc,
    "cityscapes": read_cityscapes,
    "csv": read_csv,
}
FORMATS = tuple(READERS)  # names of the formats, as in `DataConfig.source`
FILE_FORMATS = {".json": "coco", ".yaml": "yolo", ".yml": "yolo"} | dict.fromkeys(TABLES, "csv")
FOLDER_FORMATS = {".xml": "voc", ".txt": "yolo", ".yaml": "yolo", ".yml": "yolo"}


def read_annotations(source: str, images: Path, annotations: Path | None) -> Iterator[Photo | Problem]:
    """Read the photos of a set with their objects, one by one.

    Args:
        source: one of FORMATS.
        images: folder of the photographs.
        annotations: file or folder with their boxes; None if it lies in the folder of the photographs.

    Raises ValueError, here or with the first item, if the format is unknown, a folder or file is missing, or the
    annotations are of another format or name no photo.
    """
    if source not in READERS:
        raise ValueError(f"format of annotations is {source!r}, expected one of {', '.join(FORMATS)}")
    require_folder(images)
    return READERS[source](images, annotations)


def guess_format(images: Path, annotations: Path | None) -> str:
    """Guess the format of annotations from the name of the file, or the names of the files in the folder.

    Raises ValueError if nothing is there, or it is no known format.
    """
    if annotations is None:
        annotations = only_file(images, BOX_FILES)
    found: str | None
    if annotations.is_dir():
        # All names count: sets of Pascal VOC and of Cityscapes hold text files too.
        kinds: set[str | None] = set()
        for _, _, names in os.walk(annotations):
            kinds.update(FOLDER_FORMATS.get(os.path.splitext(name)[1].lower()) for name in names)
            if any(name.endswith((POLYGONS, INSTANCES)) for name in names):
                kinds.add("cityscapes")
        found = next((kind for kind in ("cityscapes", "voc", "yolo") if kind in kinds), None)
    elif annotations.is_file():
        found = FILE_FORMATS.get(annotations.suffix.lower())
    else:
        raise ValueError(f"{annotations}: no such file or folder, expected annotations")
    if found is None:
        raise ValueError(f"{annotations}: format not recognised, expected annotations as {', '.join(FORMATS)}")
    return found
