"""Reads boxes from a text table with one object a line, as spreadsheets and small scripts write it."""

import codecs
import csv
import marshal
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seigan_tf.data import photographs
from seigan_tf.data.annotations import Object, Photo, Problem
from seigan_tf.data.readers.common import (
    BOX_FILES,
    checked_box,
    locate,
    name_of,
    number,
    only_file,
    printable,
    require_folder,
    shown,
)
from seigan_tf.data.readers.joining import MAX_ID, Join

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
"""What each column may be called in the header, in small letters and without underscores."""

EDGES = ("left", "top", "right", "bottom")
SIZES = ("left", "top", "width", "height")
WITHOUT_HEADER = ("file", *SIZES, "class")

DELIMITERS = ("\t", ";", ",", " ")
"""In the order in which they are tried; " " stands for blanks."""
BLANKS = re.compile(r'("(?:[^"]|"")*")|[ \t]+')

LONGEST_LINE = 65_536
SNIFFED_LINES = 1000
"""Lines in which a box is looked for that tells the delimiter."""


class _Layout(NamedTuple):
    """How the table is written."""

    delimiter: str
    columns: dict[str, int]
    """Place of each column, by its name in COLUMNS."""
    count: int
    """Columns of a line, at most."""
    box: tuple[str, ...]
    """EDGES or SIZES."""
    has_header: bool


def read_csv(images: Path, annotations: Path | None = None) -> Iterator[Photo | Problem]:
    """Reads a table of boxes, in the order in which it first names the photos. Their sizes are read from the photos.

    Columns are separated by tabs, semicolons, commas or blanks. A header names them, see COLUMNS, in any order: the
    file, left and top with right and bottom or else with width and height, in pixels; class and id may be left out.
    Without a header they are file, left, top, width, height and class, the last of which may be left out. Fields may
    be in double quotes; empty lines and lines that begin with # are skipped. A line without numbers is a photo without
    object. Photos that the table does not name are not used: nobody says what they show.

    Args:
        images: folder of the photographs, to which the file names are relative.
        annotations: the table, in UTF-8 or UTF-16; None stands for the one table, or COCO file, in the folder of the
            photographs.

    Raises:
        ValueError: the folder or the file is missing, the file is no such table or names no photo.
    """
    require_folder(images)
    if annotations is None:
        annotations = only_file(images, BOX_FILES)
        if annotations.suffix.lower() == ".json":
            from seigan_tf.data.readers.coco import read_coco

            yield from read_coco(images, annotations)
            return
    layout = _layout(annotations)
    with Join(annotations) as join:
        yield from _read_rows(annotations, layout, images, join)
        for name, _, _, incomplete, rows in join:
            try:
                size = photographs.photo_size(images / name)
            except photographs.UnreadablePhoto as error:
                yield Problem("photo", name, str(error))
                continue
            objects = []
            for identity, row in rows:
                line, box, category = marshal.loads(row)
                try:
                    objects.append(Object(checked_box(*box, *size), id=identity, category=category))
                except ValueError as error:
                    incomplete = True
                    yield Problem("object", f"{annotations.name}: line {line} ({name})", str(error))
            yield Photo(images / name, *size, tuple(objects), name, incomplete)


def _read_rows(annotations: Path, layout: _Layout, images: Path, join: Join) -> Iterator[Problem]:
    lines = _lines(annotations)
    if layout.has_header:
        next(lines)
    line = 0
    for line, text in lines:
        where = f"{annotations.name}: line {line}"
        try:
            row = _row(text, layout)
        except ValueError as error:
            yield Problem("object", where, str(error))
            continue
        if join.linked(row.file) is None:
            try:
                name = name_of(locate(images, row.file), images)
            except ValueError as error:
                yield Problem("photo", where, str(error))
                join.link(row.file, None)
            else:
                join.link(row.file, join.add_photo(name)[0])
        photo, _ = join.linked(row.file)
        if photo is None or row.box is None:
            continue
        identity = line if row.id is None else row.id
        if not join.add_object(photo, identity, marshal.dumps((line, row.box, row.category))):
            yield Problem("object", where, f"id {identity} is given twice, expected unique ids")
    if not line:
        raise ValueError(f"{annotations}: names no photo, expected at least one line below the header")


class _Row(NamedTuple):
    """One line of the table."""

    file: str
    box: tuple[float, float, float, float] | None
    """Left, top, width and height; None of a photo without object."""
    category: str
    id: int | None
    """None where the table has no ids."""


def _row(text: str, layout: _Layout) -> _Row:
    """Raises ValueError where the line has too many columns, or a box or an id that is no number."""
    fields = _split(text, layout.delimiter)
    if any(fields[layout.count :]):
        raise ValueError(f"has {len(fields)} columns, expected {layout.count}")
    fields += [""] * (layout.count - len(fields))
    values = {name: fields[place] for name, place in layout.columns.items()}
    file, category = values["file"], printable(values.get("class", ""))
    if not any(values[name] for name in layout.box):
        return _Row(file, None, category, None)
    left, top, right, bottom = (_cell(name, values[name]) for name in layout.box)
    if layout.box is EDGES:
        right, bottom = right - left, bottom - top
    identity = _identity(values["id"]) if "id" in values else None
    return _Row(file, (left, top, right, bottom), category, identity)


def _cell(name: str, text: str) -> float:
    try:
        return number(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _identity(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = None
    if value is None or abs(value) > MAX_ID:
        raise ValueError(f"id: {shown(text)} is not a whole number")
    return value


def _layout(path: Path) -> _Layout:
    """Tells how the table is written from its first lines.

    Raises:
        ValueError: there is no line with a box in it, or the header lacks a column.
    """
    first, delimiter = None, None
    for count, (_, text) in enumerate(_lines(path)):
        first = text if first is None else first
        delimiter = next((mark for mark in DELIMITERS if len(_split_or_nothing(text, mark)) >= 5), None)
        if delimiter or count == SNIFFED_LINES:
            break
    if delimiter is None:
        what = "is empty" if first is None else f"begins with {shown(first)}"
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
            return _Layout(delimiter, columns, len(header), box, True)
    if len(header) >= 5 and any(header[1:5]) and not any(map(_is_number, header[1:5])):
        raise ValueError(
            f"{path}: the columns are {shown(first)}, expected file, left and top, with right and bottom or with width"
            " and height"
        )
    columns = {name: place for place, name in enumerate(WITHOUT_HEADER)}
    return _Layout(delimiter, columns, len(columns), SIZES, False)


def _is_number(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return True


def _split(text: str, delimiter: str) -> list[str]:
    """The fields of a line, without blanks around them.

    Raises:
        ValueError: a quote is not closed, or has something behind it.
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
        return _split(text, delimiter)
    except ValueError:
        return []


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each line that is neither empty nor a comment.

    Raises:
        ValueError: the file cannot be read, is no text, or has a line that is too long for a table.
    """
    if not os.path.isfile(path):
        raise ValueError(f"{path}: no such file, expected a table of boxes")
    try:
        with path.open("rb") as file:
            start = file.read(2)
        # Excel's "Unicode text" is UTF-16.
        encoding = "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
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
