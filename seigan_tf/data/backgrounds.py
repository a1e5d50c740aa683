"""Finds squares of the photographs that show no object (paper, section 4.2), as large as the crops of the objects."""

import heapq
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
SHRINK = 0.9
"""Factor on the side after all its positions have failed."""
MAX_OVERLAP = 0.5
"""Largest intersection over union of two backgrounds of one photo, so that they are two."""
MAX_PER_PHOTO = 24
MAX_CORNERS = 32
"""Of either axis: where the empty squares looked for may begin, which are all such places in photos of less boxes."""
BOXES_AT_ONCE = 256
GOLDEN = 0.618
"""Steps of this size come by all parts of a circle."""


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
        path: of the file; None where there are none.
        photos: their number.
    """

    def __init__(self, path: Path | None, photos: int):
        self._path = path
        self._photos = photos

    def __iter__(self) -> Iterator[list[CropRegion]]:
        """The regions of each photo, in the order of the photos."""
        return _read(self._path, self._photos)


def mine(
    scenes: Callable[[], Iterable[Scene]],
    order: np.ndarray,
    shares: Sequence[Share],
    seed: int,
    folder: Path,
) -> Mined:
    """Searches photos for regions until each split has what it wants, or has no more room.

    The sides wanted are those of the object crops, each as often as another, so that textures have the same scale.
    A photo is only asked for a side that it has room for, and large sides are given out first: those that few photos
    have room for come from these. Photos take turns as far as that allows; those without any box take part. Where no
    photo has room for what is left, the roomiest give what they have, never less than the smallest side.

    Memory does not grow but by a few bytes for each photo and each region wanted: the photos are read again in every
    round, and regions are kept in files.

    Args:
        scenes: called for each reading of the photos, always in the same order.
        order: a number for each photo, which no other has and which does not depend on the order in which they are
            read: of equals those with small numbers are asked first.
        shares: of the splits, which have no photo in common.
        seed: with the photos' names it decides where they are searched.
        folder: for temporary files; the last one stays.
    """
    rooms = np.fromiter(map(largest_square, scenes()), np.int64, len(order))
    found = np.zeros(len(order), np.uint8)
    splits = [_Split(share) for share in shares]
    owners = np.argmax([share.photos for share in shares], axis=0)
    path = None
    for turn in count():
        asked = np.zeros(len(order), np.int64)
        for split in splits:
            split.ask(asked, rooms, found, order)
        if not asked.any():
            return Mined(path, len(order))
        before, path = path, folder / f"mined{turn}"
        with path.open("wb") as file:
            for index, (scene, regions) in enumerate(zip(scenes(), _read(before, len(order)), strict=True)):
                if asked[index]:
                    side, split = int(asked[index]), splits[owners[index]]
                    region = find_background(scene, side, split.smallest, seed, regions)
                    if region is None or region.side < side:
                        rooms[index] = region.side if region else 0
                    if split.takes(region, side):
                        regions.append(region)
                        found[index] += 1
                        if found[index] == MAX_PER_PHOTO:
                            rooms[index] = 0
                pickle.dump([(region.x, region.y, region.side) for region in regions], file)
        if before is not None:
            before.unlink()


class _Split:
    """What one split still wants."""

    def __init__(self, share: Share):
        number = share.wanted if len(share.sides) else 0
        self.smallest = int(share.sides[0]) if number else 0
        self._photos = share.photos
        self._sides = share.sides[np.arange(number) * len(share.sides) // max(number, 1)]
        self._missed: list[int] = []
        self._smaller_ones = False
        self._start = 0.0

    def ask(self, asked: np.ndarray, rooms: np.ndarray, found: np.ndarray, order: np.ndarray) -> None:
        """Writes into `asked` the side to look for in each photo in one round; 0 where none is to be.

        Args:
            asked: int [photos].
            rooms: no square of the photo is known to be larger, int [photos].
            found: regions that the photo has given, int [photos].
            order: as in `mine`.
        """
        self._sides = np.sort(np.append(self._sides, np.array(self._missed, np.int64)))
        self._missed = []
        able = np.flatnonzero(self._photos & (rooms >= max(self.smallest, 1)))
        if not len(able) or not len(self._sides):
            return
        able = able[np.lexsort((order[able], found[able]))]  # the next ones first
        falling = np.argsort(-rooms[able], kind="stable")
        fitting = np.searchsorted(self._sides, rooms[able[falling[0]]], "right")
        self._smaller_ones = not fitting
        if self._smaller_ones:
            chosen = able[falling[: len(self._sides)]]
            asked[chosen] = rooms[chosen]
            self._sides = self._sides[: len(self._sides) - len(chosen)]
            return
        # Where they are too many for one round, some of all sizes, in case that there is not room for all: at even
        # distances, that begin at another fraction of one in each round.
        number = min(fitting, len(able))
        self._start = (self._start + GOLDEN) % 1
        waiting: list[int] = []
        roomy = 0
        given = np.zeros(len(self._sides), bool)
        for place in ((np.arange(number) + self._start) * fitting / number).astype(np.int64)[::-1]:
            while roomy < len(falling) and rooms[able[falling[roomy]]] >= self._sides[place]:
                heapq.heappush(waiting, int(falling[roomy]))
                roomy += 1
            if waiting:
                asked[able[heapq.heappop(waiting)]] = self._sides[place]
                given[place] = True
        self._sides = self._sides[~given]

    def takes(self, region: CropRegion | None, side: int) -> bool:
        """Whether to keep the region found where the side was asked for: others may have room for the whole of it."""
        kept = region is not None and (region.side == side or self._smaller_ones)
        if not kept:
            self._missed.append(side)
        return kept


def _read(path: Path | None, number: int) -> Iterator[list[CropRegion]]:
    """The regions of each photo in a file; where there is none, each of the photos has none."""
    if path is None:
        yield from ([] for _ in range(number))
        return
    with path.open("rb") as file:
        for _ in range(number):
            yield [CropRegion(*region) for region in pickle.load(file)]


def find_background(
    scene: Scene, side: int, smallest: int, seed: int, earlier: Sequence[CropRegion] = ()
) -> CropRegion | None:
    """A square region inside a photo that touches no box of any class, crowds included.

    Args:
        scene: the photo with all its boxes.
        side: of the region in pixels; where it finds no room it shrinks.
        smallest: side, below which it does not shrink.
        seed: with the photo's name and the number of earlier regions it decides what is tried.
        earlier: regions of the photo, which it is not to repeat.

    Returns:
        The region, or None where no room was found. Without earlier ones it has the side asked for if that is at most
        `largest_square`.
    """
    name = zlib.crc32(scene.name.encode())
    generator = np.random.default_rng([seed, name, len(earlier)])
    side = min(side, scene.width, scene.height)
    corners = None
    while side >= smallest:
        x = generator.integers(0, scene.width - side + 1, POSITIONS)
        y = generator.integers(0, scene.height - side + 1, POSITIONS)
        free = ~_touched(x, y, side, scene.boxes) & _apart(x, y, side, earlier)
        if not free.any():
            # Where there is little room it is found from its corners.
            corners = _corners(scene) if corners is None else corners
            x, y, room = corners[:, corners[2] >= side]
            if len(x):
                x = x + generator.integers(0, room - side + 1)
                y = y + generator.integers(0, room - side + 1)
            free = _apart(x, y, side, earlier)
        places = np.flatnonzero(free)
        if len(places):
            place = places[generator.integers(len(places))]
            return CropRegion(int(x[place]), int(y[place]), side)
        side = int(side * SHRINK)
    return None


def largest_square(scene: Scene) -> int:
    """Side in pixels of the largest square in whole pixels that touches no box; 0 where there is none.

    In photos of many boxes (MAX_CORNERS) it is the largest that was found.
    """
    return int(max(_corners(scene)[2].max(initial=0), 0))


def _corners(scene: Scene) -> np.ndarray:
    """Where empty squares that cannot be moved left or up begin, and the largest side there: int [3, corners]."""
    left, top, right, bottom = scene.boxes.T[:, :, None]
    xs, ys = _starts(right, scene.width), _starts(bottom, scene.height)
    rooms = np.minimum.outer(scene.height - ys, scene.width - xs).astype(float)
    # Of two axes the one that is further away from the box decides: there the square may grow until just before it.
    across = np.where(right >= xs, left - xs, np.inf)[:, None, :]
    down = np.where(bottom >= ys, top - ys, np.inf)[:, :, None]
    for start in range(0, len(scene.boxes), BOXES_AT_ONCE):
        part = np.s_[start : start + BOXES_AT_ONCE]
        np.minimum(rooms, np.ceil(np.maximum(across[part], down[part]).min(axis=0)) - 1, out=rooms)
    x, y = np.meshgrid(xs, ys)
    return np.stack([x.ravel(), y.ravel(), rooms.ravel().astype(np.int64)])


def _starts(ends: np.ndarray, length: int) -> np.ndarray:
    """First pixels of an axis after a box or at the photo's border; no more than MAX_CORNERS of them."""
    starts = np.unique(np.append(np.floor(ends).astype(np.int64) + 1, 0))
    starts = starts[starts < length]
    return starts[np.linspace(0, len(starts) - 1, min(len(starts), MAX_CORNERS)).astype(np.int64)]


def _touched(x: np.ndarray, y: np.ndarray, side: int, boxes: np.ndarray) -> np.ndarray:
    """Which squares share a point with any box: bool, as `x` and `y`; boxes are left, top, right, bottom."""
    left, top, right, bottom = boxes.T[:, :, None]
    return ((left <= x + side) & (right >= x) & (top <= y + side) & (bottom >= y)).any(axis=0)


def _apart(x: np.ndarray, y: np.ndarray, side: int, others: Sequence[CropRegion]) -> np.ndarray:
    """Which squares have little enough in common with each of the others: bool, as `x` and `y`."""
    apart = np.ones(len(x), bool)
    for other in others:
        width = np.minimum(x + side, other.x + other.side) - np.maximum(x, other.x)
        height = np.minimum(y + side, other.y + other.side) - np.maximum(y, other.y)
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        apart &= shared <= MAX_OVERLAP * (side**2 + other.side**2 - shared)
    return apart
