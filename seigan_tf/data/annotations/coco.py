"""Reader of COCO's JSON format (https://cocodataset.org/#format-data)."""

import marshal
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import ijson

from seigan_tf.data.annotations.boxes import checked_box, checked_size
from seigan_tf.data.annotations.joining import MAX_ID, Join
from seigan_tf.data.photos.files import locate, name_of, only_file, require_folder
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.utils.text import printable, shown

DEEPEST = 100  # most lists and objects inside one another; ijson's memory grows with the square of their number


def read_coco(images: Path, annotations: Path | None = None) -> Iterator[Photo | Problem]:
    """Read a COCO JSON file, in the order of its photos. The photos themselves are not opened.

    The file, with the lists "images" and "annotations", and "categories" if classes have names, is streamed, three
    times: its entries may come in any order, and memory does not grow with their number. Segmentations are handed on
    unchanged. Damage far behind the beginning of the file raises ValueError after the first problems.
    """
    require_folder(images)
    if annotations is None:
        annotations = only_file(images, {".json"})
    with Join(annotations) as join:
        yield from _read_list(annotations, "images", "image", lambda entry: _read_photo(entry, images, join))
        # A malformed category is left out: its objects have no class.
        categories = {
            entry["id"]: printable(entry["name"])
            for entry in _items(annotations, "categories")
            if isinstance(entry, dict)
            and isinstance(entry.get("id"), (int, float))
            and isinstance(entry.get("name"), str)
        }
        yield from _read_list(annotations, "annotations", "annotation", lambda entry: _read_object(entry, join))
        for name, width, height, incomplete, contents in join:
            objects = []
            for identity, content in contents:
                box, crowd, category, segmentation = marshal.loads(content)
                try:
                    box = checked_box(box, width, height)
                except ValueError as error:
                    incomplete = True
                    yield Problem("object", f"{annotations.name}: annotation {identity} of {name}", str(error))
                else:
                    objects.append(Object(box, crowd, segmentation, identity, categories.get(category, "")))
            yield Photo(images / name, width, height, tuple(objects), name, incomplete)


def _read_list(annotations: Path, name: str, kind: str, read: Callable[[Any], None]) -> Iterator[Problem]:
    """Read each entry of a list; yield those that are wrong."""
    count = 0
    for count, entry in enumerate(_items(annotations, name), start=1):
        try:
            read(entry)
        except ValueError as error:
            fields = entry if isinstance(entry, dict) else {}
            which = shown(fields["id"]) if "id" in fields else f"number {count} of the list"
            named = f" ({shown(fields['file_name'])})" if "file_name" in fields else ""
            lost: Literal["photo", "object"] = "photo" if kind == "image" else "object"
            yield Problem(lost, f"{annotations.name}: {kind} {which}{named}", str(error))
    # list() reads the file to its end, so that damage anywhere in it is named first.
    if not count and not any(isinstance(value, list) for value in list(_items(annotations, name, False))):
        raise ValueError(f"{annotations}: not COCO annotations, expected an object with the list '{name}'")
    if not count and kind == "image":
        raise ValueError(f"{annotations}: names no photo, expected at least one entry in 'images'")


def _read_photo(entry: Any, images: Path, join: Join) -> None:
    key = _whole(entry, "id")
    earlier = join.linked(key)
    try:
        file_name = entry.get("file_name")
        if not isinstance(file_name, str):
            raise ValueError(f"'file_name' is {shown(file_name)}, expected the path of a photo")
        name = name_of(locate(images, file_name), images)
        width, height = checked_size(_whole(entry, "width"), _whole(entry, "height"))
    except ValueError:
        join.refuse(key)
        raise
    photo, is_new = join.add_photo(name, width, height)
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


def _read_object(entry: Any, join: Join) -> None:
    key = _whole(entry, "image_id")
    photo = join.linked(key)
    if photo is None:
        raise ValueError(f"is of image {key}, which 'images' does not hold")
    if photo[0] is None:
        return
    try:
        item = _object(entry)
    except ValueError:
        join.lacks_object(photo[0])
        raise
    if not join.add_object(photo[0], *item):
        raise ValueError("the id is given twice, expected unique ids")


def _object(entry: dict) -> tuple[int, bytes]:
    """Return id and content of the object for `Join`; the box is checked when the photo's size is known."""
    box, crowd, category = entry.get("bbox"), entry.get("iscrowd", 0), entry.get("category_id")
    if not isinstance(box, list) or len(box) != 4:
        raise ValueError(f"'bbox' is {shown(box)}, expected [x, y, width, height]")
    if crowd not in (0, 1, None):
        raise ValueError(f"'iscrowd' is {shown(crowd)}, expected 0 or 1")
    if not isinstance(category, (int, float)):
        category = None
    return _whole(entry, "id"), marshal.dumps([box, bool(crowd), category, entry.get("segmentation") or None])


def _whole(entry: Any, field: str) -> int:
    value = entry.get(field) if isinstance(entry, dict) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_ID:
        raise ValueError(f"'{field}' is {shown(value)}, expected a whole number")
    return value


def _items(path: Path, name: str, of_list: bool = True) -> Iterator[Any]:
    """Stream the items of the list of that name in the file's object, or the list itself."""
    if not os.path.isfile(path):
        raise ValueError(f"{path}: no such file, expected COCO annotations")
    try:
        with path.open("rb") as file:
            yield from ijson.items(_Shallow(file), f"{name}.item" if of_list else name, use_float=True)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
    except (ijson.JSONError, ValueError, OverflowError) as error:
        raise ValueError(f"{path}: not JSON ({_reason(error)})") from None


def _reason(error: Exception) -> str:
    """Return the parser's message, which may be bytes, on one line, with the text around the place if it has it."""
    text = error.args[0] if isinstance(error, ijson.JSONError) and error.args else error
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    what, _, around = text.partition("\n")
    around = around.partition("\n")[0].strip()
    if "NaN" in around or "Infinity" in around:
        what += " (NaN and Infinity are not JSON)"
    return shown(what) + (f", near {shown(around)}" if around else "")


class _Shallow:
    """A JSON file that raises ValueError if lists and objects are nested too deep for the parser's memory."""

    def __init__(self, file: BinaryIO):
        self._file = file
        if file.read(3) != b"\xef\xbb\xbf":  # the mark that some Windows programs put before UTF-8
            file.seek(0)
        self._open = b""
        self._in_string = False
        self._escape = b""

    def read(self, size: int) -> bytes:
        chunk = self._file.read(size)
        # Without escaped backslashes and quotes, every quote left begins or ends a string.
        text = (self._escape + chunk).replace(rb"\\", b"").replace(rb"\"", b"")
        self._escape = b"\\" if text.endswith(b"\\") else b""
        parts = text.split(b'"')
        brackets = b"".join(parts[self._in_string :: 2]).translate(BRACES_AS_BRACKETS, NO_BRACKETS)
        self._in_string ^= len(parts) % 2 == 0
        self._open += brackets
        for _ in range(DEEPEST):
            closed = self._open.replace(b"[]", b"")
            if len(closed) == len(self._open):
                break
            self._open = closed
        if len(self._open) > DEEPEST:
            raise ValueError(f"lists or objects are more than {DEEPEST} deep in one another")
        return chunk


BRACES_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
NO_BRACKETS = bytes(value for value in range(256) if value not in b"[]{}")
