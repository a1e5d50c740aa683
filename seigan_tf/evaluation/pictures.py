"""Sheets of pictures in rows and columns, with titles and captions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE = 128
"""Side of a picture on the sheet, in pixels."""
GAP = 6
LINE = 16
"""Height of a line of text."""
BOX_COLOUR = (0, 255, 0)


class Picture(NamedTuple):
    image: Image.Image
    caption: str = ""


def photo(pixels: np.ndarray, box: np.ndarray | None = None) -> Picture:
    """Return uint8 [h, w, 3] pixels at the sheet's size, with an optional box (relative ymin, xmin, ymax, xmax)."""
    shown = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    if box is not None:
        ymin, xmin, ymax, xmax = (np.asarray(box) * (SIDE - 1)).round().tolist()
        ImageDraw.Draw(shown).rectangle((xmin, ymin, xmax, ymax), outline=BOX_COLOUR)
    return Picture(shown)


def mask(values: np.ndarray, caption: str = "") -> Picture:
    """Return a mask, bool [h, w], white on black at the sheet's size."""
    grey = Image.fromarray(values.astype(np.uint8) * 255).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return Picture(grey.convert("RGB"), caption)


def sheet(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Picture]]]) -> Image.Image:
    """Arrange pictures in rows with titles at their left, and titles above the columns unless those are empty."""
    font = ImageFont.load_default(size=11)
    left = max((int(font.getlength(title)) for title, _ in rows), default=0) + 2 * GAP
    widest = max(len(pictures) for _, pictures in rows)
    top = LINE + GAP if columns else GAP
    heights = [SIDE + (LINE if any(picture.caption for picture in pictures) else 0) + GAP for _, pictures in rows]
    made = Image.new("RGB", (left + widest * (SIDE + GAP), top + sum(heights)), "white")
    draw = ImageDraw.Draw(made)
    for place, title in enumerate(columns):
        draw.text((left + place * (SIDE + GAP), GAP), title, fill="black", font=font)
    for (title, pictures), height in zip(rows, heights, strict=True):
        draw.text((GAP, top + SIDE // 2 - LINE // 2), title, fill="black", font=font)
        for place, picture in enumerate(pictures):
            x = left + place * (SIDE + GAP)
            draw.rectangle((x - 1, top - 1, x + SIDE, top + SIDE), outline="grey")  # frames masks that are all white
            made.paste(picture.image, (x, top))
            draw.text((x, top + SIDE), picture.caption, fill="black", font=font)
        top += height
    return made
