"""Mask and colours of an object at the pixels of its photo, from its box.

The segmenter looks twice, the second time from nearer. The mean of its masks follows the edges of the photo after the
refiner, GrabCut in places about which the networks are unsure, and a guided filter (`python benchmarks/compose.py`;
docs/experiments.md has figures and other attempts).

At its soft edge the object's colours F follow I = a F + (1 - a) B: F and B are estimated from nearby pixels that show
only object or only background, then F takes up the rest of I (Forte, "Approximate Fast Foreground Colour Estimation",
ICIP 2021, with other estimates).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from seigan_tf.compose import geometry, guided_filter, refiner
from seigan_tf.compose.backends import Backend
from seigan_tf.compose.geometry import Window
from seigan_tf.compose.pull_push import pull_push
from seigan_tf.data.crops import CropRegion, extract, grown_box, region_around, relative_box
from seigan_tf.data.photos.photo import Box
from seigan_tf.data.photos.picture import Picture
from seigan_tf.inference import grabcut
from seigan_tf.inference.growing import connected
from seigan_tf.inference.tta import segment_tta
from seigan_tf.utils.boxes import box_to_mask, fade_outside
from seigan_tf.utils.pixels import to_float

HAZE = 0.05
"""Masks below it become 0 and above 1 - HAZE become 1: filters leave a haze that shows on other backgrounds."""
SIDE = refiner.SIDE
"""Side in pixels of the crops that masks are refined on. Larger ones hardly help and take longer."""
SMALLEST = 16
"""Side in pixels of the smallest square of a photo whose mask is refined."""
ZOOM = 1.2
"""The second look at the object shows it this much larger."""
WHOLE = np.array([0.0, 0.0, 1.0, 1.0], np.float32)
"""Relative box that does not confine a mask."""
RADIUS, EPSILON = 0.02, 1e-4
"""Guided filter: radius of its windows, as a fraction of the crop's side, and least variance of an edge."""
OBJECT = 0.1
"""A pixel with a higher mask value shows some of the object."""
SURE = 0.95
"""A pixel shows only the object if the mask is at least this, only the background if it is at most 1 - SURE."""


@dataclass(frozen=True)
class Matte:
    """The object in one box of one photo."""

    region: CropRegion
    """The square that the networks saw."""
    window: Window
    """The pixels outside which the mask is 0."""
    low: np.ndarray
    """float32 [n, n] in [0, 1]: the mask over the region at low resolution."""
    functions: np.ndarray | None
    """float32 [n, n, 4]: the mask as functions of the photo's colours (`guided_filter`); None without refinement."""

    @property
    def found(self) -> bool:
        """Whether there is an object in the box."""
        return bool((self.low > OBJECT).any())

    def mask(self, pixels: np.ndarray) -> np.ndarray:
        """The mask in the window of the photo's `pixels`: float32 [window.height, window.width] in [0, 1]."""
        result = np.empty((self.window.height, self.window.width), np.float32)
        visible = pixels[self.window.of]
        source = self.low if self.functions is None else self.functions
        for rows, values in geometry.strips(source, self.region, self.window):
            if self.functions is not None:
                values = guided_filter.apply(values, visible[rows].astype(np.float32) / 255)
            result[rows] = remove_haze(values)
        return result

    def cutout(self, photo: Picture, mask: np.ndarray) -> np.ndarray:
        """The object alone, uint8 RGBA [window.height, window.width, 4]; 0 outside it.

        A transparent photo gives its own colours, not those on white, and its alpha times `mask`, the result of the
        method: on white the cut-out looks as the photo does there.
        """
        result = np.zeros((*mask.shape, 4), np.uint8)
        count = len(self.low)
        (crop,) = geometry.crops(photo.pixels, self.region, count)
        alpha_crop = None if photo.alpha is None else geometry.crops(photo.alpha, self.region, count)[0]
        estimates = estimate_colours(crop, self.low, alpha_crop)
        for rows in geometry.row_slices(self.window):
            window = self.window._replace(top=self.window.top + rows.start, bottom=self.window.top + rows.stop)
            alpha = np.rint(mask[rows] * (255 if photo.alpha is None else photo.alpha[window.of])).astype(np.uint8)
            colours = edge_colours(photo.pixels[window.of], mask[rows], estimates, self.region, window)
            result[rows, :, :3] = colours * (alpha > 0)[..., None]
            result[rows, :, 3] = alpha
        return result


