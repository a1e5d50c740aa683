"""Fills holes: the inpainter's colours, made to meet the photo around them, with the photo's own fine detail."""

from dataclasses import dataclass

import cv2
import numpy as np

from seigan_tf.compose import detail, geometry
from seigan_tf.compose.backends import Backend
from seigan_tf.compose.geometry import Window
from seigan_tf.compose.matting import Matte
from seigan_tf.compose.pull_push import pull_push
from seigan_tf.data.crops import CropRegion
from seigan_tf.inference.tta import inpaint_tta

OBJECT = 0.1
"""A pixel of the mask above it shows some of the object."""
CORE = 0.02
"""By the crop's side: how far around the object nothing of the photo is trusted, as edges and shadows lie there."""
FEATHER = 0.04
"""By the crop's side: the width, around that, in which photo and fill mix."""


@dataclass(frozen=True)
class Hole:
    """What of a photo is to be replaced for one object."""

    region: CropRegion
    weights: np.ndarray
    """uint8 [n, n] over the region: 0 the photo stays, 255 only the fill counts."""

    def window(self, width: int, height: int) -> Window:
        """The pixels of a photo of that size which may change."""
        rows, columns = (np.flatnonzero(self.weights.any(axis)) for axis in (1, 0))
        if not len(rows):
            return Window(0, 0, 0, 0)
        # An entry more on each side: between two, the map is interpolated.
        scale, count = self.region.side / len(self.weights), len(self.weights)
        left, top = max(columns[0] - 1, 0), max(rows[0] - 1, 0)
        right, bottom = min(columns[-1] + 2, count), min(rows[-1] + 2, count)
        box = self.region.x + left * scale, self.region.y + top * scale, (right - left) * scale, (bottom - top) * scale
        return geometry.window_around(box, width, height)


def hole_of(matte: Matte) -> Hole:
    """The object's mask, grown, with a soft rim."""
    count = len(matte.low)
    core, feather = max(CORE * count, 1.0), max(FEATHER * count, 1.0)
    distance = cv2.distanceTransform((matte.low <= OBJECT).astype(np.uint8), cv2.DIST_L2, 5)
    part = np.clip((core + feather - distance) / feather, 0.0, 1.0)
    weights = part * part * (3 - 2 * part) if (matte.low > OBJECT).any() else np.zeros_like(part)
    return Hole(matte.region, np.rint(255 * weights).astype(np.uint8))


def mark(pending: np.ndarray, hole: Hole, value: int = 255) -> None:
    """Sets pixels of uint8 [height, width] to a value where the photo in the hole is not to be relied on."""
    window = hole.window(pending.shape[1], pending.shape[0])
    part = pending[window.of]
    for rows, weights in geometry.strips(hole.weights.astype(np.float32), hole.region, window):
        part[rows][weights > 127] = value


def fill(backend: Backend, pixels: np.ndarray, hole: Hole, pending: np.ndarray) -> None:
    """Replaces the photo in the hole; every other pixel stays what it is.

    Args:
        backend: of which the inpainter is asked.
        pixels: of the photo, uint8 [height, width, 3]; changed in place.
        hole: what to fill.
        pending: uint8 [height, width], 255 where this hole and others are that have not been filled yet.
    """
    window = hole.window(pixels.shape[1], pixels.shape[0])
    if not window.width or not window.height:
        return
    colours = restored(backend, pixels, hole, pending)
    fine = detail.detail(pixels, hole.region, window, pending, colours)
    shown = pixels[window.of]
    both = np.dstack([colours, hole.weights.astype(np.float32) / 255])
    for rows, strip in geometry.strips(both, hole.region, window):
        difference = strip[..., :3] + fine[rows] - shown[rows]
        # Where the weight is 0, to the pixel's value 0 is added.
        shown[rows] = np.rint(np.clip(shown[rows] + difference * strip[..., 3:], 0, 255))


def fill_alpha(alpha: np.ndarray, hole: Hole, pending: np.ndarray) -> None:
    """Continues the transparency of a photo, uint8 [height, width], into the hole; in place, otherwise as `fill`."""
    window = hole.window(alpha.shape[1], alpha.shape[0])
    (around,), (unknown,) = (geometry.crops(array, hole.region, len(hole.weights)) for array in (alpha, pending))
    known = (unknown < 128).astype(np.float32)
    if not known.any():
        return
    both = np.dstack([pull_push(around[..., None].astype(np.float32), known), hole.weights.astype(np.float32) / 255])
    part = alpha[window.of]
    for rows, strip in geometry.strips(both, hole.region, window):
        part[rows] = np.rint(part[rows] + (strip[..., 0] - part[rows]) * strip[..., 1])


def restored(backend: Backend, pixels: np.ndarray, hole: Hole, pending: np.ndarray) -> np.ndarray:
    """What the inpainter puts into the hole, moved to the colours just outside: float32 [n, n, 3] in [0, 255].

    Arguments as in `fill`.
    """
    count, size = len(hole.weights), backend.size
    small, image = geometry.crops(pixels, hole.region, size, count)
    small_hole, unknown = geometry.crops(pending, hole.region, size, count)
    masks = (small_hole > 8).astype(np.float32)[None, ..., None]
    answer = (inpaint_tta(backend.inpaint, small[None], masks)[0] + 1) * 127.5
    colours = cv2.resize(answer, (count, count), interpolation=cv2.INTER_CUBIC)
    # In the rim both are known: what they differ by there is spread over the hole and added.
    rim = (unknown < 128) & (hole.weights > 0) & (hole.weights < 128)
    if rim.any():
        colours += pull_push(image.astype(np.float32) - colours, rim.astype(np.float32))
    return np.clip(colours, 0, 255)
