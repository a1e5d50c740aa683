"""The search for backgrounds over all photographs, as large as the crops of the objects."""

import heapq
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seigan_tf.data.crops import CropRegion
from seigan_tf.data.planning.backgrounds import Scene, find_background, largest_square

MAX_PER_PHOTO = 24  # most regions of one photo
GOLDEN = 0.618  # fraction of a circle; steps of it reach all parts of the circle


class Share(NamedTuple):
    """The photos of one split, and the regions wanted from them together."""

    photos: np.ndarray  # bool, one for each photo: whether it belongs to the split
    sides: np.ndarray  # sides of the split's object regions in pixels, int, ascending
    wanted: int  # number of regions; none are looked for if there are no sides


def mine(
    scenes: Callable[[], Iterable[Scene]], order: np.ndarray, shares: Sequence[Share], seed: int, folder: Path
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
        folder: place of temporary files; the last one stays.

    Returns:
        The regions of each photo, in the order of the photos, read from the last file.
    """
    rooms = np.fromiter(map(largest_square, scenes()), np.int64, len(order))
    found = np.zeros(len(order), np.uint8)
    splits = [_Split(share) for share in shares]
    owners = np.argmax([share.photos for share in shares], axis=0)
    path: Path | None = None
    for turn in count():
        asked = np.zeros(len(order), np.int64)
        for split in splits:
            split.ask(asked, rooms, found, order)
        if not asked.any():
            break
        before, path = path, folder / f"mined{turn}"
        with path.open("wb") as file:
            for index, (scene, regions) in enumerate(zip(scenes(), _read(before, len(order)), strict=True)):
                if asked[index]:
                    side, split = int(asked[index]), splits[owners[index]]
                    region = find_background(scene, side, split.smallest, seed, regions)
                    if region is None or region.side < side:
                        rooms[index] = region.side if region else 0
                    if split.takes(region, side) and region:
                        regions.append(region)
                        found[index] += 1
                        if found[index] == MAX_PER_PHOTO:
                            rooms[index] = 0
                pickle.dump([tuple(region) for region in regions], file)
        if before is not None:
            before.unlink()
    return _read(path, len(order))


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


def _read(path: Path | None, number: int) -> Iterator[list[CropRegion]]:
    """Read the regions of each photo from a file; without a file each of the photos has none."""
    if path is None:
        yield from ([] for _ in range(number))
        return
    with path.open("rb") as file:
        for _ in range(number):
            yield [CropRegion(*region) for region in pickle.load(file)]
