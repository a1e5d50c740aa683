"""Reader of boxes from a text table with one object per line, as spreadsheets and small scripts write it."""

import codecs
import csv
import marshal
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seigan_tf.data.annotations.boxes import checked_box, number
from seigan_tf.data.annotations.coco import read_coco
from seigan_tf.data.annotations.joining import MAX_ID, Join
from seigan_tf.data.photos.files import BOX_FILES, locate, name_of, only_file, require_folder
from seigan_tf.data.photos.photo import Box, Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size
from seigan_tf.utils.text import numbers, printable, shown

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
    delimiter: str
    columns: dict[str, int]  # place of each column, by its name in COLUMNS
    width: int  # most columns of a line
    box: tuple[str, ...]  # EDGES or SIZES
    has_header: bool


def read_csv(images: Path, annotations: Path | None = None) -> Iterator[Photo | Problem]:
    """Read a table of boxes, in the order in which it first names the photos; sizes are read from the photos.

    Columns are separated by tabs, semicolons, commas or blanks. A header names them, see COLUMNS, in any order: file,
    left, top, and right and bottom or else width and height, in pixels; class and id are optional. Without a header
    they are file, left, top, width, height and, optionally, class. Fields may be in double quotes; empty lines and
    lines that begin with # are skipped. A line without numbers is a photo without object. Photos that the table does
    not name are not used: their objects are unknown.

    The table is in UTF-8 or UTF-16. Without `annotations` it is the one table, or COCO file, in the folder of the
    photographs, to which the file names are relative.
    """
    require_folder(images)
    if annotations is None:
        annotations = only_file(images, BOX_FILES)
        if annotations.suffix.lower() == ".json":
            yield from read_coco(images, annotations)
            return
    layout = _layout_of(annotations)
    with Join(annotations) as join:
        yield from _read_rows(annotations, layout, images, join)
        for name, _, _, incomplete, rows in join:
            try:
                width, height = photo_size(images / name)
            except UnreadablePhoto as error:
                yield Problem("photo", name, str(error))
                continue
            objects = []
            for identity, row in rows:
                line, box, category = marshal.loads(row)
                try:
                    objects.append(Object(checked_box(box, width, height), id=identity, category=category))
                except ValueError as error:
                    incomplete = True
                    yield Problem("object", f"{annotations.name}: line {line} ({name})", str(error))
            yield Photo(images / name, width, height, tuple(objects), name, incomplete)


def _read_rows(annotations: Path, layout: Layout, images: Path, join: Join) -> Iterator[Problem]:
    rows = _lines(annotations)
    if layout.has_header:
        next(rows)
    line = 0
    for line, text in rows:
        where = f"{annotations.name}: line {line}"
        try:
            fields = _split(text, layout.delimiter)
        except ValueError as error:
            yield Problem("object", where, str(error))
            continue
        fields += [""] * (layout.width - len(fields))
        # Before the box: if that cannot be read, the photo is known to show an object somewhere.
        file = fields[layout.columns["file"]]
        linked = join.linked(file)
        if linked:
            photo = linked[0]
        else:
            try:
                photo = join.add_photo(name_of(locate(images, file), images))[0]
            except ValueError as error:
                yield Problem("photo", where, str(error))
                photo = None
            join.link(file, photo)
        if photo is None:
            continue
        try:
            box = _box(fields, layout)
            identity = _identity(fields[layout.columns["id"]]) if box and "id" in layout.columns else line
        except ValueError as error:
            join.lacks_object(photo)
            yield Problem("object", where, str(error))
            continue
        if box is None:
            continue
        category = printable(fields[layout.columns["class"]]) if "class" in layout.columns else ""
        if not join.add_object(photo, identity, marshal.dumps((line, box, category))):
            yield Problem("object", where, f"id {identity} is given twice, expected unique ids")
    if not line:
        raise ValueError(f"{annotations}: names no photo, expected at least one line below the header")


def _box(fields: list[str], layout: Layout) -> Box | None:
    """Return left, top, width and height; None if the line has no numbers: a photo without object."""
    if any(fields[layout.width :]):
        raise ValueError(f"has {len(fields)} columns, expected {layout.width}")
    texts = [fields[layout.columns[name]] for name in layout.box]
    if not any(texts):
        return None
    values = []
    for name, text in zip(layout.box, texts, strict=True):
        try:
            values.append(number(text))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    left, top, right, bottom = values
    return (left, top, right - left, bottom - top) if layout.box is EDGES else (left, top, right, bottom)


def _identity(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = MAX_ID + 1
    if abs(value) > MAX_ID:
        raise ValueError(f"id: {shown(text)} is not a whole number")
    return value


def _layout_of(path: Path) -> Layout:
    """Find the layout of a table from its first lines. Raises ValueError if they hold no box, or lack a column."""
    first, delimiter = "", None
    for count, (_, text) in enumerate(_lines(path)):
        first = first or text
        delimiter = next((mark for mark in DELIMITERS if len(_split(text, mark, strict=False)) >= 5), None)
        if delimiter or count == SNIFFED_LINES:
            break
    if delimiter is None:
        what = f"begins with {shown(first)}" if first else "is empty"
        raise ValueError(
            f"{path}: {what}, expected a table with columns {', '.join(WITHOUT_HEADER)},"
            " separated by tabs, semicolons, commas or blanks"
        )
    header = [re.sub("[_ -]", "", field.lower()) for field in _split(first, delimiter, strict=False)]
    columns = {
        column: header.index(name) for column, names in COLUMNS.items() for name in names[::-1] if name in header
    }
    for box in (EDGES, SIZES):
        if columns.keys() >= {"file", *box}:
            return Layout(delimiter, columns, len(header), box, True)
    if len(header) >= 5 and any(header[1:5]) and not any(numbers(field, (1,)) for field in header[1:5]):
        raise ValueError(
            f"{path}: the columns are {shown(first)}, expected file, left and top, with right and bottom or with width"
            " and height"
        )
    columns = {name: place for place, name in enumerate(WITHOUT_HEADER)}
    return Layout(delimiter, columns, len(columns), SIZES, False)


def _split(text: str, delimiter: str, strict: bool = True) -> list[str]:
    """Split a line into its fields, without blanks around them; `strict` refuses unpaired quotes by ValueError."""
    if delimiter == " ":
        text, delimiter = BLANKS.sub(lambda found: found[1] or "\t", text), "\t"
    try:
        (fields,) = csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=strict)
    except (csv.Error, ValueError) as error:
        raise ValueError(f"is {shown(text)}: {shown(str(error))}") from None
    return [field.strip() for field in fields]


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that is neither empty nor a comment."""
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
