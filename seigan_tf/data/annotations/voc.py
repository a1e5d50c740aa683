"""Reader of Pascal VOC's format (http://host.robots.ox.ac.uk/pascal/VOC/): one XML file per photograph."""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from seigan_tf.data.annotations import xml_files
from seigan_tf.data.annotations.collecting import Collection, Drawn, refuse_fractions
from seigan_tf.data.photos.files import PHOTO_SUFFIXES, find_files, locate, require_folder
from seigan_tf.data.photos.photo import Note, Photo, Problem
from seigan_tf.utils.text import number, shown

OFFICIAL = "The VOC"
"""Beginning of <database> in the official sets ("The VOC2007 Database"), which count pixels from 1."""
UNKNOWN = "Unknown"  # <database> that labelImg, Datumaro and CVAT write; they count from 0


def read_voc(images: Path, annotations: Path) -> Iterator[Photo | Problem | Note]:
    """Read the XML files of the folder, in the order of their names. Photos without a file are not used.

    Objects marked as difficult are used like the others. Corners are pixels counted from 1, both inside the box, as in
    the official sets, whose <source> names them. Other files count from 0, with edges between the pixels, if one of
    them has a corner at 0, a fraction of a pixel, or a tool that is known to do so; labelImg, Label Studio, Datumaro
    and CVAT do. Photos are opened only if a file does not give their size.

    `images` is JPEGImages, `annotations` Annotations: its files lie at the same relative paths as their photos, or
    anywhere below it if <filename> names the photo. Problems come first. A photo that two files describe has the
    objects of the first and is incomplete.
    """
    require_folder(images)
    if not annotations.is_dir():
        raise ValueError(f"{annotations}: no such folder, expected a folder of Pascal VOC's XML files")
    counting = _Counting()
    # Whether another file is of the same photo, and from where pixels are counted, is known at the end.
    with Collection(images, annotations, counting.as_box) as collection:
        path = None
        for path in find_files(annotations, ".xml"):
            yield from _read_file(path, annotations, collection, counting)
        if path is None:
            raise ValueError(f"{annotations}: no XML file in it, expected Pascal VOC's annotations")
        yield from collection.read_sizes()
        refuse_fractions(annotations, collection.readings())
        yield from collection.photos()


class _Counting:
    """Finds out from where the files count pixels, and makes boxes of their corners."""

    def __init__(self) -> None:
        self._from_zero = False

    def see(self, root: ElementTree.Element, corners: Sequence[float]) -> bool:
        """Take corners of a file; return whether the file says that it is one of the official sets."""
        database = root.findtext("source/database", "").strip()
        official = database.startswith(OFFICIAL)
        known = database == UNKNOWN or root.findtext("owner/name", "").strip() == "Label Studio"
        if not official and (known or 0 in corners or any(value % 1 for value in corners if math.isfinite(value))):
            self._from_zero = True
        return official

    def as_box(self, stored: list, width: int, height: int) -> list[float]:
        official, left, top, right, bottom = stored
        first = 1 if official or not self._from_zero else 0
        left, top = left - first, top - first
        return [left, top, right - left, bottom - top]


def _read_file(path: Path, annotations: Path, collection: Collection, counting: _Counting) -> Iterator[Problem]:
    """Add the photo of an XML file with its objects."""
    relative = path.relative_to(annotations)
    where = shown(relative.as_posix())
    try:
        root = xml_files.parse(path, "annotation", "Pascal VOC's annotation")
        size = [root.findtext(f"size/{side}", "").strip() for side in ("width", "height")]
        position, is_new = collection.add_photo(_file_name(root, relative, collection), (size[0], size[1]))
    except ValueError as error:
        yield Problem("photo", where, str(error))
        return
    if not is_new:
        collection.join.lacks_object(position)
        yield Problem("photo", where, "of a photo that another XML file describes as well; no crop is taken from it")
        return
    for index, element in enumerate(root.findall("object"), 1):
        name = f"{where}: object {index}"
        try:
            corners = _corners(element)
        except ValueError as error:
            collection.join.lacks_object(position)
            yield Problem("object", name, str(error))
        else:
            box = [counting.see(root, corners), *corners]
            collection.add_object(position, Drawn(name, box, element.findtext("name") or ""))


def _file_name(root: ElementTree.Element, relative: Path, collection: Collection) -> str:
    """Return the name by which the photo is found: <filename> in the XML file's own subfolder or else from the top, or
    else the XML file's own name, or else <filename> as a path of another machine."""
    file_name = (root.findtext("filename") or "").strip()
    own = relative.with_suffix("")
    suffixes = sorted(PHOTO_SUFFIXES)
    if file_name:
        for name in ((relative.parent / file_name).as_posix(), file_name):
            if _is_photo(collection.images, name):
                return name
    names = [own.with_name(own.name + suffix).as_posix() for suffix in (*suffixes, *map(str.upper, suffixes))]
    alike = [name for name in names if _is_photo(collection.images, name)]
    if len(alike) == 1:
        return alike[0]
    # Several: the search refuses them, or finds that they are one, where file systems ignore the case of letters.
    given = own.as_posix() if alike or not file_name else file_name
    found = collection.names.find(given)
    if not os.path.isfile(collection.images / found):
        raise ValueError(f"no photo {shown(file_name or own.name)} in the folder of photographs")
    return given


def _is_photo(images: Path, name: str) -> bool:
    try:
        return os.path.isfile(locate(images, name))
    except ValueError:
        return False


def _corners(element: ElementTree.Element) -> list[float]:
    corners = element.find("bndbox")
    if corners is None:
        raise ValueError("has no <bndbox>, expected one")
    edges = []
    for name in ("xmin", "ymin", "xmax", "ymax"):
        text = corners.findtext(name, "").strip()
        if not text:
            raise ValueError(f"<bndbox> has no <{name}>, expected one")
        try:
            edges.append(number(text))
        except ValueError:
            raise ValueError(f"<{name}> is {shown(text)}, expected a number") from None
    return edges
