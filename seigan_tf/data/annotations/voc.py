"""Reader of Pascal VOC's format (http://host.robots.ox.ac.uk/pascal/VOC/): one XML file per photograph."""

import marshal
import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from seigan_tf.data.annotations.boxes import checked_box, checked_size, number
from seigan_tf.data.annotations.joining import Join
from seigan_tf.data.photos.files import PHOTO_SUFFIXES, find_files, locate, name_of, require_folder
from seigan_tf.data.photos.photo import Box, Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size
from seigan_tf.utils.text import printable, shown


def read_voc(images: Path, annotations: Path | None = None) -> Iterator[Photo | Problem]:
    """Read the XML files of the folder, in the order of their names. Photos without a file are not used.

    Objects marked as difficult are used like the others. The corners of boxes are pixels counted from 1, both inside
    the box. Photos are opened only if a file does not give their size.

    `images` is JPEGImages, `annotations` Annotations: its files lie at the same relative paths as their photos, or
    anywhere below it if <filename> names the photo. Problems come first. A photo that two files describe has the
    objects of the first and is incomplete.
    """
    require_folder(images)
    annotations = images if annotations is None else annotations
    if not annotations.is_dir():
        raise ValueError(f"{annotations}: no such folder, expected a folder of Pascal VOC's XML files")
    # Whether another file is of the same photo is known at the end.
    with Join(annotations) as join:
        number = 0
        for number, path in enumerate(find_files(annotations, ".xml"), 1):
            yield from _read_file(path, number, images, annotations, join)
        if not number:
            raise ValueError(f"{annotations}: no XML file in it, expected Pascal VOC's annotations")
        for name, width, height, incomplete, contents in join:
            objects = [
                Object(box, id=index, category=category)
                for _, content in contents
                for index, box, category in marshal.loads(content)
            ]
            yield Photo(images / name, width, height, tuple(objects), name, incomplete)


def _read_file(path: Path, number: int, images: Path, annotations: Path, join: Join) -> Iterator[Problem]:
    """Add the photo of an XML file with its objects, as one entry of that number."""
    where = shown(path.relative_to(annotations).as_posix())
    try:
        root = _parse(path)
        photo = _find_photo(root, path.relative_to(annotations), images)
        name = name_of(photo, images)
        width, height = _size(root, photo)
    except UnreadablePhoto as error:
        yield Problem("photo", name, str(error))
        return
    except ValueError as error:
        yield Problem("photo", where, str(error))
        return
    position, is_new = join.add_photo(name, width, height)
    if not is_new:
        join.lacks_object(position)
        what = f"of photo {name}, which another XML file describes as well; no crop is taken from the photo"
        yield Problem("photo", where, what)
        return
    objects = []
    for index, element in enumerate(root.findall("object"), 1):
        try:
            box = _box(element, width, height)
            objects.append((index, box, printable(element.findtext("name") or "")))
        except ValueError as error:
            join.lacks_object(position)
            yield Problem("object", f"{where}: object {index}", str(error))
    join.add_object(position, number, marshal.dumps(objects))


def _parse(path: Path) -> ElementTree.Element:
    if not path.is_file():
        raise ValueError("not a file")
    try:
        root = ElementTree.fromstring(path.read_bytes(), ElementTree.XMLParser(target=_WithoutDoctype()))
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    except (ElementTree.ParseError, LookupError) as error:  # LookupError: it names an encoding that does not exist.
        raise ValueError(f"not XML ({shown(str(error))})") from None
    if root.tag != "annotation":
        raise ValueError(f"root element is {shown(root.tag)}, expected Pascal VOC's annotation")
    return root


class _WithoutDoctype(ElementTree.TreeBuilder):
    """Refuses a document type: VOC has none, and entities that one defines can grow to any size."""

    def doctype(self, *_):
        raise ValueError("XML with a document type, expected Pascal VOC's annotation without one")


def _find_photo(root: ElementTree.Element, relative: Path, images: Path) -> Path:
    """Find the photo that <filename> names, in the XML file's own subfolder or else from the top, or else the photo of
    the XML file's name."""
    file_name = (root.findtext("filename") or "").strip()
    places = [locate(folder, file_name) for folder in (images / relative.parent, images) if file_name]
    own = images / relative.with_suffix("")
    suffixes = sorted(PHOTO_SUFFIXES)
    places += [own.with_name(own.name + suffix) for suffix in (*suffixes, *map(str.upper, suffixes))]
    if found := next(filter(os.path.isfile, places), None):
        return found
    raise ValueError(f"no photo {shown(file_name or own.name)} in the folder of photographs")


def _size(root: ElementTree.Element, photo: Path) -> tuple[int, int]:
    width, height = (root.findtext(f"size/{side}", "").strip() for side in ("width", "height"))
    # Some tools write 0 for an unknown size.
    if width in ("", "0") or height in ("", "0"):
        return photo_size(photo)
    return checked_size(width, height)


def _box(element: ElementTree.Element, width: int, height: int) -> Box:
    corners = element.find("bndbox")
    if corners is None:
        raise ValueError("has no <bndbox>, expected one")
    edges = []
    for name in ("xmin", "ymin", "xmax", "ymax"):
        text = corners.findtext(name, "").strip()
        if not text:
            raise ValueError(f"<bndbox> has no <{name}>, expected one")
        edges.append(number(text))
    left, top = edges[0] - 1, edges[1] - 1
    return checked_box((left, top, edges[2] - left, edges[3] - top), width, height)
