"""Reader of the text format of the YOLO detectors, as laid out by Ultralytics (https://docs.ultralytics.com/datasets)."""

import errno
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from seigan_tf.data.annotations.yolo_labels import LabelFiles, labels_of, rows_of
from seigan_tf.data.annotations.yolo_rows import Kind, doubtful_rows, read_row
from seigan_tf.data.annotations.yolo_settings import Settings, find_settings, read_settings
from seigan_tf.data.photos.files import find_files, find_photos, name_of, require_folder
from seigan_tf.data.photos.photo import Note, Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size
from seigan_tf.utils.text import shown


def read_yolo(images: Path, annotations: Path, kind: Kind | None = None) -> Iterator[Photo | Problem | Note]:
    """Read the photos of the folder, each with the objects of its label file, in the order of the photos' paths.

    A photo without a label file has no objects; it is incomplete if label files without a photo are left. Sizes are
    read from the photos' headers. Rows of a label file (`yolo_rows.ROW`) are fractions of the photo's width and height.
    Keypoints behind a box are left out.

    `annotations` is a folder of label files, one `.txt` per photo at the same relative path, or with "images" in it
    replaced by "labels"; or the set's `data.yaml`, with the label files where Ultralytics looks for them: the last
    `/images/` in the photo's path replaced by `/labels/`. A label file that no photo has there is that of the photo
    with the longest common end of the path (see `names.PhotoNames`), which a note says. Settings of a folder are looked
    for in and above it, see `find_settings`; a class without a name is named by its number.

    `kind` says what rows of seven numbers and more are; None: keypoints if a data.yaml has kpt_shape, else polygons,
    unless the rows of the whole set can also be something else, which raises ValueError.
    """
    require_folder(images)
    if annotations.is_dir():
        labels, settings = labels_of(images, annotations), find_settings(annotations)
    elif annotations.is_file():
        labels, settings = None, read_settings(annotations)
    else:
        raise ValueError(f"{annotations}: no such file or folder, expected a labels folder or a data.yaml")
    files = LabelFiles(images, labels)
    kind = kind or ("pose" if settings.keypoints else None)
    for path in find_photos(images):
        if kind is None and _has_long_row(files.of(path)):
            kind = _kind_of_set(files.root, settings)
        yield from _read_photo(path, images, files, settings, kind or "segment")
    yield from files.report()


read_yolo_pose = partial(read_yolo, kind="pose")
read_yolo_segment = partial(read_yolo, kind="segment")
read_yolo_obb = partial(read_yolo, kind="obb")


def _has_long_row(path: Path) -> bool:
    return any(len(words) >= 7 for words in rows_of(path))


def _kind_of_set(root: Path, settings: Settings) -> Kind:
    rows = (words for path in find_files(root, ".txt") for words in rows_of(path))
    if doubt := doubtful_rows(rows, settings.known):
        raise ValueError(
            f"{root}: {doubt}; expected a data.yaml, with kpt_shape if there are keypoints, or --source yolo-pose,"
            " yolo-segment or yolo-obb, to say which"
        )
    return "segment"


def _read_photo(
    path: Path, images: Path, files: LabelFiles, settings: Settings, kind: Kind
) -> Iterator[Photo | Problem]:
    try:
        name = name_of(path, images)
        size = photo_size(path)
    except (ValueError, UnreadablePhoto) as error:
        yield Problem("photo", shown(path.relative_to(images).as_posix()), str(error))
        return
    label = files.of(path)
    if names := files.sharing(path):
        fault = f"{files.shown(label)} is the label file of {' and of '.join(map(shown, names))}, expected one photo"
        yield Problem("photo", name, f"{fault}; they are not used")
        return
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
                    yield Problem("object", files.where(name, index), str(error))
    except OSError as error:
        # A broken link is no missing label file: the photo's objects are somewhere.
        if not isinstance(error, FileNotFoundError | NotADirectoryError) or os.path.lexists(label):
            yield Problem("photo", name, f"its label file cannot be read ({error.strerror})")
            return
        incomplete = files.may_be_lost()
    yield Photo(path, *size, tuple(objects), name, incomplete)
