"""Photos and their objects, gathered from entries of any annotation format, found by name and checked as one set."""

import marshal
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seigan_tf.data.annotations.box_readings import BoxReadings
from seigan_tf.data.annotations.boxes import checked_size, finite_numbers, pixel_box
from seigan_tf.data.annotations.joining import Join
from seigan_tf.data.annotations.names import PhotoNames
from seigan_tf.data.photos.photo import Box, Note, Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size
from seigan_tf.utils.text import printable, shown

AsBox = Callable[[list, int, int], Sequence[Any]]
"""Makes left, top, width and height in pixels of a box as its tool stores it, and width and height of the photo."""


class Drawn(NamedTuple):
    """One object as the annotations give it."""

    where: str  # its name in messages: "object 3"
    box: Sequence[Any]  # left, top, width and height in pixels, or whatever the reader's `AsBox` takes; not checked
    category: str = ""
    crowd: bool = False
    segmentation: Any = None  # as `Object.segmentation`
    id: int | str | None = None  # unique in the set; None: a number is given to it


class Lost(NamedTuple):
    """One object that cannot be used."""

    where: str
    what: str


class Entry(NamedTuple):
    """One photo with its objects as a tool gives them."""

    where: str  # its name in messages
    file_name: Any  # path, URL or name of the photo
    size: tuple[Any, Any] | None  # width and height; None, or 0 or nothing in place of one: read them from the photo
    objects: Iterable[Drawn | Lost]


class Collection:
    """The photos and objects of one set, in files instead of in memory; a context manager.

    `as_box` makes boxes of what `Drawn.box` holds; without it that is the box.
    """

    def __init__(self, images: Path, annotations: Path, as_box: AsBox | None = None):
        self.images = images
        self.names = PhotoNames(images)
        self.join = Join(annotations)
        self.as_box = as_box
        self.prefix = "" if annotations.is_dir() else f"{annotations.name}: "  # of entries in messages
        self._name = annotations.name

    def __enter__(self) -> "Collection":
        self.join.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self.join.__exit__(*error)

    def add_photo(self, file_name: Any, size: tuple[Any, Any] | None = None) -> tuple[int, bool]:
        """Return the photo's number, and whether it is new.

        Raises ValueError if the name or the size cannot be used, or another name means the same photo. That photo is
        refused then if the end of its path alone led to it.
        """
        if not isinstance(file_name, str):
            raise ValueError(f"file name is {shown(file_name)}, expected the path of a photo")
        name = self.names.find(file_name)
        photo, earlier = self.join.add_photo(name, file_name, *_size(size))
        if earlier not in (None, file_name) and name in self.names.by_end:
            self.join.refuse_photo(photo)
            raise ValueError(
                f"{shown(file_name)} and {shown(earlier)} both end as {shown(name)} does, expected one photo for each;"
                " it is not used"
            )
        return photo, earlier is None

    def add_object(self, photo: int, item: Drawn) -> bool:
        """Add an object and return True, or False if its id is not new."""
        content = item.where, printable(item.category), item.crowd, item.segmentation
        return self.join.add_object(photo, item.id, marshal.dumps(list(item.box)), marshal.dumps(content))

    def read_sizes(self) -> Iterator[Problem]:
        """Read the sizes that no annotation gave from the photos' headers; yield those that cannot be read."""
        for photo, name in self.join.unsized():
            try:
                self.join.set_size(photo, *photo_size(self.images / name))
            except UnreadablePhoto as error:
                self.join.refuse_photo(photo)
                yield Problem("photo", name, str(error))

    def readings(self, edges: bool = False) -> BoxReadings:
        """Count the readings of all boxes, of their edges if the format gives these. The photos' sizes are known."""
        readings = BoxReadings()
        for box, width, height in self.join.boxes():
            if (numbers := finite_numbers(self._box(marshal.loads(box), width, height))) is not None:
                left, top, w, h = numbers
                readings.add((left, top, left + w, top + h) if edges else numbers, width, height)
        return readings

    def photos(self) -> Iterator[Photo | Problem | Note]:
        """Yield the photos with their checked objects, in the order of adding. The sizes of all photos are known."""
        yield from self.names.notes(self._name)
        for name, width, height, incomplete, stored in self.join:
            objects = []
            for item in stored:
                where, category, crowd, segmentation = marshal.loads(item.content)
                try:
                    box = pixel_box(self._box(marshal.loads(item.box), width, height), width, height)
                except ValueError as error:
                    incomplete = True
                    yield Problem("object", f"{self.prefix}{where} of {name}", str(error))
                else:
                    number = item.id if isinstance(item.id, int) else item.position
                    objects.append(Object(box, crowd, segmentation, number, category))
            yield Photo(self.images / name, width, height, tuple(objects), name, incomplete)

    def _box(self, box: list, width: int, height: int) -> Sequence[Any]:
        return self.as_box(box, width, height) if self.as_box else box


def read_entries(
    images: Path, annotations: Path, entries: Iterable[Entry | Problem], as_box: AsBox | None = None
) -> Iterator[Photo | Problem | Note]:
    """Yield the photos of the entries. A photo that several entries name is incomplete, with the objects of all.

    Raises ValueError if there is no entry, or all boxes are in fractions.
    """
    with Collection(images, annotations, as_box) as collection:
        found = False
        for entry in entries:
            found = True
            if isinstance(entry, Problem):
                yield entry._replace(where=f"{collection.prefix}{entry.where}")
            else:
                yield from _add(collection, entry)
        if not found:
            raise ValueError(f"{annotations}: names no photo, expected at least one")
        yield from collection.read_sizes()
        refuse_fractions(annotations, collection.readings())
        yield from collection.photos()


def refuse_fractions(annotations: Path, readings: BoxReadings) -> None:
    """Raise ValueError if all boxes are in fractions of their photos."""
    if readings.are_fractions:
        raise ValueError(
            f"{annotations}: all numbers of its {readings.count} boxes are from 0 to 1, so they are fractions of the"
            " photos, expected pixels: multiply them by the photo's width and height (labels of YOLO hold fractions)"
        )


def _add(collection: Collection, entry: Entry) -> Iterator[Problem]:
    where = f"{collection.prefix}{entry.where}"
    try:
        photo, is_new = collection.add_photo(entry.file_name, entry.size)
    except ValueError as error:
        yield Problem("photo", where, str(error))
        return
    if not is_new:
        collection.join.lacks_object(photo)
        yield Problem("photo", where, "of a photo that another entry describes as well; no crop is taken from it")
    for item in entry.objects:
        if isinstance(item, Lost):
            collection.join.lacks_object(photo)
            yield Problem("object", f"{where}: {item.where}", item.what)
        elif not collection.add_object(photo, item):
            yield Problem(
                "object", f"{where}: {item.where}", f"id {shown(item.id)} is given twice, expected unique ids"
            )


def _size(size: tuple[Any, Any] | None) -> tuple[int, int]:
    """Return a checked size; 0, 0 if it is not given."""
    if size is None or any(side in (None, 0, "", "0") for side in size):
        return 0, 0
    return checked_size(*size)


def box_of_corners(left: Any, top: Any, right: Any, bottom: Any) -> Box:
    """Return left, top, width and height."""
    return left, top, right - left, bottom - top
