"""Nearest-neighbour fields of patches, and images made from them: one scale of the fill in `filling.py`.

PatchMatch (Barnes et al., "PatchMatch: A Randomized Correspondence Algorithm for Structural Image Editing", SIGGRAPH
2009) finds for each patch of a hole one of the known area that looks alike: each patch tries the matches of its
neighbours, then places at random around its own, and keeps the best. All patches try at once, so that arrays do the
work. Then every pixel of the hole becomes the weighted mean of what the matches of the patches around it show there
(Wexler et al., "Space-Time Completion of Video", PAMI 2007).
"""

import cv2
import numpy as np

RADIUS = 3
"""Patches have 2 RADIUS + 1 pixels a side."""
SIDE = 2 * RADIUS + 1
COSINES = np.sqrt(np.where(np.arange(5) == 0, 1, 2) / SIDE)[:, None] * np.cos(
    np.pi * (np.arange(SIDE) + 0.5) * np.arange(5)[:, None] / SIDE
)
"""The lowest five functions of the orthonormal discrete cosine transform of a patch's row, float [5, SIDE]."""
ORDERS = (
    *((0, i, j) for i in range(5) for j in range(5 - i)),
    *((axis, i, j) for axis in (1, 2) for i, j in ((0, 0), (0, 1), (1, 0))),
)
"""Features of a patch: axis of colour, orders of the transform down and across."""
AXES = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])
"""Brightness and two orthonormal axes of colour."""
STEPS = (8, 4, 2, 1)
"""Distances of the neighbours whose matches a patch tries, in pixels."""
NEIGHBOURS = ((0, 1), (1, 0), (0, -1), (-1, 0))
DECAY, DEEPEST = 5.0, 40
"""A patch counts DECAY times less in the mean for each pixel of its distance from what is known, up to DEEPEST: holes
are filled from their rims inwards. If all patches count alike, means become smooth, and smooth places match them best.
"""
LOYAL = 0.75
"""A match found at random has to cost less than this part of the old one's cost, so that neighbours keep copying the
same piece of the photo, and a fill has few seams.
"""
SHARP = 3.0
"""Sharpness of the mean: with more, the patches with the best matches decide."""
LEAST = 1e-60
"""Smallest weight of a patch."""


class Random:
    """Random numbers that any language gives: draw d, from 1, of element i is mix(i + 0x9E3779B9 (1000003 seed + d)).

    All of it is modulo 2³². `mix` takes x ^= x >> 16, x *= 0x7FEB352D, x ^= x >> 15, x *= 0x846CA68B, x ^= x >> 16
    (github.com/skeeto/hash-prospector).
    """

    def __init__(self, seed: int):
        self._draw = 1000003 * seed

    def below(self, limit: int, count: int) -> np.ndarray:
        """int32 [count] in [0, limit): (x >> 8) limit >> 24 of the next draw's x. `limit` is at most 2²⁴."""
        self._draw += 1
        x = np.arange(count, dtype=np.uint32) + np.uint32(self._draw * 0x9E3779B9 & 0xFFFFFFFF)
        for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
            x ^= x >> np.uint32(shift)
            x *= np.uint32(factor)
        x ^= x >> np.uint32(16)
        return ((x >> np.uint32(8)).astype(np.int64) * limit >> 24).astype(np.int32)


