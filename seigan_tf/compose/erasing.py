"""Filling holes: the inpainter's colours, adjusted to the photo around them, with the photo's own fine detail."""

from dataclasses import dataclass

import cv2
import numpy as np

from seigan_tf.compose import geometry
from seigan_tf.compose.backends import Backend
from seigan_tf.compose.detail import detail
from seigan_tf.compose.geometry import Window
from seigan_tf.compose.matting import Matte
from seigan_tf.compose.pull_push import pull_push
from seigan_tf.data.crops import CropRegion
from seigan_tf.inference.tta import inpaint_tta

OBJECT = 0.1
"""A pixel with a higher mask value shows some of the object."""
CORE, FEATHER = 0.02, 0.04
"""Distances from the object, as fractions of the crop's side: pixels within the first are replaced, since the object's
edges and shadows lie there; over the second, outside it, photo and fill are mixed."""


@dataclass(frozen=True)
class Hole:
    """The part of a photo that is replaced for one object."""

    region: CropRegion
    weights: np.ndarray
    """uint8 [n, n] over the region: share of the fill, 0 to 255."""

    def window(self, width: int, height: int) -> Window:
        """The pixels of a photo of that size that may change."""
        rows, columns = (np.flatnonzero(self.weights.any(axis)) for axis in (1, 0))
        if not len(rows):
            return Window(0, 0, 0, 0)
        # An entry more on each side, since the map is interpolated between two.
        scale, count = self.region.side / len(self.weights), len(self.weights)
        left, top = max(columns[0] - 1, 0), max(rows[0] - 1, 0)
        right, bottom = min(columns[-1] + 2, count), min(rows[-1] + 2, count)
        box = self.region.x + left * scale, self.region.y + top * scale, (right - left) * scale, (bottom - top) * scale
        return geometry.window_around(box, width, height)


def hole_of(matte: Matte) -> Hole:
    """The object's mask, grown by CORE, with a soft rim of width FEATHER."""
    count = len(matte.low)
    core, feather = max(CORE * count, 1.0), max(FEATHER * count, 1.0)
    distance = cv2.distanceTransform((matte.low <= OBJECT).astype(np.uint8), cv2.DIST_L2, 5)
    part = np.clip((core + feather - distance) / feather, 0.0, 1.0)
    weights = part * part * (3 - 2 * part) if (matte.low > OBJECT).any() else np.zeros_like(part)
    return Hole(matte.region, np.rint(255 * weights).astype(np.uint8))


def mark(pending: np.ndarray, hole: Hole, value: int = 255) -> None:
    """Set the pixels of uint8 [height, width] to a value in the hole, where the photo has to be replaced."""
    window = hole.window(pending.shape[1], pending.shape[0])
    part = pending[window.of]
    for rows, weights in geometry.strips(hole.weights.astype(np.float32), hole.region, window):
        part[rows][weights > 127] = value


def fill(backend: Backend, pixels: np.ndarray, hole: Hole, pending: np.ndarray) -> None:
    """Replace the photo, uint8 [height, width, 3], in the hole, in place; every other pixel is unchanged.

    `pending`, uint8 [height, width], is 255 in this hole and in others that are not filled yet.
    """
    window = hole.window(pixels.shape[1], pixels.shape[0])
    if not window.width or not window.height:
        return
    colours = restored(backend, pixels, hole, pending)
    fine = detail(pixels, hole.region, window, pending, colours)
    target = pixels[window.of]
    both = np.dstack([colours, hole.weights.astype(np.float32) / 255])
    for rows, strip in geometry.strips(both, hole.region, window):
        difference = strip[..., :3] + fine[rows] - target[rows]
        target[rows] = np.rint(np.clip(target[rows] + difference * strip[..., 3:], 0, 255))


def fill_alpha(alpha: np.ndarray, hole: Hole, pending: np.ndarray) -> None:
    """Continue the transparency of a photo, uint8 [height, width], into the hole; in place, otherwise as `fill`."""
    window = hole.window(alpha.shape[1], alpha.shape[0])
    (around,), (unknown,) = (geometry.crops(array, hole.region, len(hole.weights)) for array in (alpha, pending))
    known = (unknown < 128).astype(np.float32)
    if not known.any():
        return
    both = np.dstack([pull_push(around[..., None].astype(np.float32), known), hole.weights.astype(np.float32) / 255])
    target = alpha[window.of]
    for rows, strip in geometry.strips(both, hole.region, window):
        target[rows] = np.rint(target[rows] + (strip[..., 0] - target[rows]) * strip[..., 1])


def restored(backend: Backend, pixels: np.ndarray, hole: Hole, pending: np.ndarray) -> np.ndarray:
    """The inpainter's fill, shifted to the colours just outside the hole: float32 [n, n, 3] in [0, 255]."""
    count, size = len(hole.weights), backend.size
    small, image = geometry.crops(pixels, hole.region, size, count)
    small_hole, unknown = geometry.crops(pending, hole.region, size, count)
    masks = (small_hole > 8).astype(np.float32)[None, ..., None]
    answer = (inpaint_tta(backend.inpaint, small[None], masks)[0] + 1) * 127.5
    colours = cv2.resize(answer, (count, count), interpolation=cv2.INTER_CUBIC)
    # Photo and fill are both known in the rim; their difference there is continued over the hole and added.
    rim = (unknown < 128) & (hole.weights > 0) & (hole.weights < 128)
    if rim.any():
        colours += pull_push(image.astype(np.float32) - colours, rim.astype(np.float32))
    return np.clip(colours, 0, 255)
