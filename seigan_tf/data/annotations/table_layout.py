"""Layout of a text table of boxes: the separator of its columns, and their meaning."""

import codecs
import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seigan_tf.data.annotations.boxes import number
from seigan_tf.utils.text import shown

COLUMNS = {
    "file": ("file", "filename", "image", "path", "photo"),
    "left": ("xmin", "left", "x1", "x"),
    "top": ("ymin", "top", "y1", "y"),
    "right": ("xmax", "right", "x2"),
    "bottom": ("ymax", "bottom", "y2"),
    "width": ("width", "w"),
    "height": ("height", "h"),
    "class": ("class", "label", "category", "name"),
    "id": ("id",),
}
"""Names that each column may have in the header, in small letters and without underscores."""
EDGES = ("left", "top", "right", "bottom")
SIZES = ("left", "top", "width", "height")
WITHOUT_HEADER = ("file", *SIZES, "class")
DELIMITERS = ("\t", ";", ",", " ")  # in the order in which they are tried; " " stands for blanks
BLANKS = re.compile(r'("(?:[^"]|"")*")|[ \t]+')
LONGEST_LINE = 65_536
SNIFFED_LINES = 1000  # lines in which a box is looked for that shows the delimiter


class Layout(NamedTuple):
    """The layout of a table."""

    delimiter: str
    columns: dict[str, int]  # place of each column, by its name in COLUMNS
    width: int  # most columns of a line
    box: tuple[str, ...]  # EDGES or SIZES
    has_header: bool


def layout_of(path: Path) -> Layout:
    """Find the layout of a table from its first lines.

    Raises ValueError if there is no line with a box in it, or the header lacks a column.
    """
    first, delimiter = "", None
    for count, (_, text) in enumerate(lines(path)):
        first = first or text
        delimiter = next((mark for mark in DELIMITERS if len(_split_or_nothing(text, mark)) >= 5), None)
        if delimiter or count == SNIFFED_LINES:
            break
    if delimiter is None:
        what = f"begins with {shown(first)}" if first else "is empty"
        raise ValueError(
            f"{path}: {what}, expected a table with columns {', '.join(WITHOUT_HEADER)},"
            " separated by tabs, semicolons, commas or blanks"
        )
    header = [re.sub("[_ -]", "", field.lower()) for field in _split_or_nothing(first, delimiter)]
    columns = {
        column: header.index(name) for column, names in COLUMNS.items() for name in names[::-1] if name in header
    }
    for box in (EDGES, SIZES):
        if columns.keys() >= {"file", *box}:
            return Layout(delimiter, columns, len(header), box, True)
    if len(header) >= 5 and any(header[1:5]) and not any(map(_is_number, header[1:5])):
        raise ValueError(
            f"{path}: the columns are {shown(first)}, expected file, left and top, with right and bottom or with width"
            " and height"
        )
    columns = {name: place for place, name in enumerate(WITHOUT_HEADER)}
    return Layout(delimiter, columns, len(columns), SIZES, False)


def _is_number(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return True


def split(text: str, delimiter: str) -> list[str]:
    """Split a line into its fields, without blanks around them.

    Raises ValueError if a quote is not closed, or has something behind it.
    """
    if delimiter == " ":
        text, delimiter = BLANKS.sub(lambda found: found[1] or "\t", text), "\t"
    try:
        (fields,) = csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True)
    except (csv.Error, ValueError) as error:
        raise ValueError(f"is {shown(text)}: {shown(str(error))}") from None
    return [field.strip() for field in fields]


def _split_or_nothing(text: str, delimiter: str) -> list[str]:
    try:
        return split(text, delimiter)
    except ValueError:
        return []


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that is neither empty nor a comment.

    Raises ValueError if the file cannot be read, is no text, or has a line that is too long for a table.
    """
    if not os.path.isfile(path):
        raise ValueError(f"{path}: no such file, expected a table of boxes")
    try:
        with path.open("rb") as start:
            mark = start.read(2)
        # Excel's "Unicode text" is UTF-16.
        encoding = "utf-16" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
        with path.open(encoding=encoding) as file:
            line = 0
            while text := file.readline(LONGEST_LINE + 1):
                line += 1
                if len(text) > LONGEST_LINE:
                    raise ValueError(f"line {line} is longer than {LONGEST_LINE} characters, expected a table of boxes")
                if text.strip() and not text.startswith("#"):
                    # Not the tabs: the first column may be empty.
                    yield line, text.strip(" \n")
    except UnicodeError as error:
        raise ValueError(f"{path}: not UTF-8 text ({shown(str(error))})") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
