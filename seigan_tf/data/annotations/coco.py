"""Reader of COCO's JSON format (https://cocodataset.org/#format-data)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from seigan_tf.data.annotations import json_files
from seigan_tf.data.annotations.box_readings import BoxReadings
from seigan_tf.data.annotations.boxes import finite_numbers
from seigan_tf.data.annotations.collecting import Collection, Drawn, refuse_fractions
from seigan_tf.data.annotations.joining import MAX_ID
from seigan_tf.data.photos.files import require_folder
from seigan_tf.data.photos.photo import Note, Photo, Problem
from seigan_tf.utils.text import class_name, number, shown

Key = int | str


def read_coco(images: Path, annotations: Path) -> Iterator[Photo | Problem | Note]:
    """Read a COCO JSON file, in the order of its photos. Photos are opened only if the file does not give their size.

    The file, with the lists "images" and "annotations", and "categories" if classes have names, is streamed, three
    times: its entries may come in any order, and memory does not grow with their number. Ids are whole numbers or
    texts; objects without one are numbered. Segmentations are handed on unchanged; a flat list of VIA's is one polygon.
    Damage far behind the beginning of the file raises ValueError after the first problems, and so do boxes that are
    likely corners or fractions.
    """
    require_folder(images)
    with Collection(images, annotations) as collection:
        yield from _read_list(annotations, "images", "image", lambda entry: _read_photo(entry, collection))
        yield from collection.read_sizes()
        categories = _Categories(annotations)
        readings = BoxReadings()
        yield from _read_list(
            annotations,
            "annotations",
            "annotation",
            lambda entry: _read_object(entry, collection, categories, readings),
        )
        refuse_fractions(annotations, readings)
        if readings.are_corners:
            raise ValueError(
                f"{annotations}: 'bbox' is likely x1, y1, x2, y2, expected x, y, width, height as COCO has it"
                f" ({readings.reason}); write [x1, y1, x2 - x1, y2 - y1], or, if the boxes are"
                " right, give each annotation its 'area', width x height"
            )
        yield from categories.notes(annotations.name)
        yield from collection.photos()


class _Categories:
    """The classes of a file, and how many of its objects have a class that it lacks."""

    def __init__(self, annotations: Path):
        self._names: dict[Key, str] = {}
        self._lacking, self._first = 0, ""
        for entry in json_files.items(annotations, "categories.item"):
            key = _key(entry.get("id")) if isinstance(entry, dict) else None
            if key is not None:
                self._names[key] = class_name(entry.get("name"))

    def name(self, value: Any) -> str:
        """Return the name of the class of an id; an empty text if it has none, or the file no such class."""
        key = None if value is None else _key(value)
        if value is not None and key not in self._names:
            self._first = self._first or shown(value)
            self._lacking += 1
        return "" if key is None else self._names.get(key, "")

    def notes(self, where: str) -> Iterator[Note]:
        """Yield a note if a class has a name, and some objects none of the classes."""
        if self._lacking and any(self._names.values()):
            objects = f"{self._lacking} objects have" if self._lacking > 1 else "1 object has"
            yield Note(f"{where}: {objects} a 'category_id' that 'categories' lacks, and no class: {self._first}")


def _read_list(annotations: Path, name: str, kind: str, read: Callable[[Any], None]) -> Iterator[Problem]:
    """Read each entry of a list; yield those that are wrong."""
    count = 0
    for count, entry in enumerate(json_files.items(annotations, f"{name}.item"), start=1):
        try:
            read(entry)
        except ValueError as error:
            fields = entry if isinstance(entry, dict) else {}
            which = shown(fields["id"]) if "id" in fields else f"number {count} of the list"
            named = f" ({shown(fields['file_name'])})" if "file_name" in fields else ""
            lost: Literal["photo", "object"] = "photo" if kind == "image" else "object"
            yield Problem(lost, f"{annotations.name}: {kind} {which}{named}", str(error))
    # list() reads the file to its end, so that damage anywhere in it is named first.
    if not count and not any(isinstance(value, list) for value in list(json_files.items(annotations, name))):
        raise ValueError(f"{annotations}: not COCO annotations, expected an object with the list '{name}'")
    if not count and kind == "image":
        raise ValueError(f"{annotations}: names no photo, expected at least one entry in 'images'")


def _read_photo(entry: Any, collection: Collection) -> None:
    key, join = _required(entry, "id"), collection.join
    earlier = join.linked(key)
    try:
        # LVIS has URLs alone.
        file_name = entry.get("file_name") or entry.get("coco_url")
        if not isinstance(file_name, str):
            raise ValueError(f"'file_name' is {shown(entry.get('file_name'))}, expected the path of a photo")
        photo, is_new = collection.add_photo(file_name, (entry.get("width"), entry.get("height")))
    except ValueError:
        join.refuse(key)
        raise
    if earlier and earlier[0] != photo:
        join.refuse(key)
        join.link(key, photo)
        join.refuse(key)
        raise ValueError(
            f"the id is that of {earlier[1] or 'another entry'} too, expected unique ids; neither photo is used"
        )
    join.link(key, photo)
    if not is_new:
        raise ValueError("the photo is given twice, expected once; the objects of both entries are put together")


def _read_object(entry: Any, collection: Collection, categories: _Categories, readings: BoxReadings) -> None:
    key = _required(entry, "image_id")
    linked = collection.join.linked(key)
    if linked is None:
        raise ValueError(f"is of image {shown(key)}, which 'images' does not hold")
    photo = linked[0]
    if photo is None:
        return
    try:
        item = _object(entry, categories)
    except ValueError:
        collection.join.lacks_object(photo)
        raise
    box, (width, height) = finite_numbers(item.box), collection.join.size(photo)
    if box and width:
        area = entry.get("area")
        readings.add(box, width, height, area if type(area) in (int, float) else None)
    if not collection.add_object(photo, item):
        raise ValueError("the id is given twice, expected unique ids")


def _object(entry: dict, categories: _Categories) -> Drawn:
    """Return the object; its box is checked when all are known."""
    box, crowd, segmentation = entry.get("bbox"), entry.get("iscrowd"), entry.get("segmentation") or None
    if not isinstance(box, list) or len(box) != 4:
        raise ValueError(f"'bbox' is {shown(box)}, expected [x, y, width, height]")
    if crowd not in (0, 1, "0", "1", None):
        raise ValueError(f"'iscrowd' is {shown(crowd)}, expected 0 or 1")
    identity = None if entry.get("id") is None else _required(entry, "id")
    if isinstance(segmentation, list) and all(type(value) in (int, float) for value in segmentation):
        segmentation = [segmentation]
    category = categories.name(entry.get("category_id"))
    try:
        box = [value if type(value) is float else number(value) for value in box]
    except ValueError:
        raise ValueError(f"'bbox' is {shown(box)}, expected numbers [x, y, width, height]") from None
    where = f"annotation {'without id' if identity is None else shown(identity)}"
    return Drawn(where, box, category, crowd in (1, "1"), segmentation, identity)


def _required(entry: Any, field: str) -> Key:
    value = entry.get(field) if isinstance(entry, dict) else None
    key = _key(value)
    if key is None:
        raise ValueError(f"'{field}' is {shown(value)}, expected a whole number or a text")
    return key


def _key(value: Any) -> Key | None:
    """Return an id as a number, also if it is written as text; other texts as they are, anything else as None."""
    if isinstance(value, str):
        try:
            key = int(value) if value.isascii() and "_" not in value else None
        except ValueError:
            key = None
        return (value or None) if key is None or abs(key) > MAX_ID else key
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_ID else None