class Field:
    """The patches that touch a hole, and a match for each.

    Args:
        image: float32 [h, w, 3] in [0, 255], with a first guess in the hole.
        unknown: bool [h, w], the hole.
        sources: bool [h, w], centres of patches that may be copied: at least RADIUS from the border, one at least.
        guide: float32 [h, w, 3], colours that matches should have; of the photo itself outside the hole.
        guide_weight: weight of the guide's differences, relative to those of a patch; 0 for none.
        place_weight: cost of a distance of one pixel between a patch and its match, in grey levels.
        random: source of random numbers.
    """

    def __init__(
        self,
        image: np.ndarray,
        unknown: np.ndarray,
        sources: np.ndarray,
        guide: np.ndarray,
        guide_weight: float,
        place_weight: float,
        random: Random,
    ):
        self.image, self.unknown, self.sources = image, unknown, sources
        self.height, self.width = unknown.shape
        touched = cv2.dilate(unknown.astype(np.uint8), np.ones((SIDE, SIDE), np.uint8)) > 0
        self.y, self.x = (values.astype(np.int32) for values in np.nonzero(touched))
        """Centres of the patches, int32 [n]."""
        self.index = np.full(unknown.shape, -1, np.int32)
        """Number of the patch at each pixel, -1 for none."""
        self.index[self.y, self.x] = np.arange(len(self.y))
        self.match_y, self.match_x = np.zeros_like(self.y), np.zeros_like(self.x)
        self.costs = np.zeros(len(self.y), np.float32)
        self._random = random
        self._pixels = np.flatnonzero(unknown)
        depth = cv2.distanceTransform(np.pad(unknown, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
        self._confidence = DECAY ** -np.minimum(depth[self.y, self.x], DEEPEST).astype(np.float64)
        rows, columns = np.mgrid[: self.height, : self.width].astype(np.float32)
        fixed = [place_weight * rows, place_weight * columns]
        if guide_weight:
            fixed += list(np.moveaxis(guide_weight * guide, -1, 0))
        self._features = np.dstack([patch_features(image), *fixed])
        self._wanted = self._features[self.y, self.x]
        top, bottom = self.y.min() - RADIUS, self.y.max() + 1 + RADIUS
        left, right = self.x.min() - RADIUS, self.x.max() + 1 + RADIUS
        self._part = np.s_[max(top, 0) : bottom, max(left, 0) : right]
        moves = [(step * down, step * across) for step in STEPS for down, across in NEIGHBOURS]
        self._neighbours = [(*move, *self._pairs(*move)) for move in moves]

    def start(self, earlier: "Field | None") -> None:
        """Take over the matches of a coarser field; patches without a usable one get random ones."""
        drawn = np.flatnonzero(self.sources)[self._random.below(int(self.sources.sum()), len(self.y))]
        y, x = drawn // self.width, drawn % self.width
        if earlier is not None:
            down, across = earlier.height / self.height, earlier.width / self.width
            rows = np.minimum((self.y * down).astype(int), earlier.height - 1)
            columns = np.minimum((self.x * across).astype(int), earlier.width - 1)
            patch = earlier.index[rows, columns]
            near_y = self.y + np.rint((earlier.match_y[patch] - rows) / down).astype(int)
            near_x = self.x + np.rint((earlier.match_x[patch] - columns) / across).astype(int)
            usable = (patch >= 0) & self._allowed(near_y, near_x)
            y, x = np.where(usable, near_y, y), np.where(usable, near_x, x)
        self.match_y, self.match_x = y.astype(np.int32), x.astype(np.int32)

    def search(self, rounds: int, reach: int) -> None:
        """Improve the matches, at random up to `reach` pixels around them, for what the image shows in the hole now."""
        patch = patch_features(self.image[self._part])
        top, left = self._part[0].start, self._part[1].start
        self._wanted[:, : len(ORDERS)] = patch[self.y - top, self.x - left]
        every = np.arange(len(self.y))
        self.costs = self._costs(self.match_y, self.match_x, every)
        for _ in range(rounds):
            for down, across, who, other in self._neighbours:
                self._try(self.match_y.take(other) - down, self.match_x.take(other) - across, who)
            radius = reach
            while radius >= 1:
                move_y, move_x = (self._random.below(2 * radius + 1, len(every)) - radius for _ in range(2))
                self._try(self.match_y + move_y, self.match_x + move_x, every, LOYAL)
                radius //= 2

    def vote(self) -> None:
        """Make the image in the hole from the matches."""
        spread = max(float(np.percentile(self.costs, 75)), 1.0)
        weights = np.maximum(self._confidence * np.exp(-SHARP * self.costs / spread), LEAST)
        weights = np.append(weights, 0)  # the last one is that of -1, no patch
        total, norm = np.zeros((3, len(self._pixels))), np.zeros(len(self._pixels))
        index, width = np.pad(self.index, RADIUS, constant_values=-1), self.width + 2 * RADIUS
        pixels = (self._pixels // self.width + RADIUS) * width + self._pixels % self.width + RADIUS
        channels = np.ascontiguousarray(self.image.reshape(-1, 3).T, np.float64)
        match = self.match_y * self.width + self.match_x
        for down in range(-RADIUS, RADIUS + 1):
            for across in range(-RADIUS, RADIUS + 1):
                patch = index.take(pixels - down * width - across)
                weight = weights.take(patch)
                total += channels.take(match.take(patch) + (down * self.width + across), 1) * weight
                norm += weight
        self.image = self.image.copy()
        self.image.reshape(-1, 3)[self._pixels] = (total / norm).T

    def _try(self, y: np.ndarray, x: np.ndarray, who: np.ndarray, part: float = 1.0) -> None:
        """Patches `who` take other matches where these cost less than that part of the costs now."""
        allowed = self._allowed(y, x) & ((y != self.match_y[who]) | (x != self.match_x[who]))
        y, x, who = y[allowed], x[allowed], who[allowed]
        costs = self._costs(y, x, who)
        better = costs < part * self.costs[who]
        who = who[better]
        self.costs[who], self.match_y[who], self.match_x[who] = costs[better], y[better], x[better]

    def _allowed(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        inside = (y >= 0) & (x >= 0) & (y < self.height) & (x < self.width)
        return self.sources.take(np.where(inside, y * self.width + x, 0))  # the first pixel is at the border, no source

    def _costs(self, y: np.ndarray, x: np.ndarray, who: np.ndarray) -> np.ndarray:
        """Squared differences of the features of patches `who` and of places."""
        difference = self._features.reshape(self.height * self.width, -1).take(y * self.width + x, 0)
        difference -= self._wanted.take(who, 0)
        return np.einsum("ij,ij->i", difference, difference)

    def _pairs(self, down: int, across: int) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the patches that have one at this distance, and the numbers of those."""
        y, x = self.y + down, self.x + across
        inside = (y >= 0) & (x >= 0) & (y < self.height) & (x < self.width)
        other = np.where(inside, self.index.take(np.where(inside, y * self.width + x, 0)), -1)
        who = np.flatnonzero(other >= 0)
        return who, other[who]


def patch_features(image: np.ndarray) -> np.ndarray:
    """Features of the patch around each pixel of float32 [h, w, 3], borders mirrored: float32 [h, w, len(ORDERS)].

    The squared distance of two is about that of the mean squared colours of their patches, without the finest detail.
    """
    axes = [np.ascontiguousarray(axis) for axis in np.moveaxis(image @ AXES.T.astype(np.float32), -1, 0)]
    planes = [
        cv2.sepFilter2D(axes[axis], -1, COSINES[across], COSINES[down], borderType=cv2.BORDER_REFLECT) / SIDE
        for axis, down, across in ORDERS
    ]
    return np.stack(planes, axis=-1).astype(np.float32)
