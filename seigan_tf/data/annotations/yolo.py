"""Reader of the text format of the YOLO detectors, as laid out by Ultralytics
(https://docs.ultralytics.com/datasets/detect, https://docs.ultralytics.com/datasets/segment)."""

import errno
import os
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml

from seigan_tf.data.annotations.boxes import checked_box, number
from seigan_tf.data.photos.files import find_files, find_photos, name_of, require_folder
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size
from seigan_tf.utils.text import one_line, printable, shown

CLASSES = "classes.txt"
SETTINGS = ("data.yaml", "data.yml")

TOLERANCE = 0.01  # distance by which a coordinate may leave [0, 1], as Ultralytics allows: annotation tools round

ROW = "class cx cy w h, the same with a confidence, or class x1 y1 x2 y2 x3 y3 ..."


def read_yolo(images: Path, annotations: Path | None = None) -> Iterator[Photo | Problem]:
    """Read the photos of the folder, each with the objects of its label file, in the order of the photos' paths.

    A photo without a label file has no objects. Sizes are read from the photos' headers. Rows of a label file (ROW) are
    fractions of the photo's width and height.

    `annotations` is a folder of label files, one `.txt` per photo at the same relative path; or the set's `data.yaml`,
    whose `names` are the classes, with the label files where Ultralytics looks for them: the last `/images/` in the
    photo's path replaced by `/labels/`. Names of the classes of a folder are looked for in `data.yaml` and
    `classes.txt` in it and in the folder above (above `labels`, if it is below that); a class without a name is named
    by its number.
    """
    require_folder(images)
    annotations = images if annotations is None else annotations
    if annotations.is_dir():
        labels, classes = annotations, _find_classes(annotations)
    elif annotations.is_file():
        labels, classes = None, _names_in_yaml(annotations)
    else:
        raise ValueError(f"{annotations}: no such file or folder, expected a labels folder or a data.yaml")
    root = labels or Path(_labels_path(os.path.join(os.path.abspath(images), "")))
    if not root.is_dir():
        raise ValueError(f"{root}: no such folder, expected the label files of {images}")

    # 8 bytes a photo, to find the label files that belong to none.
    expected = array("q")
    for path in find_photos(images):
        if labels:
            label = (labels / path.relative_to(images)).with_suffix(".txt")
        else:
            label = Path(_labels_path(os.path.abspath(path))).with_suffix(".txt")
        expected.append(hash(label))
        yield from _read_photo(path, images, label, classes)
    if not expected:
        raise ValueError(f"{images}: no photo in it, expected the folder of the photographs")
    hashes = np.sort(np.frombuffer(expected, np.int64))
    for label in find_files(root, ".txt"):
        if hashes[np.searchsorted(hashes, hash(label)) % len(hashes)] != hash(label) and label.name != CLASSES:
            yield Problem("photo", shown(label.relative_to(root).as_posix()), "a label file without a photo")


def _labels_path(path: str) -> str:
    images, labels = (f"{os.sep}{name}{os.sep}" for name in ("images", "labels"))
    return labels.join(path.rsplit(images, 1))


def _read_photo(path: Path, images: Path, label: Path, classes: dict[int, str]) -> Iterator[Photo | Problem]:
    try:
        name = name_of(path, images)
        width, height = photo_size(path)
    except (ValueError, UnreadablePhoto) as error:
        yield Problem("photo", shown(path.relative_to(images).as_posix()), str(error))
        return
    where = Path(name).with_suffix(".txt").as_posix()
    objects, incomplete = [], False
    try:
        if label.exists() and not label.is_file():
            raise OSError(errno.EINVAL, "not a file")
        with label.open(encoding="utf-8-sig", errors="replace") as file:
            for index, line in enumerate(file, 1):
                if not (words := line.split()):
                    continue
                try:
                    objects.append(_read_row(words, index, width, height, classes))
                except ValueError as error:
                    incomplete = True
                    yield Problem("object", f"{where}: line {index}", str(error))
    except OSError as error:
        # A broken link is no missing label file: the photo's objects are somewhere.
        if not isinstance(error, FileNotFoundError | NotADirectoryError) or os.path.lexists(label):
            yield Problem("photo", name, f"its label file cannot be read ({error.strerror})")
            return
    yield Photo(path, width, height, tuple(objects), name, incomplete)


def _read_row(words: list[str], index: int, width: int, height: int, classes: dict[int, str]) -> Object:
    values = [number(word) for word in words]
    is_box = len(values) in (5, 6)
    if not is_box and (len(values) < 7 or len(values) % 2 == 0):
        raise ValueError(f"{len(values)} numbers, expected {ROW}")
    if not (values[0] >= 0 and values[0].is_integer()):
        raise ValueError(f"class is {shown(words[0])}, expected a whole number from 0")
    if classes and values[0] not in classes:
        raise ValueError(f"class is {shown(words[0])}, which has no name among the {len(classes)} classes")
    for word, value in zip(words[1:], values[1:], strict=True):
        if not -TOLERANCE <= value <= 1 + TOLERANCE:
            raise ValueError(f"{shown(word)} is not in [0, 1], expected fractions of the photo's size")

    polygons = None
    if is_box:
        center_x, center_y, w, h = (values[1] * width, values[2] * height, values[3] * width, values[4] * height)
        left, top = center_x - w / 2, center_y - h / 2
    else:
        points = np.array(values[1:]).reshape(-1, 2) * [width, height]
        (left, top), (w, h) = points.min(0).tolist(), np.ptp(points, 0).tolist()
        polygons = [points.ravel().tolist()]
    category = classes.get(int(values[0]), str(int(values[0])))
    return Object(checked_box((left, top, w, h), width, height), segmentation=polygons, id=index, category=category)


def _find_classes(labels: Path) -> dict[int, str]:
    """Find the names of the classes, by number, in the files around a labels folder; empty if there are none."""
    labels = Path(os.path.abspath(labels))
    folders = [labels, labels.parent]
    if labels.parent.name == "labels":
        folders.append(labels.parent.parent)
    for folder in folders:
        for path in (folder / name for name in SETTINGS):
            if path.is_file() and (classes := _names_in_yaml(path)):
                return classes
        path = folder / CLASSES
        if path.is_file():
            with path.open(encoding="utf-8-sig", errors="replace") as file:
                return {index: name for index, line in enumerate(file) if (name := printable(line.strip()))}
    return {}


def _names_in_yaml(path: Path) -> dict[int, str]:
    """Return `names` of a data.yaml, by number; empty if it has none. Raises ValueError if it is no such file."""
    try:
        # The base loader leaves every value a text: a class may be called "no" or "2024-01-01".
        content = yaml.load(path.read_text(encoding="utf-8-sig"), yaml.BaseLoader)
    except (yaml.YAMLError, OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not YAML ({shown(one_line(error))})") from None
    if not isinstance(content, dict) or not {"names", "nc", "train", "val", "path"} & content.keys():
        raise ValueError(f"{path}: no data.yaml of a YOLO set, expected a mapping with 'names'")
    names = content.get("names") or {}
    if isinstance(names, list):
        names = {str(index): name for index, name in enumerate(names)}
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise ValueError(f"{path}: 'names' is no list or mapping of names, expected one name for each class")
    try:
        return {int(key): printable(name) for key, name in names.items()}
    except ValueError:
        raise ValueError(f"{path}: 'names' has a key that is no number, expected class numbers") from None
