"""Reader of tables with one object per line, as spreadsheets, scripts, Kaggle and Open Images have them."""

import codecs
import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path

from seigan_tf.data.annotations import open_images
from seigan_tf.data.annotations.boxes import checked_size, flag
from seigan_tf.data.annotations.collecting import Collection, Drawn, box_of_corners, refuse_fractions
from seigan_tf.data.annotations.columns import CENTERS, EDGES, SIZES, TEXT, WITHOUT_HEADER, Layout, find_layout
from seigan_tf.data.annotations.joining import MAX_ID, Join
from seigan_tf.data.photos.files import require_folder
from seigan_tf.data.photos.photo import Note, Photo, Problem
from seigan_tf.utils.text import number, numbers, shown

DELIMITERS = ("\t", ";", ",", " ")  # in the order in which they are tried; " " stands for blanks
BLANKS = re.compile(r'("(?:[^"]|"")*")|[ \t]+')
LONGEST_LINE = 65_536
SNIFFED_LINES = 1000  # lines in which a box is looked for that shows the delimiter
NO_BOX = ("", "[]", "nan", "none", "null")  # texts of a photo without object, in small letters


def read_csv(images: Path, annotations: Path) -> Iterator[Photo | Problem | Note]:
    """Read a table of boxes, in the order in which it first names the photos.

    Columns are separated by tabs, semicolons, commas or blanks. A header names them, see `columns.COLUMNS`, in any
    order: the file, with or without the photo's ending, and the box in pixels: edges, or left, top, width and height,
    or center, width and height, or one column "bbox" with "[left, top, width, height]". Class, id, crowd and the
    photo's width and height are optional; photos are opened for sizes that are not given. Without a header the columns
    are file, left, top, width, height and, optionally, class. A table of Open Images is in fractions of the photo.

    Fields may be in double quotes; empty lines and lines that begin with # are skipped. A line without numbers is a
    photo without object. Photos that the table does not name are not used: their objects are unknown. The table is in
    UTF-8 or UTF-16.

    Raises ValueError if a column is missing, or the numbers of all boxes are likely others than the columns say.
    """
    require_folder(images)
    layout = _layout_of(annotations)
    layout = _without_box_sizes(annotations, layout)
    classes = open_images.class_names(annotations) if layout.fractions else {}
    as_box = open_images.in_pixels if layout.fractions else None
    with Collection(images, annotations, as_box) as collection:
        yield from _read_rows(annotations, layout, collection, classes)
        yield from collection.read_sizes()
        if not layout.fractions:
            _check_readings(annotations, layout, collection)
        yield from collection.photos()


def is_table(path: Path) -> bool:
    """Tell whether a file is such a table: its header is known, or its first line has numbers in place of a box."""
    try:
        layout = _layout_of(path)
        fields = _split(next(_lines(path))[1], layout.delimiter)
    except ValueError:
        return False
    box = fields[1:5]
    return layout.has_header or not any(box) or (len(box) == 4 and all(numbers(field, (1,)) for field in box))


def _check_readings(path: Path, layout: Layout, collection: Collection) -> None:
    readings = collection.readings(edges=layout.box is EDGES)
    refuse_fractions(path, readings)
    if layout.box in (SIZES, TEXT) and not (layout.has_header and layout.box is SIZES) and readings.are_corners:
        columns = "four columns x1,y1,x2,y2 in place of it" if layout.has_header else "the line file,x1,y1,x2,y2,class"
        sizes = "four columns x,y,width,height" if layout.has_header else "file,x,y,width,height,class"
        raise ValueError(
            f"{path}: the boxes are likely x1, y1, x2, y2, expected x, y, width, height where no column is named so"
            f" ({readings.reason}); say it by a header: {columns}, or, if they are right, {sizes}"
        )
    if layout.box is EDGES and readings.are_sizes:
        raise ValueError(
            f"{path}: {readings.bad_corners} of {readings.count} boxes end before they begin or leave their photos, and"
            " all fit as x, y, width, height; name the columns so if they are, expected right and bottom edges"
        )


def _read_rows(path: Path, layout: Layout, collection: Collection, classes: dict[str, str]) -> Iterator[Problem]:
    join, line = collection.join, 0
    for line, fields in _rows(path, layout):
        where = f"{path.name}: line {line}"
        if isinstance(fields, ValueError):
            yield Problem("object", where, str(fields))
            continue
        # Before the box: if that cannot be read, the photo is known to show an object somewhere.
        file, size = fields[layout.columns["file"]], _photo_size(fields, layout)
        linked = join.linked(file)
        if linked:
            photo = linked[0]
        else:
            try:
                photo = collection.add_photo(file, size)[0]
            except ValueError as error:
                yield Problem("photo", where, str(error))
                photo = None
            join.link(file, photo)
        if photo is None:
            continue
        try:
            if size:
                _note_size(join, photo, size)
            box = _box(fields, layout)
            identity = _identity(fields[layout.columns["id"]]) if box and "id" in layout.columns else line
            crowd = _is_crowd(fields[layout.columns["crowd"]]) if "crowd" in layout.columns else False
        except ValueError as error:
            join.lacks_object(photo)
            yield Problem("object", where, str(error))
            continue
        if box is None:
            continue
        category = fields[layout.columns["class"]] if "class" in layout.columns else ""
        drawn = Drawn(f"line {line}", box, classes.get(category, category), crowd, id=identity)
        if not collection.add_object(photo, drawn):
            yield Problem("object", where, f"id {identity} is given twice, expected unique ids")
    if not line:
        raise ValueError(f"{path}: names no photo, expected at least one line below the header")


