"""Colours of an object at its soft edge, without the background that shines through there.

I = a F + (1 - a) B: F and B are estimated from nearby pixels that show only object or only background, then F takes up
the rest of I (Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021, with other estimates).
"""

import numpy as np

from seigan_tf.compose import geometry
from seigan_tf.compose.geometry import Window
from seigan_tf.compose.pull_push import pull_push
from seigan_tf.data.crops import CropRegion

SURE = 0.95
"""A pixel shows only the object if the mask is at least this, only the background if it is at most 1 - SURE."""


def guesses(image: np.ndarray, mask: np.ndarray, alpha: np.ndarray | None = None) -> np.ndarray:
    """Estimate the colours of object and background around each pixel of a crop.

    Args:
        image: uint8 [n, n, 3].
        mask: float32 [n, n] in [0, 1].
        alpha: uint8 [n, n] of the image; hidden colours are not used. None for an opaque image.

    Returns:
        float32 [n, n, 6]: the object's three colours, then the background's.
    """
    image = image.astype(np.float32)
    opacity = np.ones_like(mask) if alpha is None else alpha / np.float32(255)
    weights = [(part >= min(SURE, part.max())) * opacity for part in (mask, 1 - mask)]
    known = [pull_push(image, weight) if weight.any() else None for weight in weights]
    # A part that is hidden altogether gets the colours of the other one, so that nothing is subtracted.
    fallback = next((part for part in known if part is not None), image)
    return np.dstack([fallback if part is None else part for part in known])


def colours(
    pixels: np.ndarray, mask: np.ndarray, guessed: np.ndarray, region: CropRegion, window: Window
) -> np.ndarray:
    """The object's colours, uint8 [height, width, 3]; the photo's own if the mask is 0 or 1.

    Args:
        pixels: of the window, uint8 [height, width, 3].
        mask: of the window, float32 [height, width].
        guessed: the result of `guesses`, over the region.
        region, window: of the photo.
    """
    result = pixels.copy()
    soft = (mask > 0) & (mask < 1)
    if soft.any():
        y, x = np.nonzero(soft)
        near = geometry.sample(guessed, region, y + window.top + 0.5, x + window.left + 0.5)
        a = mask[soft][:, None]
        rest = pixels[soft] - a * near[:, :3] - (1 - a) * near[:, 3:]
        result[soft] = np.rint(np.clip(near[:, :3] + a * rest, 0, 255))
    return result
