"""Label files of YOLO sets, found for their photographs."""

import os
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seigan_tf.data.annotations.names import PhotoNames, common_end
from seigan_tf.data.annotations.yolo_settings import CLASSES
from seigan_tf.data.photos.files import find_files, find_photos, none_found
from seigan_tf.data.photos.photo import Note, Problem
from seigan_tf.utils.text import numbers, shown


class LabelFiles:
    """Finds the label file of each photo.

    It lies where the layout of the set says (see `yolo.read_yolo`). A label file that no photo has there belongs to the
    photo that `PhotoNames` finds by its path, if that one has no other. One label file may be that of several photos
    there, as "a.txt" of "a.jpg" and "a.png": see `sharing`.

    Raises ValueError if the folder of the labels is missing, or `images` holds no photo.
    """

    def __init__(self, images: Path, labels: Path | None):
        self._images, self._labels = images, labels
        self.root = labels or Path(_labels_path(os.path.join(os.path.abspath(images), "")))
        if not self.root.is_dir():
            raise ValueError(f"{self.root}: no such folder, expected the label files of {images}")
        self._names = PhotoNames(images)
        self._by_end: dict[str, Path] = {}
        self._unused: dict[Path, str] = {}  # label files without a photo, with the reason
        # 8 bytes a photo.
        expected = array("q", (hash(self._own(path)) for path in find_photos(images)))
        if not expected:
            raise ValueError(none_found(images))
        hashes = np.sort(np.frombuffer(expected, np.int64))
        self._sharing = self._photos_of_one_label(set(hashes[1:][hashes[1:] == hashes[:-1]].tolist()))
        self._find_by_end(hashes)
        self.unmatched = 0
        """Photos without a label file, of those that were asked for."""

    def of(self, path: Path) -> Path:
        """Return the label file of a photo, which need not exist."""
        return self._by_end.get(path.relative_to(self._images).as_posix()) or self._own(path)

    def sharing(self, path: Path) -> list[str]:
        """Return the names of all photos that have the label file of this one; none if it is its own alone."""
        return self._sharing.get(self.of(path), [])

    def may_be_lost(self) -> bool:
        """Count a photo without a label file; tell whether one of the files without a photo may be its own."""
        self.unmatched += 1
        return bool(self._unused)

    def report(self) -> Iterator[Problem | Note]:
        """Yield the label files without a photo, and notes about photos without one or found by the end of a path."""
        for label, reason in self._unused.items():
            yield Problem("photo", self.shown(label), reason)
        self._names.by_end = {name: label.relative_to(self.root).as_posix() for name, label in self._by_end.items()}
        yield from self._names.notes(shown(self.root.name))
        if self.unmatched and self._unused:
            yield Note(
                f"{shown(self.root.name)}: photographs without a label file: {self.unmatched}, label files without a"
                f" photograph: {len(self._unused)}; no crop is taken from these photographs"
            )

    def shown(self, label: Path) -> str:
        """Return the path of a label file as reports name it."""
        return shown(label.relative_to(self.root).as_posix())

    def where(self, name: str, line: int) -> str:
        """Return a line of the label file of the photo of that name, as reports name it."""
        if label := self._by_end.get(name):
            return f"{self.shown(label)}: line {line} of {shown(name)}"
        return f"{Path(name).with_suffix('.txt').as_posix()}: line {line}"

    def _own(self, path: Path) -> Path:
        """Return the label file at the place that the layout of the set gives it."""
        if self._labels is None:
            return Path(_labels_path(os.path.abspath(path))).with_suffix(".txt")
        relative = path.relative_to(self._images)
        label = (self._labels / relative).with_suffix(".txt")
        # The folder of the whole set, with "images" and "labels" in it or in its parts.
        other = Path(_labels_path(os.path.join(os.sep, relative))).relative_to(os.sep)
        in_labels = (self._labels / other).with_suffix(".txt")
        return in_labels if not label.exists() and in_labels.exists() else label

    def _photos_of_one_label(self, twice: set[int]) -> dict[Path, list[str]]:
        """Return the names of the photos of each label file that is there and whose path's hash is given twice."""
        found: dict[Path, list[str]] = {}
        for path in find_photos(self._images) if twice else ():
            label = self._own(path)
            if hash(label) in twice and os.path.lexists(label):
                found.setdefault(label, []).append(path.relative_to(self._images).as_posix())
        return {label: names for label, names in found.items() if len(names) > 1}

    def _find_by_end(self, hashes: np.ndarray) -> None:
        candidates: dict[str, list[Path]] = {}
        for label in find_files(self.root, ".txt"):
            if hashes[np.searchsorted(hashes, hash(label)) % len(hashes)] == hash(label) or not _holds_labels(label):
                continue
            self._unused[label] = "a label file without a photo"
            try:
                name = self._names.find(label.relative_to(self.root).with_suffix("").as_posix())
            except ValueError as error:
                self._unused[label] = str(error)
                continue
            photo = self._images / name
            if photo.is_file() and not os.path.lexists(self._own(photo)):
                candidates.setdefault(name, []).append(label)
        for name, labels in candidates.items():
            folder = os.path.dirname(os.path.abspath(self._images / name))
            ends = [common_end(folder, label.parent.as_posix()) for label in labels]
            if ends.count(max(ends)) == 1:
                self._by_end[name] = labels[ends.index(max(ends))]
                del self._unused[self._by_end[name]]
            else:
                alike = [label for label, end in zip(labels, ends, strict=True) if end == max(ends)]
                reason = f"one of {len(alike)} label files that fit the photo {shown(name)} alike, expected one"
                self._unused.update(dict.fromkeys(alike, reason))


def labels_of(images: Path, folder: Path) -> Path:
    """Return the labels of the photographs inside the folder of the whole set, or else the folder."""
    photos = os.path.abspath(images)
    own = Path(_labels_path(os.path.join(photos, "")))
    return own if own != Path(photos) and own.is_dir() and own.is_relative_to(os.path.abspath(folder)) else folder


def rows_of(path: Path) -> Iterator[list[str]]:
    """Yield the words of each line that has some; none if the file cannot be read."""
    try:
        if path.is_file():
            with path.open(encoding="utf-8-sig", errors="replace") as file:
                yield from filter(None, map(str.split, file))
    except OSError:
        return


def _labels_path(path: str) -> str:
    images, labels = (f"{os.sep}{name}{os.sep}" for name in ("images", "labels"))
    return labels.join(path.rsplit(images, 1))


def _holds_labels(path: Path) -> bool:
    """Tell labels from other text beside them, such as classes.txt, train.txt or README.txt, by the first line."""
    if path.name in CLASSES:
        return False
    first = next(rows_of(path), None)
    return first is None or (len(first) >= 5 and all(numbers(word, (1,)) for word in first))
