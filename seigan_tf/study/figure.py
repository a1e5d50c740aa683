"""Figure 4 of the paper: ratings of the sets with their intervals, and fractions of comparisons won."""

import unicodedata
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from seigan_tf.study.summary import fraction_text
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.text import printable

TEXT, SMALL = 30, 24  # heights of letters in pixels
INK, GREY, COLOUR = (30, 30, 30), (205, 205, 205), (31, 90, 160)
TITLE = 90  # height of the strip above both panels
ROW = 110  # height of a set's row in both panels
AXIS = 130  # height of the strip below the rows, for the axis
LABELS, SCALE = 260, 560  # widths of the set's names and of the rating axis
CELL = 220  # width of a cell of the matrix
MARGIN = 40
STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # possible distances between the axis's marks


def draw_figure(summary: dict[str, Any], path: Path) -> None:
    """Draw both panels from the result of `summarise` into a PNG file. Raises OSError if that is impossible."""
    names = list(summary["sets"])
    left = MARGIN + LABELS
    right = left + SCALE + 2 * MARGIN + LABELS
    size = right + CELL * len(names) + MARGIN, TITLE + ROW * len(names) + AXIS
    picture = Image.new("RGB", size, "white")
    canvas = ImageDraw.Draw(picture)
    # Pillow's built-in font needs no font file on the machine.
    text, small = ImageFont.load_default(TEXT), ImageFont.load_default(SMALL)
    _ratings(canvas, summary, left, text, small)
    _matrix(canvas, summary, right, text, small)
    with replacing(path) as temporary:
        picture.save(temporary, format="PNG")


def _ratings(canvas: ImageDraw.ImageDraw, summary: dict[str, Any], left: int, text, small) -> None:
    sets = summary["sets"]
    canvas.text((left, MARGIN), "ratings (Bradley-Terry)", INK, text, anchor="lm")
    known = [item[key] for item in sets.values() for key in ("rating", "low", "high") if item[key] is not None]
    low, high = min(known), max(known)
    room = max(0.08 * (high - low), 0.05)
    low, high = low - room, high + room

    def place(rating: float) -> float:
        return left + SCALE * (rating - low) / (high - low)

    bottom = TITLE + ROW * len(sets)
    step = next((step for step in STEPS if (high - low) / step <= 7), STEPS[-1] * 10)
    for number in range(int(low / step) - 1, int(high / step) + 2):
        if low <= number * step <= high:
            x = place(number * step)
            canvas.line((x, TITLE, x, bottom), GREY, 2)
            canvas.text((x, bottom + 14), f"{number * step:g}", INK, small, anchor="mt")
    has_intervals = any(item["low"] is not None for item in sets.values())
    confidence = f", with {summary['intervals']['confidence']:.0%} intervals" if has_intervals else ""
    canvas.text((left, bottom + 80), f"logarithm of strength{confidence}", INK, small, anchor="lm")
    for row, (name, item) in enumerate(sets.items()):
        y = TITLE + ROW * row + ROW // 2
        canvas.text((left - 20, y), _label(name), INK, text, anchor="rm")
        if item["low"] is not None:
            ends = place(item["low"]), place(item["high"])
            canvas.line((ends[0], y, ends[1], y), COLOUR, 5)
            for x in ends:
                canvas.line((x, y - 14, x, y + 14), COLOUR, 5)
        x = place(item["rating"])
        canvas.ellipse((x - 12, y - 12, x + 12, y + 12), COLOUR)


def _matrix(canvas: ImageDraw.ImageDraw, summary: dict[str, Any], left: int, text, small) -> None:
    names = list(summary["sets"])
    bottom = TITLE + ROW * len(names)
    canvas.text((left, MARGIN), "fractions won, row against column", INK, text, anchor="lm")
    for row, first in enumerate(names):
        y = TITLE + ROW * row
        canvas.text((left - 20, y + ROW // 2), _label(first), INK, text, anchor="rm")
        canvas.text((left + CELL * row + CELL // 2, bottom + 14), _label(first), INK, small, anchor="ma")
        for column, second in enumerate(names):
            x = left + CELL * column
            value = summary["win_fractions"][first][second]
            shade, ink = ("white", INK) if value is None else _shade(value)
            canvas.rectangle((x, y, x + CELL, y + ROW), shade, GREY, 2)
            canvas.text((x + CELL // 2, y + ROW // 2), fraction_text(value), ink, text, anchor="mm")


def _shade(value: float) -> tuple[tuple[int, ...], tuple[int, ...] | str]:
    """Return the colours of a cell, darker for a larger fraction, and of its text."""
    return tuple(round(255 + (channel - 255) * value) for channel in COLOUR), "white" if value > 0.55 else INK


def _label(name: str, longest: int = 15) -> str:
    """Return the name for the figure: at most `longest` letters, "?" for those that Pillow's built-in font lacks.

    That font has few letters beyond ASCII; those with an accent lose it.
    """
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    name = printable(plain).encode("ascii", "replace").decode()
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
