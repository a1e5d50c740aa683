"""Reads boxes from a text table with one object a line, as spreadsheets and small scripts write it."""

import marshal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seigan_tf.data.annotations.boxes import checked_box, number
from seigan_tf.data.annotations.joining import MAX_ID, Join
from seigan_tf.data.annotations.table_layout import EDGES, Layout, layout_of, lines, split
from seigan_tf.data.photos import reading
from seigan_tf.data.photos.files import BOX_FILES, locate, name_of, only_file, require_folder
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.utils.text import printable, shown


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
            from seigan_tf.data.annotations.coco import read_coco

            yield from read_coco(images, annotations)
            return
    layout = layout_of(annotations)
    with Join(annotations) as join:
        yield from _read_rows(annotations, layout, images, join)
        for name, _, _, incomplete, rows in join:
            try:
                size = reading.photo_size(images / name)
            except reading.UnreadablePhoto as error:
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


def _read_rows(annotations: Path, layout: Layout, images: Path, join: Join) -> Iterator[Problem]:
    rows = lines(annotations)
    if layout.has_header:
        next(rows)
    line = 0
    for line, text in rows:
        where = f"{annotations.name}: line {line}"
        try:
            fields = split(text, layout.delimiter)
        except ValueError as error:
            yield Problem("object", where, str(error))
            continue
        fields += [""] * (layout.count - len(fields))
        # Before the box: where that cannot be read, the photo is known to show an object somewhere.
        file = fields[layout.columns["file"]]
        if join.linked(file) is None:
            try:
                name = name_of(locate(images, file), images)
            except ValueError as error:
                yield Problem("photo", where, str(error))
                join.link(file, None)
            else:
                join.link(file, join.add_photo(name)[0])
        photo, _ = join.linked(file)
        if photo is None:
            continue
        try:
            row = _row(fields, layout)
        except ValueError as error:
            join.lacks_object(photo)
            yield Problem("object", where, str(error))
            continue
        if row is None:
            continue
        identity = line if row.id is None else row.id
        if not join.add_object(photo, identity, marshal.dumps((line, row.box, row.category))):
            yield Problem("object", where, f"id {identity} is given twice, expected unique ids")
    if not line:
        raise ValueError(f"{annotations}: names no photo, expected at least one line below the header")


class _Row(NamedTuple):
    """The object of one line of the table."""

    box: tuple[float, float, float, float]
    """Left, top, width and height."""
    category: str
    id: int | None
    """None where the table has no ids."""


def _row(fields: list[str], layout: Layout) -> _Row | None:
    """None where the line has no numbers: a photo without object.

    Raises:
        ValueError: the line has too many columns, or a box or an id that is no number.
    """
    if any(fields[layout.count :]):
        raise ValueError(f"has {len(fields)} columns, expected {layout.count}")
    values = {name: fields[place] for name, place in layout.columns.items()}
    if not any(values[name] for name in layout.box):
        return None
    left, top, right, bottom = (_cell(name, values[name]) for name in layout.box)
    if layout.box is EDGES:
        right, bottom = right - left, bottom - top
    identity = _identity(values["id"]) if "id" in values else None
    return _Row((left, top, right, bottom), printable(values.get("class", "")), identity)


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
