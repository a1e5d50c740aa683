"""Pasting a cut-out onto another photo, with the enhancer's change of light and colour at full size."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from seigan_tf.compose import geometry
from seigan_tf.compose.backends import Backend
from seigan_tf.compose.geometry import Window
from seigan_tf.data.crops import CropRegion, region_around
from seigan_tf.data.photos.photo import Box
from seigan_tf.data.photos.picture import Picture
from seigan_tf.data.photos.reading import MAX_PIXELS

RADIUS = 1 / 8
"""Radius, as a fraction of the crop's side, over which the change is averaged, so that the crop's coarse pixels do not
show in it."""
NOISE = 100.0
"""Variance of colours, in grey levels squared, below which a change of contrast counts as noise."""
STEEPEST = 0.5
"""Largest change of contrast."""


class Placed(NamedTuple):
    """A cut-out at its place in another photo."""

    cutout: np.ndarray
    """uint8 RGBA [window.height, window.width, 4]."""
    window: Window
    """The pixels of the other photo that it covers."""
    box: Box
    """The object's box in the other photo; it may reach past its border."""


def target(box: Box, at: Sequence[float], width: int, height: int) -> Box:
    """The object's box in another photo of that size; it may reach past its border.

    `at` has left and top there and, unless the object keeps its size, the box's width there, in pixels.

    Raises:
        ValueError: the place is not two or three numbers, the box lies outside the photo, or is too large or small.
    """
    try:
        values = [float(value) for value in at]
    except (TypeError, ValueError):
        values = []
    if len(values) not in (2, 3) or not all(map(math.isfinite, values)):
        raise ValueError(f"at {at!r}: expected x, y and, if the size is to change, the width, in pixels")
    x, y, wide = (*values, box[2])[:3]
    text = f"at {x:g},{y:g},{wide:g}"
    if wide <= 0:
        raise ValueError(f"{text}: the width must be more than 0")
    high = box[3] * wide / box[2]
    if wide * high > MAX_PIXELS:
        raise ValueError(f"{text}: the object would have more than {MAX_PIXELS:,} pixels")
    if min(wide, high) < 1:
        raise ValueError(f"{text}: the object would be smaller than a pixel")
    if x >= width or y >= height or x + wide <= 0 or y + high <= 0:
        raise ValueError(f"{text}: the object would lie outside the photo of {width} x {height} pixels")
    return x, y, wide, high


def place(cutout: np.ndarray, box: Box, source: Window, goal: Box, width: int, height: int) -> Placed:
    """Scale a cut-out, uint8 RGBA [source.height, source.width, 4], and clip it to another photo of that size.

    `box` and `source` are the object's box and the cut-out's window in its own photo, `goal` the box in the other one.
    """
    scale = goal[2] / box[2]
    left, top = round(goal[0] + (source.left - box[0]) * scale), round(goal[1] + (source.top - box[1]) * scale)
    full = Window(left, top, left + max(round(source.width * scale), 1), top + max(round(source.height * scale), 1))
    window = full.overlap(Window(0, 0, width, height))
    if not window.width or not window.height:  # rounding took the last pixel
        return Placed(cutout[:0, :0], Window(0, 0, 0, 0), goal)
    part = window.moved(-left, -top)
    if (full.width, full.height) == (source.width, source.height):
        return Placed(cutout[part.of], window, goal)
    across, down = source.width / full.width, source.height / full.height
    # "RGBa" has colours times transparency, so that the black outside the object does not darken its edge.
    image = (
        Image.fromarray(cutout)
        .convert("RGBa")
        .resize(
            (window.width, window.height),
            Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.LANCZOS,
            box=(part.left * across, part.top * down, part.right * across, part.bottom * down),
        )
    )
    return Placed(np.asarray(image.convert("RGBA")), window, goal)


