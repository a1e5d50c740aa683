"""Numbers in annotations: flags, sizes of photos and boxes, checked in one way for every format."""

import math
from collections.abc import Sequence
from typing import Any

from seigan_tf.data.photos.photo import Box
from seigan_tf.utils.text import number, shown

ROUNDING = 2.0  # pixels by which a box may reach past its photo and is clipped; annotation tools round outwards
ROUNDING_OF_FRACTIONS = 0.01  # distance by which fractions may leave [0, 1]
NO_OR_YES = {"": False, "false": False, "no": False, "true": True, "yes": True}
MAX_SIDE = 2**31 - 1  # longest side of a photo in any file format, in pixels


def flag(text: str) -> bool:
    """Read yes or no from the text of a column: 1, "1.0", true and yes in any case, or 0, false, no and nothing.

    -1, by which Open Images says that it is unknown, is no. Raises ValueError if it is anything else.
    """
    known = NO_OR_YES.get(text.strip().lower())
    if known is None:
        try:
            known = {-1.0: False, 0.0: False, 1.0: True}[number(text)]
        except (KeyError, ValueError):
            raise ValueError(f"is {shown(text)}, expected 0 or 1, or true or false") from None
    return known


def finite_numbers(values: Sequence[Any]) -> list[float] | None:
    """Convert numbers, or their texts, to floats; None if one is no finite number."""
    try:
        numbers = [number(value) for value in values]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def checked_size(width: Any, height: Any) -> tuple[int, int]:
    """Convert width and height of a photo. Raises ValueError if they are not whole numbers of at least 1."""
    try:
        size = number(width), number(height)
    except ValueError:
        size = math.nan, math.nan
    if not all(1 <= side <= MAX_SIDE and side.is_integer() for side in size):
        raise ValueError(f"photo of {shown(width)} x {shown(height)} pixels, expected whole numbers of at least 1")
    return int(size[0]), int(size[1])


def is_fraction(box: Sequence[float]) -> bool:
    """Tell whether left, top, width and height of a box are of about 1 at most, as fractions of a photo are."""
    return all(-1 <= value <= 1 + ROUNDING_OF_FRACTIONS for value in box) and min(box[2:]) > 0


def pixel_box(box: Sequence[Any], width: int, height: int) -> Box:
    """Return `checked_box` of a box that should be in pixels. Raises ValueError also if its numbers are fractions."""
    numbers = [number(value) for value in box]
    if is_fraction(numbers) and not all(value.is_integer() for value in numbers):
        raise ValueError(
            f"box {numbers} (x, y, width, height) is in fractions of the {width} x {height} photo, expected pixels"
        )
    return checked_box(numbers, width, height)


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
