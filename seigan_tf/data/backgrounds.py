"""Finds squares of the photographs that show no object (paper, section 4.2)."""

import pickle
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seigan_tf.data.crops import CropRegion

POSITIONS = 64
"""Random positions tried for one side."""
SHRINK = 0.8
"""Factor on the side after all its positions have failed."""
MAX_OVERLAP = 0.5
"""Largest intersection over union of two backgrounds of one photo, so that they are two."""
MAX_PER_PHOTO = 24


class Scene(NamedTuple):
    """A photo as the search sees it."""

    name: str
    width: int
    height: int
    boxes: np.ndarray
    """float64 [boxes, 4]: left, top, right, bottom in pixels, of all classes, crowds included."""


class Share(NamedTuple):
    """The photos of one split, and what they are to give together."""

    photos: np.ndarray
    """bool, one for each photo: whether it belongs to the split."""
    sides: np.ndarray
    """Sides of the split's object regions in pixels, int, ascending."""
    wanted: int
    """Regions, none where there are no sides."""


class Mined:
    """The regions found, photo by photo, in a file.

    Args:
        path: of the file.
        counts: for each photo, how many of its regions are taken: the first ones.
    """

    def __init__(self, path: Path | None, counts: np.ndarray):
        self.counts = counts
        self._path = path

    def __iter__(self) -> Iterator[list[CropRegion]]:
        """The regions of each photo, in the order of the photos."""
        for number, regions in zip(self.counts.tolist(), _read(self._path, len(self.counts)), strict=True):
            yield regions[:number]


def mine(
    scenes: Callable[[], Iterable[Scene]],
    order: np.ndarray,
    shares: Sequence[Share],
    seed: int,
    folder: Path,
) -> Mined:
    """Searches photos for regions until each split has what it wants, or has no more room.

    Photos take turns, so that each gives some before one gives many; those without any box take part. In the last
    turn it is first the turn of the photos that come first in `order`. Memory does not grow but by a few bytes for
    each photo: the photos are read again in every round, and regions are kept in files.

    Args:
        scenes: called for each reading of the photos, always in the same order.
        order: a number for each photo that does not depend on the order in which they are read.
        shares: of the splits, which have no photo in common.
        seed: with the photos' names it decides where they are searched.
        folder: for temporary files; the last one stays.
    """
    found = np.zeros(len(order), np.uint8)
    willing = np.ones(len(order), bool)
    path = None
    for turn in count():
        asked = np.zeros(len(order), np.uint8)
        for share in shares:
            _ask(asked, found, willing & share.photos, order, share)
        if not asked.any():
            break
        before, path = path, folder / f"mined{turn}"
        owners = np.argmax([share.photos for share in shares], axis=0).tolist()
        with path.open("wb") as file:
            for index, (scene, regions) in enumerate(zip(scenes(), _read(before, len(order)), strict=True)):
                if asked[index]:
                    sides = shares[owners[index]].sides
                    regions = find_backgrounds(scene, sides, seed, int(asked[index]), regions)
                    willing[index] = len(regions) == found[index] + asked[index] < MAX_PER_PHOTO
                    found[index] = len(regions)
                pickle.dump([(region.x, region.y, region.side) for region in regions], file)
        if before is not None:
            before.unlink()
    for share in shares:
        _return_surplus(found, order, share)
    return Mined(path, found)