def paste(backend: Backend, photo: Picture, placed: Placed) -> Picture:
    """The photo with the object laid on it and harmonised by the enhancer; unchanged outside the object."""
    if not placed.cutout.size:
        return photo._replace(pixels=photo.pixels.copy())
    colours, alpha = placed.cutout[..., :3], placed.cutout[..., 3:]
    coarse = photo.pixels.copy() if photo.alpha is None else photo.visible
    coarse[placed.window.of] = blend(colours, alpha, coarse[placed.window.of])
    region = region_around(placed.box, backend.object_fraction)
    functions = change(backend, coarse, region, placed)
    del coarse  # as large as the photo
    result = Picture(photo.pixels.copy(), None if photo.alpha is None else photo.alpha.copy(), photo.profile)
    pixels = result.pixels[placed.window.of]
    below = None if result.alpha is None else result.alpha[placed.window.of]
    for rows, part in geometry.strips(functions, region, placed.window):
        harmonised = np.rint(np.clip(colours[rows] * part[..., :3] + part[..., 3:], 0, 255)).astype(np.uint8)
        if below is None:
            pixels[rows] = blend(harmonised, alpha[rows], pixels[rows])
        else:
            pixels[rows], below[rows] = blend_over(harmonised, alpha[rows], pixels[rows], below[rows])
    return result


def blend(colours: np.ndarray, alpha: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Blend colours over others by alpha [height, width, 1], all uint8; exactly the others if alpha is 0."""
    part = alpha.astype(np.uint16)
    return ((colours * part + behind * (255 - part) + 127) // 255).astype(np.uint8)


def blend_over(
    colours: np.ndarray, alpha: np.ndarray, behind: np.ndarray, below: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """As `blend`, over colours with their own alpha, `below`, uint8 [height, width]; hidden ones are not mixed in."""
    alpha, below = alpha.astype(np.uint32), below[..., None].astype(np.uint32)
    upper, lower = 255 * alpha, below * (255 - alpha)
    total = upper + lower
    mixed = (colours * upper + behind * lower + total // 2) // np.maximum(total, 1)
    return np.where(total, mixed, behind).astype(np.uint8), ((total[..., 0] + 127) // 255).astype(np.uint8)


def change(backend: Backend, coarse: np.ndarray, region: CropRegion, placed: Placed) -> np.ndarray:
    """The enhancer's change of the object's colours, smooth over the region: float32 [S, S, 6], factors and constants.

    `coarse` is the photo with the object laid on it, uint8 [height, width, 3]; constants are in grey levels.
    """
    alpha = np.zeros(coarse.shape[:2], np.uint8)
    alpha[placed.window.of] = placed.cutout[..., 3]
    (image,), (weight,) = (geometry.crops(array, region, backend.size) for array in (coarse, alpha))
    enhanced = (backend.enhance(image[None])[0] + 1) * 127.5
    return fit_affine(image.astype(np.float32), enhanced - image, weight.astype(np.float32) / 255)


def fit_affine(colours: np.ndarray, differences: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Fit affine functions of each colour to its change around each pixel, by weighted least squares.

    `colours`, before the change, are in [0, 255], `differences` their change, both float32 [n, n, 3]; `weight`, float32
    [n, n], is 1 on the object. The result is float32 [n, n, 6]: factors and constants.
    """
    radius = max(round(RADIUS * len(colours)), 1)
    weight = weight[..., None] + np.float32(1e-3)  # some weight for the surroundings, far from the object

    def mean(values):
        return cv2.blur(values, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REFLECT)

    total = mean(weight).reshape(weight.shape)
    before, moved = mean(colours * weight) / total, mean(differences * weight) / total
    variance = mean(colours * colours * weight) / total - before * before
    slope = (mean(colours * differences * weight) / total - before * moved) / (np.maximum(variance, 0) + NOISE)
    slope = np.clip(slope, -STEEPEST, STEEPEST)
    return np.dstack([1 + slope, moved - slope * before])
