"""Numbers in annotations: sizes of photos and boxes, checked in one way for every format."""

import math
from collections.abc import Sequence
from typing import Any

from seigan_tf.data.photos.photo import Box
from seigan_tf.utils.text import shown

ROUNDING = 2.0  # pixels by which a box may reach past its photo and is clipped; annotation tools round outwards
MAX_SIDE = 2**31 - 1  # longest side of a photo in any file format, in pixels


def number(value: Any) -> float:
    """Convert a number, or its text, to a float, which may be NaN or infinite. Raises ValueError if it is no number."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{shown(value)} is not a number") from None


def checked_size(width: Any, height: Any) -> tuple[int, int]:
    """Convert width and height of a photo. Raises ValueError if they are not whole numbers of at least 1."""
    try:
        size = number(width), number(height)
    except ValueError:
        size = math.nan, math.nan
    if not all(1 <= side <= MAX_SIDE and side.is_integer() for side in size):
        raise ValueError(f"photo of {shown(width)} x {shown(height)} pixels, expected whole numbers of at least 1")
    return int(size[0]), int(size[1])


def checked_box(box: Sequence[Any], width: int, height: int) -> Box:
    """Return a box inside its photo, rounded to 1/100 pixel, so that one box is the same in every format.

    A box that reaches past the photo by at most ROUNDING is clipped. A box without area is let through: a crop rule
    drops and counts it. `box` is left, top, width and height, as numbers or their text; all sizes are in pixels.

    Raises ValueError if not numbers, not finite, negative, or outside the photo.
    """
    box = [number(value) for value in box]
    text = f"box {box} (x, y, width, height)"
    if not all(map(math.isfinite, box)):
        raise ValueError(f"{text} has a number that is not finite, expected pixels of the {width} x {height} photo")
    if box[2] < 0 or box[3] < 0:
        raise ValueError(f"{text} of the {width} x {height} photo has a negative size, expected at least 0")
    spans = []
    for start, size, limit in ((box[0], box[2], width), (box[1], box[3], height)):
        # The edges are rounded, not the size: formats that give edges then agree with those that give sizes.
        low, high = round(start, 2), round(start + size, 2)
        if low < -ROUNDING or high > limit + ROUNDING or low > limit or high < 0:
            raise ValueError(f"{text} is not inside the {width} x {height} photo")
        low, high = min(max(low, 0.0), limit), min(max(high, 0.0), limit)
        spans.append((low, round(high - low, 2)))
    (left, w), (top, h) = spans
    return left, top, w, h
