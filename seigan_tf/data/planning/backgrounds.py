"""Squares of photographs that show no object (paper, section 4.2): within one photo, and over all photos of a set."""

import heapq
import pickle
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, count, islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from seigan_tf.data.crops import CropRegion, touching
from seigan_tf.utils.workers import InOrder

Item = TypeVar("Item")

POSITIONS = 64  # random positions tried for one side
SHRINK = 0.9  # factor on the side after all its positions have failed
MAX_OVERLAP = 0.5  # largest intersection over union of two backgrounds of one photo
MAX_CORNERS = 32  # most places on either axis at which empty squares may begin; photos of fewer boxes have no more
BOXES_AT_ONCE = 256
MAX_PER_PHOTO = 24  # most regions of one photo
AT_ONCE = 64  # photos that a worker process searches at once
GOLDEN = 0.618  # fraction of a circle; steps of it reach all parts of the circle


class Scene(NamedTuple):
    """The view of a photo that the search needs."""

    name: str
    width: int
    height: int
    boxes: np.ndarray  # float64 [boxes, 4]: left, top, right, bottom in pixels, of all classes, crowds included


def find_background(
    scene: Scene, side: int, smallest: int, seed: int, earlier: Sequence[CropRegion] = ()
) -> CropRegion | None:
    """Find a square region inside a photo that touches no box of any class, crowds included.

    Args:
        scene: the photo with all its boxes.
        side, smallest: side in pixels, which shrinks down to `smallest` while there is no room. Without earlier regions
            it does not shrink if it is at most `largest_square`.
        seed: decides, with the photo's name and the number of earlier regions, where to look.
        earlier: regions of the photo that must not be repeated.
    """
    generator = np.random.default_rng([seed, zlib.crc32(scene.name.encode()), len(earlier)])
    side = min(side, scene.width, scene.height)
    corners = None
    while side >= smallest:
        x = generator.integers(0, scene.width - side + 1, POSITIONS)
        y = generator.integers(0, scene.height - side + 1, POSITIONS)
        free = ~touching(x[:, None], y[:, None], side, scene.boxes).any(axis=1) & _apart(x, y, side, earlier)
        if not free.any():
            # If there is little room, it is found from its corners.
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
    """Return the side in pixels of the largest square that touches no box, or 0; of many boxes, the largest found."""
    return int(max(_corners(scene)[2].max(initial=0), 0))


def _corners(scene: Scene) -> np.ndarray:
    """Find where empty squares that cannot be moved left or up begin, and the largest side there: int [3, corners]."""
    left, top, right, bottom = scene.boxes.T[:, :, None]
    xs, ys = _starts(right, scene.width), _starts(bottom, scene.height)
    rooms = np.minimum.outer(scene.height - ys, scene.width - xs).astype(float)
    # The axis that is further away from the box decides: there the square may grow until just before the box.
    across = np.where(right >= xs, left - xs, np.inf)[:, None, :]
    down = np.where(bottom >= ys, top - ys, np.inf)[:, :, None]
    for start in range(0, len(scene.boxes), BOXES_AT_ONCE):
        part = np.s_[start : start + BOXES_AT_ONCE]
        np.minimum(rooms, np.ceil(np.maximum(across[part], down[part]).min(axis=0)) - 1, out=rooms)
    x, y = np.meshgrid(xs, ys)
    return np.stack([x.ravel(), y.ravel(), rooms.ravel().astype(np.int64)])


def _starts(ends: np.ndarray, length: int) -> np.ndarray:
    """Return the first pixels of an axis after a box or at the photo's border; no more than MAX_CORNERS of them."""
    starts = np.unique(np.append(np.floor(ends).astype(np.int64) + 1, 0))
    starts = starts[starts < length]
    return starts[np.linspace(0, len(starts) - 1, min(len(starts), MAX_CORNERS)).astype(np.int64)]


def _apart(x: np.ndarray, y: np.ndarray, side: int, others: Sequence[CropRegion]) -> np.ndarray:
    """Tell which squares overlap none of the others by more than MAX_OVERLAP: bool, as `x` and `y`."""
    apart = np.ones(len(x), bool)
    for other in others:
        width = np.minimum(x + side, other.x + other.side) - np.maximum(x, other.x)
        height = np.minimum(y + side, other.y + other.side) - np.maximum(y, other.y)
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        apart &= shared <= MAX_OVERLAP * (side**2 + other.side**2 - shared)
    return apart


class Share(NamedTuple):
    """The photos of one split, and the regions wanted from them together."""

    photos: np.ndarray  # bool, one for each photo: whether it belongs to the split
    sides: np.ndarray  # sides of the split's object regions in pixels, int, ascending
    wanted: int  # number of regions; none are looked for if there are no sides


class _Search(NamedTuple):
    """One photo's part of a round."""

    regions: list[CropRegion]  # found in earlier rounds
    side: int  # 0 if the photo is not asked
    smallest: int
    scene: Scene | None  # None if the photo is not asked


