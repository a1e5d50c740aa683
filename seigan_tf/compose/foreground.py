"""Colours of an object where its edge is soft, so that a cut-out shows no rim of its old background.

I = a F + (1 - a) B: F and B are guessed from where there is only object or only background nearby, then F takes up what
the guess leaves unexplained (Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021, on other guesses).
"""

import numpy as np

from seigan_tf.compose import geometry
from seigan_tf.compose.geometry import Window
from seigan_tf.compose.spreading import spread
from seigan_tf.data.crops import CropRegion

SURE = 0.95
"""A pixel shows nothing but the object above it, nothing but the background below 1 - SURE."""


def guesses(image: np.ndarray, mask: np.ndarray, alpha: np.ndarray | None = None) -> np.ndarray:
    """Colours of object and background around each pixel of a small crop.

    Args:
        image: uint8 [n, n, 3].
        mask: float32 [n, n] in [0, 1].
        alpha: uint8 [n, n] of the image; what it hides says nothing of the colours. All is seen without it.

    Returns:
        float32 [n, n, 6]: the object's three colours, then the background's.
    """

    seen = np.ones_like(mask) if alpha is None else alpha / np.float32(255)

    def near(part):
        """None where nothing of the part is seen."""
        shown = (part >= min(SURE, part.max())) * seen
        return spread(image.astype(np.float32), shown) if shown.any() else None

    parts = [near(mask), near(1 - mask)]
    # Where one is hidden altogether, the other stands for it: nothing is known that could be taken off.
    known = next((part for part in parts if part is not None), image.astype(np.float32))
    return np.dstack([known if part is None else part for part in parts])


def colours(
    pixels: np.ndarray, mask: np.ndarray, guessed: np.ndarray, region: CropRegion, window: Window
) -> np.ndarray:
    """The object's colours, uint8 [height, width, 3]; the photo's where the mask is 0 or 1.

    Args:
        pixels: of the window, uint8 [height, width, 3].
        mask: of the window, float32 [height, width].
        guessed: as `guesses` gives them, over the region.
        region, window: of the photo.
    """
    result = pixels.copy()
    soft = (mask > 0) & (mask < 1)
    if soft.any():
        y, x = np.nonzero(soft)
        near = geometry.sampled(guessed, region, y + window.top + 0.5, x + window.left + 0.5)
        a = mask[soft][:, None]
        rest = pixels[soft] - a * near[:, :3] - (1 - a) * near[:, 3:]
        result[soft] = np.rint(np.clip(near[:, :3] + a * rest, 0, 255))
    return result
