"""The formats of annotations, by name; a new one is added here."""

from collections.abc import Callable, Iterator
from pathlib import Path

from seigan_tf.data.annotations.cityscapes import read_cityscapes
from seigan_tf.data.annotations.coco import read_coco
from seigan_tf.data.annotations.createml import read_createml
from seigan_tf.data.annotations.cvat import read_cvat
from seigan_tf.data.annotations.kitti import read_kitti
from seigan_tf.data.annotations.label_studio import read_label_studio
from seigan_tf.data.annotations.labelme import read_labelme
from seigan_tf.data.annotations.other_formats import OTHERS, refusal
from seigan_tf.data.annotations.recognising import format_of, formats_in
from seigan_tf.data.annotations.table import read_csv
from seigan_tf.data.annotations.via import read_via
from seigan_tf.data.annotations.voc import read_voc
from seigan_tf.data.annotations.yolo import read_yolo, read_yolo_obb, read_yolo_pose, read_yolo_segment
from seigan_tf.data.photos.files import TABLES, require_folder
from seigan_tf.data.photos.photo import Note, Photo, Problem
from seigan_tf.utils.text import shown

Reader = Callable[[Path, Path], Iterator[Photo | Problem | Note]]

FILE_READERS: dict[str, Reader] = {
    "coco": read_coco,
    "csv": read_csv,
    "cvat": read_cvat,
    "label-studio": read_label_studio,
    "via": read_via,
    "createml": read_createml,
}
"""Formats with one file for all photos."""
FOLDER_READERS: dict[str, Reader] = {
    "cityscapes": read_cityscapes,
    "voc": read_voc,
    "labelme": read_labelme,
    "kitti": read_kitti,
    "yolo": read_yolo,
    "yolo-pose": read_yolo_pose,
    "yolo-segment": read_yolo_segment,
    "yolo-obb": read_yolo_obb,
}
"""Formats with a file for each photo, in the order in which a folder that holds several is taken for them."""
READERS = FILE_READERS | FOLDER_READERS
FORMATS = tuple(READERS)  # names of the formats, as in `DataConfig.source`
BY_SUFFIX = {".json": "coco", ".yaml": "yolo", ".yml": "yolo", ".xml": "cvat"} | dict.fromkeys(TABLES, "csv")
"""Formats of files whose content tells none: their readers say what is wrong."""


def read_annotations(source: str, images: Path, annotations: Path | None) -> Iterator[Photo | Problem | Note]:
    """Read the photos of a set with their objects, one by one.

    Args:
        source: one of FORMATS, or "auto": told by the content.
        images: folder of the photographs.
        annotations: file or folder with their boxes; None if it lies in the folder of the photographs.

    Raises ValueError, here or with the first item, if the format is unknown, a folder or file is missing, or the
    annotations are of another format or name no photo.
    """
    source = guess_format(images, annotations) if source == "auto" else source
    if source not in READERS:
        raise ValueError(f"format of annotations is {source!r}, expected one of {', '.join(FORMATS)}")
    require_folder(images)
    place = images if annotations is None else annotations
    if source in FILE_READERS and place.is_dir():
        place = _only_file(place, source)
    return READERS[source](images, place)


def guess_format(images: Path, annotations: Path | None) -> str:
    """Guess the format of annotations from the content of the file, or of the files in the folder.

    Raises ValueError if nothing is there, it is no known format, or one that is not read.
    """
    require_folder(images)
    place = images if annotations is None else annotations
    if place.is_dir():
        found = _format_of_folder(place)
    elif place.is_file():
        found = format_of(place) or BY_SUFFIX.get(place.suffix.lower())
    else:
        raise ValueError(f"{place}: no such file or folder, expected annotations")
    if found in OTHERS:
        raise refusal(place, found)
    if found is None:
        what = "format not recognised" if place.is_file() else "holds no boxes of a known format"
        named = "" if annotations else "; if they are elsewhere, name their file or folder"
        raise ValueError(f"{place}: {what}, expected annotations as {', '.join(FORMATS)}{named}")
    return found


def _format_of_folder(folder: Path) -> str | None:
    found: dict[str, list[Path]] = {}
    for name, path in formats_in(folder):
        found.setdefault(name, []).append(path)
    for name in FOLDER_READERS:
        if name in found and (name != "yolo" or not found.keys() & FILE_READERS.keys()):
            return name
    files = [path for name in found if name in FILE_READERS or name == "yolo" for path in found[name]]
    if len(files) > 1:
        raise _too_many(folder, files)
    return next(iter(found), None)


def _only_file(folder: Path, source: str) -> Path:
    """Find the one file of a format in a folder: directly in it or, if none is there, below."""
    files = [path for name, path in formats_in(folder) if name == source]
    files = [path for path in files if path.parent == folder] or files
    # A file that is damaged tells no format; its reader says what is wrong with it.
    files = files or [path for path in sorted(folder.iterdir()) if BY_SUFFIX.get(path.suffix.lower()) == source]
    if len(files) != 1:
        raise _too_many(folder, files)
    return files[0]


def _too_many(folder: Path, files: list[Path]) -> ValueError:
    names = [shown(path.relative_to(folder).as_posix()) for path in sorted(files)[:3]]
    more = f" and {len(files) - 3} more" if len(files) > 3 else ""
    found = ", ".join(names) + more if names else "no annotations"
    return ValueError(
        f"{folder}: holds {found}, expected one file of annotations; name it, or the folder of the labels"
    )
