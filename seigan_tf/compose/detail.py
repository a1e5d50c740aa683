"""The photo's own fine detail for a fill that has none: its grain, and the texture of what lies around the hole.

What a fill of S x S pixels cannot show is taken, in overlapping tiles, from calm places of the photo whose colours are
like the fill's. White noise of the same strength looks like noise on gravel, grass and walls alike; this does not.
"""

import math
from collections.abc import Iterator

import cv2
import numpy as np

from seigan_tf.compose import geometry
from seigan_tf.compose.geometry import Window
from seigan_tf.data.crops import CropRegion

REACH = 2.0
"""Side of the square in which tiles are looked for, by the crop's side."""
SIDE = 192
"""Cells across that square when they are looked for; the next three are in cells."""
TILE = 16
STEP = 4
"""Between the tiles to choose from."""
BLUR = 1.0
"""Standard deviation of the blur that parts detail from colour."""
ALIKE = 8
"""One of the most suitable tiles is drawn at random."""
DISTANCE, CONTRAST, REPEATED = 0.02, 2.0, 4.0
"""What counts beside unlike colours, in grey levels: a cell of distance; a grey level of contrast, so that no edges are
copied; each time that the tile was used."""


class Tiles:
    """The photo around a hole in cells, and the tiles of it that can be used.

    Args:
        pixels: of the photo, uint8 [height, width, 3].
        pending: uint8 [height, width], above 0 where nothing can be taken from.
        region: of the hole's crop.
    """

    def __init__(self, pixels: np.ndarray, pending: np.ndarray, region: CropRegion):
        self.scale = max(REACH * region.side / SIDE, 1.0)
        """Pixels of the photo across a cell."""
        self.span = round(TILE * self.scale)
        """Pixels across a tile."""
        margin = round((REACH - 1) * region.side / 2)
        box = region.x - margin, region.y - margin, region.side + 2 * margin, region.side + 2 * margin
        self.window = geometry.window_around(box, pixels.shape[1], pixels.shape[0])
        self.cells = max(int(self.window.height / self.scale), 1), max(int(self.window.width / self.scale), 1)
        image, unknown = (
            cv2.resize(array[self.window.of], self.cells[::-1], interpolation=cv2.INTER_AREA)
            for array in (pixels, pending)
        )
        image = image.astype(np.float32)
        self.colours = cv2.GaussianBlur(image, (0, 0), BLUR)
        """float32 [rows, columns, 3]: the photo without its detail."""
        self.unknown = unknown > 0
        self.places = self._free()
        """int [tiles, 2]: rows and columns of the tiles that show no hole."""
        contrast = cv2.blur(np.abs(image - self.colours).mean(-1), (TILE, TILE), anchor=(0, 0))
        self._costs = CONTRAST * contrast[self.places[:, 0], self.places[:, 1]]
        self._known = self._features(self.colours, self.places)
        self._random = np.random.default_rng(0)

    def _free(self) -> np.ndarray:
        rows, columns = self.cells
        # None fits where the photo is a strip, much longer than it is high.
        places = np.mgrid[0 : max(rows - TILE + 1, 0) : STEP, 0 : max(columns - TILE + 1, 0) : STEP].reshape(2, -1).T
        holes = cv2.integral(self.unknown.astype(np.uint8))
        top, left = places.T
        hidden = holes[top + TILE, left + TILE] - holes[top, left + TILE] - holes[top + TILE, left] + holes[top, left]
        return places[hidden == 0]

    def needing(self) -> Iterator[tuple[int, int]]:
        """Rows and columns of tiles, half a tile apart, that cover all that is not known."""
        half = TILE // 2
        for top in range(-half, self.cells[0], half):
            for left in range(-half, self.cells[1], half):
                if self.unknown[max(top, 0) : top + TILE, max(left, 0) : left + TILE].any():
                    yield top, left

    def corner(self, place: tuple[int, int]) -> tuple[int, int]:
        """Left and top of a tile in the photo."""
        return (
            self.window.left + math.floor(place[1] * self.scale),
            self.window.top + math.floor(place[0] * self.scale),
        )

    def draw(self, wanted: np.ndarray, place: tuple[int, int]) -> Window:
        """The pixels of the photo to take detail from, for a tile at `place` (row, column) of `wanted` colours."""
        costs = np.abs(self._known - self._features(wanted, np.array([place]))).mean(1) + self._costs
        costs += DISTANCE * np.abs(self.places - place).max(1)
        best = np.argpartition(costs, min(ALIKE, len(costs)) - 1)[:ALIKE]
        chosen = self._random.choice(best)
        self._costs[chosen] += REPEATED
        left, top = self.corner(self.places[chosen])
        # Rounding may take a tile at the photo's border a pixel past it.
        left, top = min(left, self.window.right - self.span), min(top, self.window.bottom - self.span)
        return Window(left, top, left + self.span, top + self.span)

    def blurred(self, window: Window) -> np.ndarray:
        """The photo without its detail at the pixels of a window: float32 [window.height, window.width, 3]."""
        part = self.colours
        rows, columns = (
            (np.arange(start, stop) + 0.5 - origin) * (count / length) - 0.5
            for start, stop, origin, count, length in (
                (window.top, window.bottom, self.window.top, part.shape[0], self.window.height),
                (window.left, window.right, self.window.left, part.shape[1], self.window.width),
            )
        )
        first = [max(math.floor(axis[0]), 0) for axis in (rows, columns)]
        part = part[first[0] : math.ceil(rows[-1]) + 1, first[1] : math.ceil(columns[-1]) + 1]
        maps = np.meshgrid((columns - first[1]).astype(np.float32), (rows - first[0]).astype(np.float32))
        return cv2.remap(part, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    @staticmethod
    def _features(image: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Colours of tiles at 4 x 4 points: float32 [tiles, 48]."""
        points = np.arange(TILE // 8, TILE, TILE // 4)
        rows, columns = places[:, 0, None, None] + points[:, None], places[:, 1, None, None] + points
        rows, columns = np.clip(rows, 0, image.shape[0] - 1), np.clip(columns, 0, image.shape[1] - 1)
        return image[rows, columns].reshape(len(places), 4 * 4 * 3)


def detail(
    pixels: np.ndarray, region: CropRegion, window: Window, pending: np.ndarray, colours: np.ndarray
) -> np.ndarray:
    """Detail for a fill, to be added to its colours.

    Args:
        pixels: of the photo, uint8 [height, width, 3].
        region: of the hole's crop.
        window: of the photo, that needs detail.
        pending: uint8 [height, width], above 0 where nothing can be taken from.
        colours: float32 [n, n, 3], the fill over the region, in [0, 255].

    Returns:
        float32 [window.height, window.width, 3], around 0; 0 where no tile of the photo is free.
    """
    total = np.zeros((window.height, window.width, 3), np.float32)
    tiles = Tiles(pixels, pending, region)
    if not len(tiles.places):
        return total
    squares = np.full((window.height, window.width, 1), 1e-6, np.float32)
    centres = [(np.arange(count) + 0.5) * tiles.scale for count in tiles.cells]
    filled = geometry.sample(colours, region, (tiles.window.top + centres[0])[:, None], tiles.window.left + centres[1])
    wanted = np.where(tiles.unknown[..., None], filled, tiles.colours)
    bell = np.hanning(tiles.span + 2)[1:-1].astype(np.float32)
    bell = np.sqrt(bell[:, None] * bell)[..., None]
    for place in tiles.needing():
        left, top = tiles.corner(place)
        seen = Window(
            *(max(left, window.left), max(top, window.top)),
            *(min(left + tiles.span, window.right), min(top + tiles.span, window.bottom)),
        )
        if not seen.width or not seen.height:
            continue
        source = tiles.draw(wanted, place)
        part = slice(seen.top - top, seen.bottom - top), slice(seen.left - left, seen.right - left)
        here = (
            slice(seen.top - window.top, seen.bottom - window.top),
            slice(seen.left - window.left, seen.right - window.left),
        )
        total[here] += (pixels[source.of] - tiles.blurred(source))[part] * bell[part]
        squares[here] += (bell * bell)[part]
    # Details of different places do not agree, so that it is variances that add up.
    total /= np.sqrt(squares, out=squares)
    return total
