"""From a box to the object's mask and colours at the pixels of the photo."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from seigan_tf.compose import foreground, geometry, guided_filter, refinement
from seigan_tf.compose.backends import Backend
from seigan_tf.compose.geometry import Box, Window
from seigan_tf.compose.picture import Picture
from seigan_tf.data.crops import CropRegion, region_around
from seigan_tf.inference.tta import segment_tta

HAZE = 0.05
"""Masks below it become 0 and those above 1 - HAZE become 1: filters leave a veil that shows on other backgrounds."""


@dataclass(frozen=True)
class Matte:
    """The object in one box of one photo."""

    region: CropRegion
    """The square that the networks saw."""
    window: Window
    """The pixels of the photo outside of which the mask is 0."""
    low: np.ndarray
    """float32 [n, n] in [0, 1]: the mask over the region, small."""
    functions: np.ndarray | None
    """float32 [n, n, 4]: the mask as functions of the photo's colours; None where it is enlarged as it is."""

    def strips(self, pixels: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Rows of the window and the mask there, float32 [rows, window.width] in [0, 1], piece by piece.

        Args:
            pixels: of the photo, uint8 [height, width, 3].
        """
        if self.functions is None:
            for rows, mask in geometry.strips(self.low, self.region, self.window):
                yield rows, clear(mask)
            return
        shown = pixels[self.window.of]
        for rows, functions in geometry.strips(self.functions, self.region, self.window):
            yield rows, clear(guided_filter.apply(functions, shown[rows].astype(np.float32) / 255))

    def mask(self, pixels: np.ndarray) -> np.ndarray:
        """The mask in the window, float32 [window.height, window.width] in [0, 1]."""
        result = np.empty((self.window.height, self.window.width), np.float32)
        for rows, mask in self.strips(pixels):
            result[rows] = mask
        return result

    def cutout(self, photo: Picture, mask: np.ndarray) -> np.ndarray:
        """The object alone, uint8 RGBA [window.height, window.width, 4]; all 0 where it is not.

        Where the photo is transparent itself, colours are those of its pixels, not those seen on white, and its alpha
        is multiplied by the mask: laid on white, the cut-out looks as the photo does there.

        Args:
            photo: with the object.
            mask: as `mask` gives it.
        """
        result = np.zeros((*mask.shape, 4), np.uint8)
        crop, seen = (
            None if array is None else geometry.crops(array, self.region, len(self.low))[0] for array in photo[:2]
        )
        guesses = foreground.guesses(crop, self.low, seen)
        step = max(geometry.STRIP // max(self.window.width, 1), 1)
        for start in range(0, len(mask), step):
            rows = slice(start, min(start + step, len(mask)))
            window = self._rows(rows)
            alpha = np.rint(mask[rows] * (255 if photo.alpha is None else photo.alpha[window.of])).astype(np.uint8)
            colours = foreground.colours(photo.pixels[window.of], mask[rows], guesses, self.region, window)
            result[rows, :, :3] = colours * (alpha > 0)[..., None]
            result[rows, :, 3] = alpha
        return result

    def _rows(self, rows: slice) -> Window:
        return self.window._replace(top=self.window.top + rows.start, bottom=self.window.top + rows.stop)


def matte(backend: Backend, pixels: np.ndarray, box: Box, refine: bool) -> Matte:
    """The object in a box of a photo.

    Args:
        backend: that look at the crop.
        pixels: of the photo, uint8 [height, width, 3], as it is seen.
        box: inside the photo (`geometry.checked_box`).
        refine: whether the mask follows the photo's edges; else it is enlarged bilinearly and cleared of its veil.
    """
    return matte_in(backend, pixels, region_around(box, backend.object_fraction), box, refine)


def matte_in(backend: Backend, pixels: np.ndarray, region: CropRegion, box: Box, refine: bool) -> Matte:
    """As `matte`, with the square that the networks see.

    The segmenter looks at the crop and at its mirror image.
    """
    height, width = pixels.shape[:2]
    side = min(refinement.SIDE, region.side)
    image, larger = geometry.crops(pixels, region, backend.size, side)
    inside = np.array([geometry.box_in(box, region)], np.float32)
    low = segment_tta(backend.segment, image[None], inside)[0, ..., 0]
    if backend.confine_mask:
        window = geometry.window_around(box, width, height)
    else:
        window = geometry.visible_window(region, width, height)
    if not refine or side < refinement.SMALLEST:
        return Matte(region, window, low, None)
    functions = refinement.refine(larger, cv2.resize(low, (side, side), interpolation=cv2.INTER_LINEAR))
    return Matte(region, window, clear(guided_filter.apply(functions, larger.astype(np.float32) / 255)), functions)


def clear(mask: np.ndarray) -> np.ndarray:
    """The mask without its veil; what is above 1/2 stays above."""
    return np.clip((mask - HAZE) / (1 - 2 * HAZE), 0.0, 1.0)