def _ask(asked: np.ndarray, found: np.ndarray, willing: np.ndarray, order: np.ndarray, share: Share) -> None:
    """Writes into `asked` how many more regions to look for in each photo of a split in one round."""
    missing = share.wanted - int(found[share.photos].sum(dtype=np.int64))
    if missing <= 0 or not willing.any():
        return
    level = found[willing].min()
    next_ones = np.flatnonzero(willing & (found == level))
    if missing < len(next_ones):
        # Those whose turn is first, and more, as not all will have room: by the share of those that had.
        had_room = np.count_nonzero(found[share.photos] > level)
        had_none = np.count_nonzero(share.photos & ~willing & (found == level))
        some = int(1.1 * missing * (had_room + had_none + 2) / (had_room + 1)) + 8
        asked[next_ones[np.argsort(order[next_ones], kind="stable")[:some]]] = 1
    elif len(next_ones) == np.count_nonzero(willing):
        asked[next_ones] = min(missing // len(next_ones), MAX_PER_PHOTO - level)
    else:
        asked[next_ones] = 1


def _return_surplus(found: np.ndarray, order: np.ndarray, share: Share) -> None:
    """Takes away the last turn of those that come last in it, where a split has found more than it wants."""
    surplus = int(found[share.photos].sum(dtype=np.int64)) - share.wanted
    if surplus > 0:
        last_turn = np.flatnonzero(share.photos & (found == found[share.photos].max()))
        found[last_turn[np.argsort(order[last_turn], kind="stable")[-surplus:]]] -= 1


def _read(path: Path | None, number: int) -> Iterator[list[CropRegion]]:
    """The regions of each photo in a file; where there is none, each of the photos has none."""
    if path is None:
        yield from ([] for _ in range(number))
        return
    with path.open("rb") as file:
        for _ in range(number):
            yield [CropRegion(*region) for region in pickle.load(file)]


def find_backgrounds(
    scene: Scene, sides: np.ndarray, seed: int, number: int, found: Sequence[CropRegion] = ()
) -> list[CropRegion]:
    """Square regions inside a photo that touch no box of any class, crowds included.

    Sides are drawn from `sides`, those of the object crops, so that textures have the same scale; where a side finds
    no room it shrinks, though never below the smallest of them.

    Args:
        scene: the photo with all its boxes.
        sides: sides of the object regions in pixels, int, ascending; at least one.
        seed: with the photo's name it decides what is tried.
        number: regions wanted, besides those found before.
        found: the regions that earlier calls found.

    Returns:
        `found` and up to `number` more; which these are does not depend on how many calls they are found in.
    """
    regions = list(found)
    name = zlib.crc32(scene.name.encode(errors="surrogatepass"))
    for index in range(len(regions), len(regions) + number):
        region = _find(scene, regions, sides, np.random.default_rng([seed, name, index]))
        if region is None:
            break
        regions.append(region)
    return regions


def _find(
    scene: Scene, earlier: list[CropRegion], sides: np.ndarray, generator: np.random.Generator
) -> CropRegion | None:
    """One more region of the photo, or None where none was found."""
    side = min(int(sides[generator.integers(len(sides))]), scene.width, scene.height)
    while side >= sides[0]:
        x = generator.integers(0, scene.width - side + 1, POSITIONS)
        y = generator.integers(0, scene.height - side + 1, POSITIONS)
        free = ~_touched(x, y, side, scene.boxes)
        for region in earlier:
            free &= _overlap(x, y, side, region) <= MAX_OVERLAP
        first = int(free.argmax())
        if free[first]:
            return CropRegion(int(x[first]), int(y[first]), side)
        side = int(side * SHRINK)
    return None


def _touched(x: np.ndarray, y: np.ndarray, side: int, boxes: np.ndarray) -> np.ndarray:
    """Which squares share a point with any box: bool, as `x` and `y`; boxes are left, top, right, bottom."""
    left, top, right, bottom = boxes.T[:, :, None]
    return ((left <= x + side) & (right >= x) & (top <= y + side) & (bottom >= y)).any(axis=0)


def _overlap(x: np.ndarray, y: np.ndarray, side: int, other: CropRegion) -> np.ndarray:
    """Intersection over union of squares and another one: as `x` and `y`."""
    width = np.minimum(x + side, other.x + other.side) - np.maximum(x, other.x)
    height = np.minimum(y + side, other.y + other.side) - np.maximum(y, other.y)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    return shared / (side**2 + other.side**2 - shared)
