"""First pass over annotated photographs: the objects that become crops, kept in a file instead of in memory."""

import os
import pickle
import stat
from array import array
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seigan_tf.data.annotations.masks import has_mask
from seigan_tf.data.crops import CropRegion, mirrored_depth
from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.data.planning.backgrounds import Scene
from seigan_tf.data.planning.copies import find_copies
from seigan_tf.data.planning.rules import CropRules, object_regions

CLASSES_REMEMBERED = 1000
FOLDERS_REMEMBERED = 4096


class Scanned(NamedTuple):
    """One photo after the crop rules, as plain values, which are quick to read."""

    path: str
    name: str
    width: int
    height: int
    boxes: bytes
    """float64 [objects, 4] of all its objects: left, top, right, bottom; one of the whole photo if it is incomplete, so
    that no background is found in it."""
    kept: bytes
    """Pickled list of the objects that become crops, ordered by their boxes, with their regions, and whether they do so
    in validation only."""
    dropped: list[str]  # the rule that dropped it, for each of the others

    @property
    def scene(self) -> Scene:
        return Scene(self.name, self.width, self.height, np.frombuffer(self.boxes).reshape(-1, 4))

    def chosen(self, validation: bool) -> list[tuple[Object, CropRegion]]:
        """Return the kept objects with their regions; for training without mirrored objects and without masks."""
        return [
            (item if validation else replace(item, segmentation=None), region)
            for item, region, again in pickle.loads(self.kept)
            if validation or not again
        ]


class Scan:
    """Takes photos one after the other, and gives them back as `Scanned` as often as it is iterated.

    `seed` is that of `hashes` and `names`, `path` that of the temporary file.
    """

    def __init__(self, rules: CropRules, seed: int, path: Path):
        # A number per photo: the first two depend on name and seed alone, the third on the file alone.
        self.hashes = array("Q")  # shared by links to one file
        self.names = array("Q")  # differs between links to one file
        self.files = array("Q")
        self.bytes = array("Q")  # size of the file; 0 if it is missing
        self.kept = array("I")  # number of its objects that become crops, if only in validation
        self.masked = array("I")  # number of those that have a mask; 0 for photos that came without masks
        # A number per kept object.
        self.sides = array("q")  # side of its region
        self.mirrored = array("B")  # 1 if it becomes a crop in validation only
        self.objects = 0  # number of all objects
        self.classes: set[str] = set()  # names of those met, up to CLASSES_REMEMBERED and those that the rules ask for
        self._rules = rules
        self._seed = seed
        self._path = path
        self._file = path.open("wb")
        self._real_folder = lru_cache(FOLDERS_REMEMBERED)(os.path.realpath)

    def __enter__(self) -> "Scan":
        return self

    def __exit__(self, *_) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self.hashes)

    def __iter__(self) -> Iterator[Scanned]:
        self._file.flush()
        with self._path.open("rb") as file:
            for _ in range(len(self)):
                yield Scanned(*pickle.load(file))

    def add(self, photo: Photo, images: Path, masks: bool) -> None:
        """Take a photo of the folder `images` with all its objects, and their masks if `masks` is True."""
        kept, dropped = [], []
        for item, region in zip(photo.objects, object_regions(photo, self._rules), strict=True):
            if isinstance(region, str):
                dropped.append(region)
            else:
                again = mirrored_depth(item.box, region, photo.width, photo.height) > self._rules.max_mirrored
                kept.append((item, region, again))
            if item.category in self._rules.classes or len(self.classes) < CLASSES_REMEMBERED:
                self.classes.add(item.category)
        # Objects of one box touch each other, so that no two of these are equal.
        kept.sort(key=lambda entry: entry[0].box)
        boxes = np.array([[0.0, 0.0, photo.width, photo.height]]) if photo.incomplete else photo.boxes
        stored = pickle.dumps(
            [(replace(item, segmentation=item.segmentation if masks else None), *rest) for item, *rest in kept]
        )
        values = str(photo.path), photo.name, photo.width, photo.height, boxes.tobytes(), stored, dropped
        pickle.dump(values, self._file)
        file, size = self._real(str(photo.path))
        # The photo's name or, for a link, the name of the file it leads to.
        relative = os.path.relpath(file, self._real_folder(str(images))).replace(os.sep, "/")
        self.files.append(_hash(file))
        self.bytes.append(size)
        self.hashes.append(_hash(f"{self._seed} {relative}"))
        self.names.append(_hash(f"{self._seed} {photo.name}"))
        self.kept.append(len(kept))
        self.masked.append(sum(masks and has_mask(item, photo) for item, _, _ in kept))
        self.sides.extend(region.side for _, region, _ in kept)
        self.mirrored.extend(again for _, _, again in kept)
        self.objects += len(photo.objects)

    def join_copies(self, asked: np.ndarray) -> None:
        """Give copies of a file the same `hashes` and `files`, as links to one file have. No photo may be added later.

        `asked`, bool [photos], marks those that are compared.
        """
        hashes, files = (np.frombuffer(numbers, np.uint64) for numbers in (self.hashes, self.files))
        # Of links to a file the first one is compared.
        _, first, owners = np.unique(files, return_index=True, return_inverse=True)
        sizes = np.zeros(len(self), np.uint64)
        sizes[first] = np.where(asked, np.frombuffer(self.bytes, np.uint64), 0)[first]
        copies = find_copies(sizes, lambda: (scanned.path for scanned in self))[first][owners]
        _, groups = np.unique(copies, return_inverse=True)
        for numbers in (hashes, files):
            # The least one does not depend on the order of the photos.
            least = np.full(len(self), np.iinfo(np.uint64).max, np.uint64)
            np.minimum.at(least, groups, numbers)
            np.copyto(numbers, least[groups], where=copies > 0)

    def _real(self, path: str) -> tuple[str, int]:
        """Return path, links resolved, those of its folder only once per folder, and bytes of a file; 0 if missing."""
        folder, name = os.path.split(path)
        path = os.path.join(self._real_folder(folder), name)
        try:
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                path = os.path.realpath(path)
                status = os.stat(path)
        except (OSError, ValueError):
            return path, 0
        return path, status.st_size if stat.S_ISREG(status.st_mode) else 0


def _hash(text: str) -> int:
    """Return a number of 8 bytes, the same for the text on every machine and in every version of Python."""
    return int.from_bytes(blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "little")
