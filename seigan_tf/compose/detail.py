"""Fine detail for a fill that has none: the grain of the photo, and the texture around the hole.

Detail finer than the fill's S x S pixels is copied, in overlapping tiles, from calm places of the photo with similar
colours. White noise of the same strength would look like noise on gravel, grass and walls alike.
"""

import math
from collections.abc import Iterator

import cv2
import numpy as np

from seigan_tf.compose import geometry
from seigan_tf.compose.geometry import Window
from seigan_tf.data.crops import CropRegion

REACH = 2.0
"""Side of the square that is searched for tiles, relative to the crop's side."""
SIDE = 192
"""Cells across that square."""
TILE, STEP = 16, 4
"""Side of a tile, and distance between candidates, in cells."""
BLUR = 1.0
"""Standard deviation, in cells, of the blur that separates detail from colour."""
ALIKE = 8
"""Number of best tiles, of which one is drawn at random."""
DISTANCE, CONTRAST, REPEATED = 0.02, 2.0, 4.0
"""Costs of a tile besides unlike colours, in grey levels: per cell of distance; per grey level of contrast, so that no
edges are copied; per earlier use."""


class Tiles:
    """The photo around a hole in cells, and its tiles that can be copied. Arguments as in `detail`."""

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
        self.places = self._free_places()
        """int [tiles, 2]: rows and columns of the tiles outside all holes."""
        contrast = cv2.blur(np.abs(image - self.colours).mean(-1), (TILE, TILE), anchor=(0, 0))
        self._costs = CONTRAST * contrast[self.places[:, 0], self.places[:, 1]]
        self._known = self._features(self.colours, self.places)
        self._random = np.random.default_rng(0)

    def _free_places(self) -> np.ndarray:
        rows, columns = self.cells
        # None fits into a strip, a photo that is much longer than it is high.
        places = np.mgrid[0 : max(rows - TILE + 1, 0) : STEP, 0 : max(columns - TILE + 1, 0) : STEP].reshape(2, -1).T
        holes = cv2.integral(self.unknown.astype(np.uint8))
        top, left = places.T
        hidden = holes[top + TILE, left + TILE] - holes[top, left + TILE] - holes[top + TILE, left] + holes[top, left]
        return places[hidden == 0]

    def needed(self) -> Iterator[tuple[int, int]]:
        """Rows and columns of tiles, half a tile apart, that cover all unknown cells."""
        half = TILE // 2
        for top in range(-half, self.cells[0], half):
            for left in range(-half, self.cells[1], half):
                if self.unknown[max(top, 0) : top + TILE, max(left, 0) : left + TILE].any():
                    yield top, left

    def tile(self, place: tuple[int, int]) -> Window:
        """The pixels of the tile at a row and a column; they may reach past the photo's border."""
        left = self.window.left + math.floor(place[1] * self.scale)
        top = self.window.top + math.floor(place[0] * self.scale)
        return Window(left, top, left + self.span, top + self.span)

    def draw(self, wanted: np.ndarray, place: tuple[int, int]) -> Window:
        """Choose the pixels whose detail is copied to the tile at `place` (row, column) of `wanted` colours."""
        costs = np.abs(self._known - self._features(wanted, np.array([place]))).mean(1) + self._costs
        costs += DISTANCE * np.abs(self.places - place).max(1)
        best = np.argpartition(costs, min(ALIKE, len(costs)) - 1)[:ALIKE]
        chosen = self._random.choice(best)
        self._costs[chosen] += REPEATED
        tile = self.tile(self.places[chosen])
        # Rounding may move a tile at the photo's border a pixel past it.
        return tile.moved(min(self.window.right - tile.right, 0), min(self.window.bottom - tile.bottom, 0))

    def blurred(self, window: Window) -> np.ndarray:
        """The photo without its detail at the pixels of a window: float32 [window.height, window.width, 3]."""
        across, down = self.cells[1] / self.window.width, self.cells[0] / self.window.height
        left, top = window.left - self.window.left + 0.5, window.top - self.window.top + 0.5
        to_cells = np.array([[across, 0, left * across - 0.5], [0, down, top * down - 0.5]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = window.width, window.height
        return cv2.warpAffine(self.colours, to_cells, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)

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
    """Detail that is added to the colours of a fill.

    Args:
        pixels: the photo, uint8 [height, width, 3].
        region: the hole's crop.
        window: the part of the photo that needs detail.
        pending: uint8 [height, width], above 0 at pixels that must not be copied.
        colours: float32 [n, n, 3] in [0, 255], the fill over the region.

    Returns:
        float32 [window.height, window.width, 3], around 0; all 0 if no tile of the photo is free.
    """
    total = np.zeros((window.height, window.width, 3), np.float32)
    tiles = Tiles(pixels, pending, region)
    if not len(tiles.places):
        return total
    squares = np.full((window.height, window.width, 1), 1e-6, np.float32)
    rows, columns = ((np.arange(count) + 0.5) * tiles.scale for count in tiles.cells)
    filled = geometry.sample(colours, region, (tiles.window.top + rows)[:, None], tiles.window.left + columns)
    wanted = np.where(tiles.unknown[..., None], filled, tiles.colours)
    hann = np.hanning(tiles.span + 2)[1:-1].astype(np.float32)
    weights = np.sqrt(hann[:, None] * hann)[..., None]
    for place in tiles.needed():
        tile = tiles.tile(place)
        overlap = tile.overlap(window)
        if not overlap.width or not overlap.height:
            continue
        source = tiles.draw(wanted, place)
        inside, here = overlap.moved(-tile.left, -tile.top).of, overlap.moved(-window.left, -window.top).of
        total[here] += (pixels[source.of] - tiles.blurred(source))[inside] * weights[inside]
        squares[here] += (weights * weights)[inside]
    # Details of different places are uncorrelated, so that their variances add up.
    total /= np.sqrt(squares, out=squares)
    return total