def _rows(path: Path, layout: Layout) -> Iterator[tuple[int, list[str] | ValueError]]:
    """Yield number and fields of each line below the header, or the error that says why it cannot be split."""
    lines = _lines(path)
    if layout.has_header:
        next(lines)
    for line, text in lines:
        try:
            fields = _split(text, layout.delimiter)
        except ValueError as error:
            yield line, error
        else:
            yield line, fields + [""] * (layout.width - len(fields))


def _box(fields: list[str], layout: Layout) -> tuple[float, ...] | None:
    """Return left, top, width and height; None if the line has no numbers: a photo without object."""
    if any(fields[layout.width :]):
        raise ValueError(f"has {len(fields)} columns, expected {layout.width}")
    names, texts = layout.box, [fields[layout.columns[name]] for name in layout.box]
    if layout.box is TEXT:
        if texts[0].lower() in NO_BOX:
            return None
        names, texts = SIZES, re.split(r"[\s,;]+", texts[0].strip("[](){} "))
        if len(texts) != 4:
            raise ValueError(f"box: {shown(fields[layout.columns['box']])}, expected [left, top, width, height]")
    if not any(texts):
        return None
    values = []
    for name, text in zip(names, texts, strict=True):
        try:
            values.append(number(text))
        except ValueError as error:
            raise ValueError(f"{name.replace('_', ' ')}: {error}") from None
    if layout.box is EDGES:
        return box_of_corners(*values)
    if layout.box is CENTERS:
        return values[0] - values[2] / 2, values[1] - values[3] / 2, values[2], values[3]
    return tuple(values)


def _photo_size(fields: list[str], layout: Layout) -> tuple[float, float] | None:
    """Return width and height of the photo in its columns; None if there are none, or they are empty or 0."""
    if not layout.columns.keys() >= {"photo_width", "photo_height"}:
        return None
    sides = []
    for side in ("photo_width", "photo_height"):
        text = fields[layout.columns[side]]
        try:
            sides.append(number(text or 0))
        except ValueError:
            return None
    return (sides[0], sides[1]) if all(sides) else None


def _note_size(join: Join, photo: int, size: tuple[float, float]) -> None:
    """Keep the size that a line gives its photo. Raises ValueError if an earlier line has another one."""
    known = join.size(photo)
    if not all(known):
        join.set_size(photo, *checked_size(*size))
    elif size != known:
        raise ValueError(f"photo of {size[0]:g} x {size[1]:g} pixels, of another size in an earlier line")


def _without_box_sizes(path: Path, layout: Layout) -> Layout:
    """Return the layout without the photo's size if these columns hold that of the box, in every line."""
    if layout.box is not EDGES or "photo_width" not in layout.columns:
        return layout
    seen = False
    for _, fields in _rows(path, layout):
        if isinstance(fields, ValueError):
            continue
        try:
            box, size = _box(fields, layout), _photo_size(fields, layout)
        except ValueError:
            continue
        if box and size:
            if max(abs(box[2] - size[0]), abs(box[3] - size[1])) > 1:
                return layout
            seen = True
    return layout.without_photo_size() if seen else layout


def _identity(text: str) -> int | str:
    if not text:
        raise ValueError("id: is empty, expected a number or a text")
    if not text.isascii() or "_" in text:  # Python takes 1_0 for 10, and digits of every script for numbers.
        return text
    try:
        value = int(text)
    except ValueError:
        return text
    if abs(value) > MAX_ID:
        raise ValueError(f"id: {shown(text)} is too large")
    return value


def _is_crowd(text: str) -> bool:
    try:
        return flag(text)
    except ValueError as error:
        raise ValueError(f"crowd: {error}") from None


def _layout_of(path: Path) -> Layout:
    """Find the layout of a table from its first lines. Raises ValueError if they hold no box, or lack a column."""
    first, delimiter, lacking = "", None, ""
    for count, (_, text) in enumerate(_lines(path)):
        if not first:
            first = text
            for mark in DELIMITERS:
                layout = find_layout(_split(first, mark, strict=False), mark)
                if isinstance(layout, Layout):
                    return layout
                lacking = lacking or layout
        delimiter = next((mark for mark in DELIMITERS if len(_split(text, mark, strict=False)) >= 5), None)
        if delimiter or count == SNIFFED_LINES:
            break
    header = _split(first, delimiter or " ", strict=False)
    boxes = [field for field in header[1:5] if field]
    if (lacking or (delimiter and boxes)) and not any(numbers(field, (1,)) for field in boxes):
        raise ValueError(
            f"{path}: the columns are {shown(first)}: {lacking or 'none is known'}; expected file, left and top, with"
            " right and bottom or with width and height"
        )
    if delimiter is None:
        what = f"begins with {shown(first)}" if first else "is empty"
        raise ValueError(
            f"{path}: {what}, expected a table with columns {', '.join(WITHOUT_HEADER)},"
            " separated by tabs, semicolons, commas or blanks"
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
