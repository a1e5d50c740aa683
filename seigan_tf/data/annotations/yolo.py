"""Reader of the text format of the YOLO detectors, as laid out by Ultralytics (https://docs.ultralytics.com/datasets)."""

import errno
import os
from array import array
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from seigan_tf.data.annotations.yolo_rows import Kind, doubtful_rows, read_row
from seigan_tf.data.annotations.yolo_settings import CLASSES, Settings, find_settings, read_settings
from seigan_tf.data.photos.files import find_files, find_photos, name_of, none_found, require_folder
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size
from seigan_tf.utils.text import numbers, shown


def read_yolo(images: Path, annotations: Path, kind: Kind | None = None) -> Iterator[Photo | Problem]:
    """Read the photos of the folder, each with the objects of its label file, in the order of the photos' paths.

    A photo without a label file has no objects. Sizes are read from the photos' headers. Rows of a label file
    (`yolo_rows.ROW`) are fractions of the photo's width and height. Keypoints behind a box are left out.

    `annotations` is a folder of label files, one `.txt` per photo at the same relative path, or with "images" in it
    replaced by "labels"; or the set's `data.yaml`, with the label files where Ultralytics looks for them: the last
    `/images/` in the photo's path replaced by `/labels/`. Settings of a folder are looked for in and above it, see
    `find_settings`; a class without a name is named by its number.

    `kind` says what rows of seven numbers and more are; None: keypoints if a data.yaml has kpt_shape, else polygons,
    unless the rows of the whole set can also be something else, which raises ValueError.
    """
    require_folder(images)
    if annotations.is_dir():
        labels, settings = _labels_of(images, annotations), find_settings(annotations)
    elif annotations.is_file():
        labels, settings = None, read_settings(annotations)
    else:
        raise ValueError(f"{annotations}: no such file or folder, expected a labels folder or a data.yaml")
    root = labels or Path(_labels_path(os.path.join(os.path.abspath(images), "")))
    if not root.is_dir():
        raise ValueError(f"{root}: no such folder, expected the label files of {images}")
    kind = kind or ("pose" if settings.keypoints else None)

    # 8 bytes a photo, to find the label files that belong to none.
    expected = array("q")
    for path in find_photos(images):
        label = _label_of(path, images, labels)
        expected.append(hash(label))
        if kind is None and _has_long_row(label):
            kind = _kind_of_set(root, settings)
        yield from _read_photo(path, images, label, settings, kind or "segment")
    if not expected:
        raise ValueError(none_found(images))
    hashes = np.sort(np.frombuffer(expected, np.int64))
    for label in find_files(root, ".txt"):
        if hashes[np.searchsorted(hashes, hash(label)) % len(hashes)] != hash(label) and _holds_labels(label):
            yield Problem("photo", shown(label.relative_to(root).as_posix()), "a label file without a photo")


read_yolo_pose = partial(read_yolo, kind="pose")
read_yolo_segment = partial(read_yolo, kind="segment")
read_yolo_obb = partial(read_yolo, kind="obb")


def _labels_of(images: Path, folder: Path) -> Path:
    """Return the labels of the photographs inside the folder of the whole set, or else the folder."""
    photos = os.path.abspath(images)
    own = Path(_labels_path(os.path.join(photos, "")))
    return own if own != Path(photos) and own.is_dir() and own.is_relative_to(os.path.abspath(folder)) else folder


def _label_of(path: Path, images: Path, labels: Path | None) -> Path:
    if labels is None:
        return Path(_labels_path(os.path.abspath(path))).with_suffix(".txt")
    label = (labels / path.relative_to(images)).with_suffix(".txt")
    # The folder of the whole set, with "images" and "labels" in it or in its parts.
    other = Path(_labels_path(os.path.join(os.sep, path.relative_to(images)))).relative_to(os.sep)
    in_labels = (labels / other).with_suffix(".txt")
    return in_labels if not label.exists() and in_labels.exists() else label


def _labels_path(path: str) -> str:
    images, labels = (f"{os.sep}{name}{os.sep}" for name in ("images", "labels"))
    return labels.join(path.rsplit(images, 1))


def _holds_labels(path: Path) -> bool:
    """Tell labels from other text beside them, such as classes.txt, train.txt or README.txt, by the first line."""
    if path.name in CLASSES:
        return False
    rows = _rows(path)
    first = next(rows, None)
    return first is None or (len(first) >= 5 and all(numbers(word, (1,)) for word in first))


def _has_long_row(path: Path) -> bool:
    return any(len(words) >= 7 for words in _rows(path))


def _rows(path: Path) -> Iterator[list[str]]:
    """Yield the words of each line that has some; none if the file cannot be read."""
    try:
        if path.is_file():
            with path.open(encoding="utf-8-sig", errors="replace") as file:
                yield from filter(None, map(str.split, file))
    except OSError:
        return


def _kind_of_set(root: Path, settings: Settings) -> Kind:
    rows = (words for path in find_files(root, ".txt") for words in _rows(path))
    if doubt := doubtful_rows(rows, settings.known):
        raise ValueError(
            f"{root}: {doubt}; expected a data.yaml, with kpt_shape if there are keypoints, or --source yolo-pose,"
            " yolo-segment or yolo-obb, to say which"
        )
    return "segment"


def _read_photo(path: Path, images: Path, label: Path, settings: Settings, kind: Kind) -> Iterator[Photo | Problem]:
    try:
        name = name_of(path, images)
        size = photo_size(path)
    except (ValueError, UnreadablePhoto) as error:
        yield Problem("photo", shown(path.relative_to(images).as_posix()), str(error))
        return
    where = Path(name).with_suffix(".txt").as_posix()
    objects: list[Object] = []
    incomplete = False
    try:
        if label.exists() and not label.is_file():
            raise OSError(errno.EINVAL, "not a file")
        with label.open(encoding="utf-8-sig", errors="replace") as file:
            for index, line in enumerate(file, 1):
                if not (words := line.split()):
                    continue
                try:
                    objects.append(read_row(words, index, size, settings.classes, kind, settings.keypoints))
                except ValueError as error:
                    incomplete = True
                    yield Problem("object", f"{where}: line {index}", str(error))
    except OSError as error:
        # A broken link is no missing label file: the photo's objects are somewhere.
        if not isinstance(error, FileNotFoundError | NotADirectoryError) or os.path.lexists(label):
            yield Problem("photo", name, f"its label file cannot be read ({error.strerror})")
            return
    yield Photo(path, *size, tuple(objects), name, incomplete)
