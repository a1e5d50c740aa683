"""Fractions and class names of Open Images' tables (https://storage.googleapis.com/openimages/web/download_v7.html)."""

import csv
from collections.abc import Sequence
from pathlib import Path

from seigan_tf.utils.text import shown

DESCRIPTIONS = "*class-descriptions*.csv"
"""Files that name the classes, as published beside the tables: "/m/01yrx,Cat", from version 7 on below a header."""


def in_pixels(box: Sequence[float], width: int, height: int) -> list[float]:
    """Convert left, top, width and height from fractions of the photo to pixels."""
    left, top, w, h = box
    return [left * width, top * height, w * width, h * height]


def class_names(table: Path) -> dict[str, str]:
    """Return the names of the classes by their codes, from the file beside the table or in the folder above.

    Empty if there is none: codes are the names then.
    """
    for folder in (table.parent, table.parent.parent):
        for path in sorted(folder.glob(DESCRIPTIONS)):
            try:
                with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
                    return {row[0]: row[1] for row in csv.reader(file) if len(row) == 2}
            except (csv.Error, OSError) as error:
                raise ValueError(f"{path}: not a table of class names ({shown(str(error))})") from None
    return {}
