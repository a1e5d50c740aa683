"""First pass over annotated photographs: which objects make crops. What it finds lies in a file, not in memory."""

import os
import pickle
from array import array
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seigan_tf.data.crops import CropRegion, mirrored_depth
from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.data.planning.backgrounds import Scene
from seigan_tf.data.planning.rules import CropRules, object_regions

CLASSES_REMEMBERED = 1000
FOLDERS_REMEMBERED = 4096


class Scanned(NamedTuple):
    """One photo and what the crop rules made of its objects, as plain values, which are quick to read."""

    path: str
    name: str
    width: int
    height: int
    boxes: bytes
    """float64 [objects, 4] of all its objects: left, top, right, bottom; one of the whole photo where it is incomplete,
    so that no background is found in it."""
    kept: list[tuple[tuple[float, float, float, float], int, str, tuple[int, int, int], bool]]
    """Box, id, class and region (x, y, side) of the objects that make a crop, ordered by their boxes; and whether they
    make it in validation only."""
    dropped: list[str]
    """For each of the others the rule that dropped it."""
    segmentations: bytes
    """Pickled list of the masks of the kept objects, None for those without; empty where it is of no use."""

    @property
    def scene(self) -> Scene:
        return Scene(self.name, self.width, self.height, np.frombuffer(self.boxes).reshape(-1, 4))

    def objects(self, validation: bool) -> list[tuple[Object, CropRegion]]:
        """The kept objects with their regions; in training less those that are mirrored, and without masks."""
        use_masks = validation and self.segmentations
        segmentations = pickle.loads(self.segmentations) if use_masks else [None] * len(self.kept)
        return [
            (Object(box, segmentation=segmentation, id=number, category=category), CropRegion(*region))
            for (box, number, category, region, again), segmentation in zip(self.kept, segmentations, strict=True)
            if validation or not again
        ]


class Scan:
    """Takes photos one after the other, and gives them back as `Scanned` as often as it is iterated.

    Args:
        rules: for the crops of objects.
        seed: of `hashes`.
        path: of a temporary file that it writes.
    """

    def __init__(self, rules: CropRules, seed: int, path: Path):
        self.hashes = array("Q")
        """Of each photo: a number that depends on its name and the seed alone, and is the same for links to it."""
        self.names = array("Q")
        """Of each photo: a number that depends on its name and the seed alone, and is another one for links to it."""
        self.files = array("Q")
        """Of each photo: a number that depends on its file alone."""
        self.kept = array("I")
        """Of each photo: the number of its objects that make a crop, if only in validation."""
        self.sides = array("q")
        """Of these objects, photo by photo: the side of the region."""
        self.mirrored = array("B")
        """Of these objects: whether they make a crop in validation only."""
        self.objects = 0
        """Of all photos, whatever becomes of them."""
        self.has_masks = False
        """Whether any object that makes a crop has one."""
        self.classes: set[str] = set()
        """Names of the classes met, up to CLASSES_REMEMBERED and those that the rules ask for."""
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
        """Takes a photo.

        Args:
            photo: with all its objects.
            images: folder of the photographs.
            masks: keep the masks of its objects.
        """
        kept, dropped = [], []
        for item, region in zip(photo.objects, object_regions(photo, self._rules), strict=True):
            if isinstance(region, str):
                dropped.append(region)
            else:
                kept.append((item, region))
            if item.category in self._rules.classes or len(self.classes) < CLASSES_REMEMBERED:
                self.classes.add(item.category)
        # Objects of one box touch each other, so that no two of these are equal.
        kept.sort(key=lambda pair: pair[0].box)
        segmentations = [item.segmentation or None for item, _ in kept]
        self.has_masks = self.has_masks or any(segmentations)
        again = [
            mirrored_depth(item.box, region, photo.width, photo.height) > self._rules.max_mirrored
            for item, region in kept
        ]
        boxes = np.array([[0.0, 0.0, photo.width, photo.height]]) if photo.incomplete else photo.boxes
        scanned = Scanned(
            str(photo.path),
            photo.name,
            photo.width,
            photo.height,
            boxes.tobytes(),
            [
                (item.box, item.id, item.category, (region.x, region.y, region.side), beyond)
                for (item, region), beyond in zip(kept, again, strict=True)
            ],
            dropped,
            pickle.dumps(segmentations) if masks and any(segmentations) else b"",
        )
        pickle.dump(tuple(scanned), self._file)
        file = self._real(str(photo.path))
        self.files.append(_hash(file))
        self.hashes.append(_hash(f"{self._seed} {self._relative(file, photo.name, str(images))}"))
        self.names.append(_hash(f"{self._seed} {photo.name}"))
        self.kept.append(len(kept))
        self.sides.extend(region.side for _, region in kept)
        self.mirrored.extend(again)
        self.objects += len(photo.objects)

    def _real(self, path: str) -> str:
        """The file itself, links resolved; those of its folder only once."""
        folder, name = os.path.split(path)
        path = os.path.join(self._real_folder(folder), name)
        return os.path.realpath(path) if os.path.islink(path) else path

    def _relative(self, file: str, name: str, images: str) -> str:
        """The photo's name or, of a link, that of the file it leads to."""
        root = self._real_folder(images)
        if file == f"{root}{os.sep}{name}".replace("/", os.sep):
            return name
        return os.path.relpath(file, root).replace(os.sep, "/")


def _hash(text: Any) -> int:
    """A number of 8 bytes that any machine and any Python gives for the text."""
    return int.from_bytes(blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "little")
