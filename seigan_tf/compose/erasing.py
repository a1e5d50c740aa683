"""Filling holes: the inpainter decides on colours and layout, and patches of the photo give them its texture."""

from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import cv2
import numpy as np

from seigan_tf.compose import filling, geometry
from seigan_tf.compose.backends import Backend
from seigan_tf.compose.geometry import Window
from seigan_tf.compose.matting import OBJECT, Matte
from seigan_tf.compose.pull_push import pull_push
from seigan_tf.data.crops import CropRegion
from seigan_tf.inference.tta import inpaint_tta

CORE, FEATHER = 0.02, 0.04
"""Distances from the object, as fractions of the crop's side: pixels within the first and half of the second are
replaced, since the object's edges and shadows lie there; over the other half photo and fill are mixed. Chosen with
`benchmarks/rims.py`: a larger margin removes no more of the rim."""
REACH, NEAR, MARGIN = 2.0, 0.1, 8
"""Patches are copied from as far from the hole as REACH times its long side, and MARGIN pixels; other holes as far as
NEAR times its long side, and MARGIN pixels, are filled with it."""
RIM = 0.04
"""Width of the rim around a hole in which the inpainter's colours are compared with the photo's, as a fraction of the
crop's side."""
WHOLE = 127
"""Weight of a hole, of 255, from which the fill replaces the photo wholly."""
Fill = Literal["both", "patches", "network"]
"""Network: the inpainter's answer alone; patches: patches of the photo, found without it; both: patches found with it.
Where the photo has too little to copy, all give the colours from which the patches start."""
METHODS: tuple[Fill, ...] = get_args(Fill)


def check_fill(method: str) -> None:
    """Raise ValueError if a fill is none of METHODS."""
    if method not in METHODS:
        raise ValueError(f"fill is {method!r}, expected {', '.join(METHODS[:-1])} or {METHODS[-1]}")


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
    weights = part * part * (3 - 2 * part) if matte.found else np.zeros_like(part)
    return Hole(matte.region, np.rint(255 * weights).astype(np.uint8))


def mark(pending: np.ndarray, hole: Hole) -> None:
    """Count a hole at its pixels, where the photo has to be replaced, in uint8 [height, width]; 255 is 255 or more."""
    window = hole.window(pending.shape[1], pending.shape[0])
    part = pending[window.of]
    for rows, weights in geometry.strips(hole.weights.astype(np.float32), hole.region, window):
        part[rows] += (weights > 0.5) & (part[rows] < 255)


def unmark(pending: np.ndarray, hole: Hole, staying: np.ndarray | None = None) -> None:
    """Take a hole that is filled out of the counts of `mark`; `staying` as in `fill`.

    Pixels that the fill replaced wholly are out of all holes. Its soft rim shows other holes' objects through, and
    stays in them.
    """
    window = hole.window(pending.shape[1], pending.shape[0])
    part, weights = pending[window.of], hole.weights.astype(np.float32)
    both = np.dstack([weights, np.minimum(weights, WHOLE)])  # the second as in `fill`
    for rows, strip in geometry.strips(both, hole.region, window):
        part[rows] -= (strip[..., 0] > 0.5) & (part[rows] > 0) & (part[rows] < 255)
        whole = strip[..., 1] > WHOLE - 0.5
        part[rows][whole if staying is None else whole & (staying[window.of][rows] == 0)] = 0


def is_filled(pending: np.ndarray, hole: Hole, staying: np.ndarray | None = None) -> bool:
    """Whether other fills have replaced already what this hole would replace wholly: it lies in another, or is one."""
    window = hole.window(pending.shape[1], pending.shape[0])
    here = [np.zeros(0, bool)]
    for rows, weights in geometry.strips(np.minimum(hole.weights, WHOLE, dtype=np.float32), hole.region, window):
        whole = weights > WHOLE - 0.5
        here.append(pending[window.of][rows][whole if staying is None else whole & (staying[window.of][rows] == 0)] > 0)
    left = np.concatenate(here)
    return len(left) > 0 and not left.any()


def fill(
    backend: Backend,
    pixels: np.ndarray,
    hole: Hole,
    pending: np.ndarray,
    avoid: np.ndarray,
    method: Fill = "both",
    seed: int = 0,
    staying: np.ndarray | None = None,
) -> None:
    """Replace the photo, uint8 [height, width, 3], in the hole, in place; every other pixel is unchanged.

    `pending`, uint8 [height, width], is above 0 in this hole and in others that are not filled yet; `avoid`, alike, at
    pixels that must not be copied. Another `seed` gives another choice of patches. `staying`, uint8 [height, width],
    is the share of the photo that stays in the hole, 0 to 255.
    """
    height, width = pending.shape
    window = hole.window(width, height)
    if not window.width or not window.height:
        return
    around = _grown(window, REACH, width, height)
    unknown = np.zeros((around.height, around.width), bool)
    near = _grown(window, NEAR, width, height).moved(-around.left, -around.top).of
    unknown[near] = pending[around.of][near] > 0  # others further away need no fill now
    colours = (smooth if method == "patches" else partial(restored, backend))(pixels, hole, pending)
    inside = window.moved(-around.left, -around.top)
    textured = None
    if method != "network" and unknown.any():

        def guide(rows: int, columns: int) -> np.ndarray:
            y = around.top + (np.arange(rows) + 0.5) * around.height / rows
            x = around.left + (np.arange(columns) + 0.5) * around.width / columns
            return geometry.sample(colours, hole.region, y[:, None], x)

        textured = filling.fill(pixels[around.of], unknown, avoid[around.of], guide, method == "both", seed, inside)
    target = pixels[window.of]
    shares = np.minimum(hole.weights / np.float32(WHOLE), 1)
    values = np.dstack([shares, colours]) if textured is None else shares[..., None]
    for rows, strip in geometry.strips(values, hole.region, window):
        filled, there = (strip[..., 1:], unknown[inside.of][rows]) if textured is None else (a[rows] for a in textured)
        share = _reduced(strip[..., 0], staying, window, rows)[..., None] * there[..., None]
        target[rows] = np.rint(target[rows] + (filled - target[rows].astype(np.float32)) * share)