def mine(
    scenes: Callable[[], Iterable[Scene]],
    order: np.ndarray,
    shares: Sequence[Share],
    seed: int,
    folder: Path,
    in_order: InOrder = map,
) -> Iterator[list[CropRegion]]:
    """Search photos for regions until each split has the regions it wants, or no more room.

    The sides wanted are those of the object crops, each equally often, so that textures have the same scale. A photo is
    asked only for a side that it has room for, and large sides are given out first, because few photos have room for
    them. Photos, also those without boxes, take turns as far as that allows. If no photo has room for the rest, the
    roomiest give the largest squares that they have, never less than the smallest side.

    Memory grows by a few bytes per photo and region: the photos are read again in every round, and regions are kept in
    files.

    Args:
        scenes: called for each reading of the photos, always in the same order.
        order: unique rank of each photo, independent of the order of reading: lower ranks are asked first among equals.
        shares: shares of the splits, which have no photo in common.
        seed: decides, with the photos' names, where they are searched.
        folder: place of temporary files; the last one stays, and is read for the result.
        in_order: searches the photos, here or in worker processes (`ordered_workers`).
    """
    rooms = np.fromiter(chain.from_iterable(in_order(_largest_squares, _parts(scenes()))), np.int64, len(order))
    found = np.zeros(len(order), np.uint8)
    splits = [_Split(share) for share in shares]
    owners = np.argmax([share.photos for share in shares], axis=0)
    path = folder / "mined"
    path.write_bytes(pickle.dumps([]) * len(order))
    for turn in count():
        asked = np.zeros(len(order), np.int64)
        for split in splits:
            split.ask(asked, rooms, found, order)
        if not asked.any():
            break
        before, path = path, folder / f"mined{turn}"
        searches = (
            _Search(regions, side, splits[owner].smallest, scene) if side else _Search(regions, 0, 0, None)
            for scene, regions, side, owner in zip(
                scenes(), _read(before, len(order)), asked.tolist(), owners.tolist(), strict=True
            )
        )
        made = _searched(searches, seed, in_order)
        with path.open("wb") as file:
            for index, (search, region) in enumerate(made):
                regions = search.regions
                if search.side:
                    if region is None or region.side < search.side:
                        rooms[index] = region.side if region else 0
                    if splits[owners[index]].takes(region, search.side) and region:
                        regions.append(region)
                        found[index] += 1
                        if found[index] == MAX_PER_PHOTO:
                            rooms[index] = 0
                pickle.dump([tuple(region) for region in regions], file)
        before.unlink()
    return _read(path, len(order))


def _searched(searches: Iterable[_Search], seed: int, in_order: InOrder) -> Iterator[tuple[_Search, CropRegion | None]]:
    """Yield each search with what it found; those read ahead are kept until then."""
    waiting: deque[list[_Search]] = deque()

    def parts() -> Iterator[list[_Search]]:
        for part in _parts(searches):
            waiting.append(part)
            yield part

    for found in in_order(partial(_find_backgrounds, seed=seed), parts()):
        yield from zip(waiting.popleft(), found, strict=True)


def _parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Divide items into lists of AT_ONCE, the last one perhaps shorter."""
    remaining = iter(items)
    return iter(lambda: list(islice(remaining, AT_ONCE)), [])


def _largest_squares(scenes: Sequence[Scene]) -> list[int]:
    return [largest_square(scene) for scene in scenes]


def _find_backgrounds(searches: Sequence[_Search], seed: int) -> list[CropRegion | None]:
    return [
        find_background(scene, side, smallest, seed, regions) if scene else None
        for regions, side, smallest, scene in searches
    ]


class _Split:
    """The regions that one split still wants."""

    def __init__(self, share: Share):
        number = share.wanted if len(share.sides) else 0
        self.smallest = int(share.sides[0]) if number else 0
        self._photos = share.photos
        self._sides = share.sides[np.arange(number) * len(share.sides) // max(number, 1)]
        self._missed: list[int] = []
        self._smaller_ones = False
        self._start = 0.0

    def ask(self, asked: np.ndarray, rooms: np.ndarray, found: np.ndarray, order: np.ndarray) -> None:
        """Write the side to look for in each photo in this round into `asked`, int [photos]; 0 stands for none.

        `rooms` limits the largest square of each photo, `found` counts the regions that it gave; both are int [photos].
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
        # If they are too many for one round, sides of all sizes are asked for, as there may not be room for all: at
        # even distances, which begin at another fraction of one in each round.
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
        """Decide whether to keep a region; one that is too small is given up while others may have room for all."""
        kept = region is not None and (region.side == side or self._smaller_ones)
        if not kept:
            self._missed.append(side)
        return kept


def _read(path: Path, number: int) -> Iterator[list[CropRegion]]:
    """Read the regions of each photo from a file."""
    with path.open("rb") as file:
        for _ in range(number):
            yield [CropRegion(*region) for region in pickle.load(file)]
