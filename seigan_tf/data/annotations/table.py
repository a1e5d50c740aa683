"""Reader of boxes from a text table with one object per line, as spreadsheets and small scripts write it."""

import marshal
from collections.abc import Iterator
from pathlib import Path

from seigan_tf.data.annotations.boxes import checked_box, number
from seigan_tf.data.annotations.joining import MAX_ID, Join
from seigan_tf.data.annotations.table_layout import EDGES, Layout, layout_of, lines, split
from seigan_tf.data.photos.files import BOX_FILES, locate, name_of, only_file, require_folder
from seigan_tf.data.photos.photo import Box, Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size
from seigan_tf.utils.text import printable, shown


def read_csv(images: Path, annotations: Path | None = None) -> Iterator[Photo | Problem]:
    """Read a table of boxes, in the order in which it first names the photos; sizes are read from the photos.

    Columns are separated by tabs, semicolons, commas or blanks. A header names them, see COLUMNS, in any order: file,
    left, top, and right and bottom or else width and height, in pixels; class and id are optional. Without a header
    they are file, left, top, width, height and, optionally, class. Fields may be in double quotes; empty lines and
    lines that begin with # are skipped. A line without numbers is a photo without object. Photos that the table does
    not name are not used: their objects are unknown.

    Args:
        images: folder of the photographs, to which the file names are relative.
        annotations: the table, in UTF-8 or UTF-16; None: the one table, or COCO file, in the folder of the photographs.

    Raises ValueError if the folder or the file is missing, the file is no such table or names no photo.
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
    """Return left, top, width and height; None if the line has no numbers: a photo without object.

    Raises ValueError if the line has too many columns, or a box that is not numbers.
    """
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