def _reduced(share: np.ndarray, staying: np.ndarray | None, window: Window, rows: slice) -> np.ndarray:
    """The share of a fill in rows of a window, without what stays of the photo."""
    return share if staying is None else share * (1 - staying[window.of][rows] / np.float32(255))


def _grown(window: Window, part: float, width: int, height: int) -> Window:
    """A window grown on each side by a part of its long side and by MARGIN pixels, inside the photo."""
    more = round(part * max(window.width, window.height)) + MARGIN
    box = window.left - more, window.top - more, window.width + 2 * more, window.height + 2 * more
    return geometry.window_around(box, width, height)


def fill_alpha(alpha: np.ndarray, hole: Hole, pending: np.ndarray, staying: np.ndarray | None = None) -> None:
    """Continue the transparency of a photo, uint8 [height, width], into the hole; in place, otherwise as `fill`."""
    window = hole.window(alpha.shape[1], alpha.shape[0])
    (around,) = geometry.crops(alpha, hole.region, len(hole.weights))
    (unknown,) = _hidden(pending, hole.region, len(hole.weights))
    known = (unknown < 128).astype(np.float32)
    if not known.any():
        return
    shares = np.minimum(hole.weights / np.float32(WHOLE), 1)
    both = np.dstack([pull_push(around[..., None].astype(np.float32), known), shares])
    target = alpha[window.of]
    for rows, strip in geometry.strips(both, hole.region, window):
        share = _reduced(strip[..., 1], staying, window, rows)
        target[rows] = np.rint(target[rows] + (strip[..., 0] - target[rows]) * share)


def _hidden(pending: np.ndarray, region: CropRegion, *sizes: int) -> list[np.ndarray]:
    """Crops of the pixels that are in a hole, from 0 to 255, otherwise as `geometry.crops`."""
    if region.side <= geometry.LARGEST_SIDE:  # a larger one is cut from the whole photo, reduced
        height, width = pending.shape
        # Past the photo's border a crop shows pixels up to its side away.
        beside = region.x - region.side, region.y - region.side, 3 * region.side, 3 * region.side
        near = geometry.window_around(beside, width, height)
        pending, region = pending[near.of], CropRegion(region.x - near.left, region.y - near.top, region.side)
    return geometry.crops((pending > 0).view(np.uint8) * np.uint8(255), region, *sizes)


def smooth(pixels: np.ndarray, hole: Hole, pending: np.ndarray) -> np.ndarray:
    """The colours around the hole, continued smoothly into it: float32 [n, n, 3] in [0, 255]."""
    (image,) = geometry.crops(pixels, hole.region, len(hole.weights))
    (unknown,) = _hidden(pending, hole.region, len(hole.weights))
    known = (unknown == 0).astype(np.float32)
    return pull_push(image.astype(np.float32), known if known.any() else np.ones_like(known))


def restored(backend: Backend, pixels: np.ndarray, hole: Hole, pending: np.ndarray) -> np.ndarray:
    """The inpainter's fill, adjusted to the colours just outside the hole: float32 [n, n, 3] in [0, 255]."""
    count, size = len(hole.weights), backend.size
    small, image = geometry.crops(pixels, hole.region, size, count)
    small_hole, unknown = _hidden(pending, hole.region, size, count)
    masks = (small_hole > 8).astype(np.float32)[None, ..., None]
    answer = (inpaint_tta(backend.inpaint, small[None], masks)[0] + 1) * 127.5
    colours = cv2.resize(answer, (count, count), interpolation=cv2.INTER_CUBIC)
    # Photo and fill are both known in the rim; their difference there is continued over the hole and added.
    width = max(round(RIM * count), 1)
    grown = cv2.dilate((unknown > 0).astype(np.uint8), np.ones((2 * width + 1,) * 2, np.uint8))
    rim = (grown > 0) & (unknown == 0)
    if rim.any():
        colours += pull_push(image.astype(np.float32) - colours, rim.astype(np.float32))
    return np.clip(colours, 0, 255)


def fill_mask(
    backend: Backend, pixels: np.ndarray, mask: np.ndarray, region: CropRegion, avoid: np.ndarray, method: Fill = "both"
) -> np.ndarray:
    """The photo, uint8 [height, width, 3], with exactly the pixels of a mask filled.

    `mask` and `avoid` are bool [height, width], the mask inside the region, a square of the photo.
    """
    square = np.s_[region.y : region.y + region.side, region.x : region.x + region.side]
    hole = Hole(region, 255 * mask[square].astype(np.uint8))
    filled = pixels.copy()
    fill(backend, filled, hole, mask.astype(np.uint8), (mask | avoid).astype(np.uint8), method)
    return filled
