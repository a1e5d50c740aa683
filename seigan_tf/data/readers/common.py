"""What every reader of annotations shares: finding photographs, naming them, and checking boxes and sizes."""

import math
import os
import posixpath
from collections.abc import Collection
from pathlib import Path, PureWindowsPath
from typing import Any

from seigan_tf.data.text import UNPRINTABLE, shown

TABLES = frozenset({".csv", ".tsv", ".txt"})
BOX_FILES = TABLES | {".json"}
"""Endings of the one file with the boxes that may lie beside the photographs."""

ROUNDING = 2.0
"""Pixels by which a box may stick out of its photo and is clipped; annotation tools round outwards."""

MAX_SIDE = 2**31 - 1
"""Longest side of a photo that any file format can hold."""

MAX_NAME = 255
"""Bytes of one part of a path that file systems can hold."""


def require_folder(images: Path) -> None:
    """Raises ValueError where the folder of the photographs is missing."""
    if not os.path.isdir(images):
        raise ValueError(f"{images}: no such folder, expected the folder of the photographs")


def only_file(folder: Path, suffixes: Collection[str]) -> Path:
    """The one file in the folder, not below it, with one of the endings (lower case, with the dot).

    Raises:
        ValueError: there is none, or more than one; the message says which.
    """
    require_folder(folder)
    with os.scandir(folder) as entries:
        found = sorted(entry.name for entry in entries if os.path.splitext(entry.name)[1].lower() in suffixes)
    if len(found) != 1:
        names = ", ".join(map(shown, found[:3])) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        kinds = " or ".join(sorted(suffixes))
        raise ValueError(
            f"{folder}: holds {names or 'no annotations'}, expected one {kinds} where none are given"
            " (labels of YOLO beside their photos: name the folder as annotations too)"
        )
    return folder / found[0]


def name_of(path: Path, images: Path) -> str:
    """The photo's name: its path relative to the folder of photographs, with forward slashes.

    Raises:
        ValueError: the name has characters that no report or key can hold.
    """
    name = path.relative_to(images).as_posix()
    if UNPRINTABLE.search(name):
        raise ValueError(f"file name {shown(name)} has control characters or is not UTF-8")
    return name


def locate(images: Path, file_name: str) -> Path:
    """The path of a photo that annotations name relative to the folder; the photo is not looked for.

    "./a.jpg", "b/../a.jpg" and "a.jpg" are one path. Backslashes are taken for slashes.

    Raises:
        ValueError: the name is empty, absolute, leaves the folder through "..", or can be no file's name.
    """
    name = posixpath.normpath(file_name.replace("\\", "/"))
    if UNPRINTABLE.search(file_name):
        raise ValueError(f"file name {shown(file_name)} has control characters or is not UTF-8")
    if not file_name.strip() or name == ".":
        raise ValueError(f"file name is {shown(file_name)}, expected a path relative to the folder of photographs")
    if name.startswith("/") or PureWindowsPath(name).is_absolute() or name.split("/")[0] == "..":
        raise ValueError(f"file name {shown(file_name)} leaves the folder of photographs")
    path = images / name
    if not path.is_relative_to(images):
        raise ValueError(f"file name {shown(file_name)} leaves the folder of photographs")
    if len(os.fsencode(path)) > 4095 or any(len(os.fsencode(part)) > MAX_NAME for part in path.parts):
        raise ValueError(f"file name {shown(file_name)} is longer than a path can be")
    return path


def number(value: Any) -> float:
    """A number, or the text of one, as a float; it may be NaN or infinite.

    Raises:
        ValueError: it is none; the message says what it is.
    """
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{shown(value)} is not a number") from None


def checked_size(width: Any, height: Any) -> tuple[int, int]:
    """Width and height of a photo as whole numbers.

    Raises:
        ValueError: not two whole numbers of at least 1; the message says what they are.
    """
    try:
        size = number(width), number(height)
    except ValueError:
        size = math.nan, math.nan
    if not all(1 <= side <= MAX_SIDE and side.is_integer() for side in size):
        raise ValueError(f"photo of {shown(width)} x {shown(height)} pixels, expected whole numbers of at least 1")
    return int(size[0]), int(size[1])


def checked_box(x: Any, y: Any, w: Any, h: Any, width: int, height: int) -> tuple[float, float, float, float]:
    """A box inside its photo, rounded to 1/100 pixel, so that one box is the same in every format.

    What sticks out of the photo by at most ROUNDING is cut off. A box of size zero is let through: a crop rule
    drops and counts it.

    Args:
        x, y, w, h: left, top, width and height of the box in pixels, as numbers or their text.
        width, height: of the photo, in pixels.

    Returns:
        Left, top, width and height, in [0, width] and [0, height].

    Raises:
        ValueError: not numbers, not finite, negative, or outside the photo; the message says which.
    """
    box = [number(value) for value in (x, y, w, h)]
    text = f"box {box} (x, y, width, height)"
    if not all(map(math.isfinite, box)):
        raise ValueError(f"{text} has a number that is not finite, expected pixels of the {width} x {height} photo")
    if box[2] < 0 or box[3] < 0:
        raise ValueError(f"{text} of the {width} x {height} photo has a negative size, expected at least 0")
    left, w = _span(box[0], box[2], width, text, width, height)
    top, h = _span(box[1], box[3], height, text, width, height)
    return left, top, w, h


def _span(start: float, size: float, limit: int, text: str, width: int, height: int) -> tuple[float, float]:
    """Start and size of the box on one axis, rounded and clipped."""
    # The edges are rounded, not the size: formats that give edges then agree with those that give sizes.
    start, end = round(start, 2), round(start + size, 2)
    if start < -ROUNDING or end > limit + ROUNDING or start > limit or end < 0:
        raise ValueError(f"{text} is not inside the {width} x {height} photo")
    start, end = min(max(start, 0.0), limit), min(max(end, 0.0), limit)
    return start, round(end - start, 2)