def matte(
    backend: Backend,
    pixels: np.ndarray,
    box: Box,
    refine: bool,
    grow: float = 0.0,
    region: CropRegion | None = None,
    learned: bool = True,
) -> Matte:
    """The matte of the object in a box, inside the photo on white, uint8 [height, width, 3].

    `refine` and `grow` are those of Composer; `region` is the crop square, if it is not the one around the box.
    `learned=False` leaves out the refiner, for masks that it is trained on.
    """
    region = region or region_around(box, backend.object_fraction)
    height, width = pixels.shape[:2]
    limits = grown_box(box, grow, width, height)
    reach = limits if backend.confine_mask else (region.x, region.y, region.side, region.side)
    window = geometry.window_around(reach, width, height)
    if grow:  # the crop tells nothing of what lies outside it
        window = window.overlap(Window(region.x, region.y, region.x + region.side, region.y + region.side))
    image, crop = geometry.crops(pixels, region, backend.size, SIDE)
    exact, wide = relative_box(box, region), relative_box(limits, region)
    look_twice = refine and region.side >= SMALLEST
    mask = two_looks(backend, image, crop, wide) if look_twice else segment(backend, image, wide)
    if backend.confine_mask:
        mask = mask * box_to_mask(wide, *mask.shape)
        if grow:
            mask = connected(mask, exact)
    if not look_twice:
        return Matte(region, window, mask, None)
    if learned and (mask > 0.5).any():  # else it might find an object where the segmenter found none
        inside = box_to_mask(exact, *mask.shape)
        mask = np.where(inside, refiner.refine(crop, mask * inside), mask)
    guide, radius = crop.astype(np.float32) / 255, round(RADIUS * SIDE)
    functions = guided_filter.affine(guide, grabcut.from_mask(crop, mask), radius, EPSILON)
    return Matte(region, window, remove_haze(guided_filter.apply(functions, guide)), functions)


def segment(backend: Backend, image: np.ndarray, box: np.ndarray = WHOLE) -> np.ndarray:
    """The mean of the segmenter's masks of a crop [S, S, 3] and of its mirror image: float32 [S, S].

    `box` [4] is relative to the crop. Outside it the backend fades the crop and confines masks, as its settings say.
    """
    return segment_tta(backend.segment, image[None], box[None])[0, ..., 0]


def two_looks(backend: Backend, image: np.ndarray, crop: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The mean of the masks of a crop and of its middle, which the segmenter sees ZOOM times as large.

    The crop is given at the segmenter's size, uint8 [S, S, 3], and as uint8 [SIDE, SIDE, 3]. Outside `box`,
    relative to the crop, the segmenter sees the backend's `outside_contrast`. The result, float32 [SIDE, SIDE], is not
    confined; therefore the crops are faded here and the backend is not told the box.
    """
    contrast = backend.outside_contrast
    side = round(SIDE / ZOOM)
    margin = (SIDE - side) // 2
    result = cv2.resize(segment(backend, _faded(image, box, contrast)), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    near = extract(crop, CropRegion(margin, margin, side), backend.size)
    closer = segment(backend, _faded(near, (box * SIDE - margin) / side, contrast))
    middle = slice(margin, margin + side), slice(margin, margin + side)
    result[middle] = (result[middle] + cv2.resize(closer, (side, side), interpolation=cv2.INTER_LINEAR)) / 2
    return result


def _faded(image: np.ndarray, box: np.ndarray, contrast: float) -> np.ndarray:
    """A crop, uint8 [S, S, 3], as the segmenter sees it: float32 in [-1, 1]."""
    return fade_outside(to_float(image[None]), box[None], contrast)[0]


def remove_haze(mask: np.ndarray) -> np.ndarray:
    """The mask without its haze; values above 1/2 stay above 1/2."""
    return np.clip((mask - HAZE) / (1 - 2 * HAZE), 0.0, 1.0)


def estimate_colours(image: np.ndarray, mask: np.ndarray, alpha: np.ndarray | None = None) -> np.ndarray:
    """Estimate the colours of object and background around each pixel of a crop, uint8 [n, n, 3].

    Colours hidden by `alpha`, uint8 [n, n], are not used. The result is float32 [n, n, 6]: the object's three colours,
    then the background's.
    """
    image = image.astype(np.float32)
    opacity = np.ones_like(mask) if alpha is None else alpha / np.float32(255)
    weights = [(part >= min(SURE, part.max())) * opacity for part in (mask, 1 - mask)]
    known = [pull_push(image, weight) if weight.any() else None for weight in weights]
    # A part that is hidden altogether gets the colours of the other one, so that nothing is subtracted.
    fallback = next((part for part in known if part is not None), image)
    return np.dstack([fallback if part is None else part for part in known])


def edge_colours(
    pixels: np.ndarray, mask: np.ndarray, estimates: np.ndarray, region: CropRegion, window: Window
) -> np.ndarray:
    """The object's colours, uint8 [height, width, 3]; the photo's own if the mask is 0 or 1.

    `pixels` and `mask` are those of the window; `estimates`, over the region, are the result of `estimate_colours`.
    """
    result = pixels.copy()
    soft = (mask > 0) & (mask < 1)
    if soft.any():
        y, x = np.nonzero(soft)
        near = geometry.sample(estimates, region, y + window.top + 0.5, x + window.left + 0.5)
        result[soft] = unmixed(pixels[soft], mask[soft][:, None], near)
    return result


def unmixed(pixels: np.ndarray, alpha: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """The object's colours F, uint8 [..., 3], in pixels I = a F + (1 - a) B.

    `estimates` [..., 6] are those of F and B at the pixels, and `alpha` [..., 1] is a.
    """
    rest = pixels - alpha * estimates[..., :3] - (1 - alpha) * estimates[..., 3:]
    return np.rint(np.clip(estimates[..., :3] + alpha * rest, 0, 255)).astype(np.uint8)
