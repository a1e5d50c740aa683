"""Contact shadow of a pasted object: its silhouette, laid flat on the ground at its lowest pixel and blurred."""

import cv2
import numpy as np

from seigan_tf.compose import geometry
from seigan_tf.compose.pasting import Placed
from seigan_tf.data.crops import region_around
from seigan_tf.data.photos.picture import Picture

HEIGHT = 0.12
"""Height of the shadow, as a fraction of the object's height."""
BLUR = 0.025
"""Standard deviation of the blur, as a fraction of the longer side of the object's box."""
DARKEST = 0.5
"""Largest fraction of the light that the shadow takes."""
SIDE = 256
"""Side in pixels of the map that holds the shadow."""
FRACTION = 0.6
"""Longer side of the object's box, as a fraction of the side of the square that the map covers."""


def cast(photo: Picture, placed: Placed) -> Picture:
    """The photo with the shadow of an object that is not laid on it yet.

    Only colours change, not alpha. The light is taken to come from above, and the ground to be level.
    """
    result = photo._replace(pixels=photo.pixels.copy())
    region = region_around(placed.box, FRACTION)
    window = geometry.window_around((region.x, region.y, region.side, region.side), *photo.size)
    alpha = placed.cutout[..., 3]
    if not (alpha > 127).any():
        return result
    pixels = result.pixels[window.of]
    for rows, shade in geometry.strips(_shade(placed, photo.size[1]), region, window):
        pixels[rows] = np.rint(pixels[rows] * (1 - DARKEST * shade[..., None]))
    return result


def _shade(placed: Placed, height: int) -> np.ndarray:
    """The shadow's strength over `region_around(placed.box, FRACTION)`: float32 [SIDE, SIDE] in [0, 1].

    `height` is that of the photo. If the object reaches below it, the ground is at the lower edge of its box.
    """
    region, window, alpha = region_around(placed.box, FRACTION), placed.window, placed.cutout[..., 3]
    lowest = window.top + np.flatnonzero((alpha > 127).any(1))[-1] + 1
    box_bottom = placed.box[1] + placed.box[3]
    ground = max(lowest, box_bottom) if box_bottom > height else lowest
    scale = SIDE / region.side
    flat_size = (  # at most its own: INTER_AREA takes means only of more pixels than it returns
        min(max(round(window.width * scale), 1), window.width),
        min(max(round(window.height * scale * HEIGHT), 1), window.height),
    )
    flat = cv2.resize(alpha.astype(np.float32) / 255, flat_size, interpolation=cv2.INTER_AREA)
    # A quarter of the flat silhouette lies below the ground line, in front of the object.
    across, down = window.width * scale / flat_size[0], window.height * scale * HEIGHT / flat_size[1]
    left = (window.left - region.x) * scale
    top = (ground - region.y - (ground - window.top) * HEIGHT + placed.box[3] * HEIGHT / 4) * scale
    to_map = np.array([[across, 0, left + 0.5 * across - 0.5], [0, down, top + 0.5 * down - 0.5]])
    shade = cv2.warpAffine(flat, to_map, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    return np.clip(cv2.GaussianBlur(shade, (0, 0), BLUR * FRACTION * SIDE), 0, 1)
