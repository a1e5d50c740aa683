"""JSON files of any size, read piece by piece."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import ijson

from seigan_tf.utils.text import shown

DEEPEST = 100  # most lists and objects inside one another; ijson's memory grows with the square of their number


def items(path: Path, prefix: str) -> Iterator[Any]:
    """Yield the values at a place in the file, in ijson's notation: "images.item" for each of a list, "" for all.

    Raises ValueError if there is no such file, or it is no JSON as far as it is read.
    """
    with _parsing(path) as file:
        yield from ijson.items(file, prefix, use_float=True)


def entries(path: Path, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield keys and values of the object at a place in the file. Raises ValueError as `items`."""
    with _parsing(path) as file:
        yield from ijson.kvitems(file, prefix, use_float=True)


def keys(path: Path) -> Iterator[str]:
    """Yield the places of the keys in the file as they come: "images", "images.item.id", "item.image" in a list.

    Raises ValueError as `items`.
    """
    with _parsing(path) as file:
        for prefix, event, value in ijson.parse(file, use_float=True):
            if event == "map_key":
                yield f"{prefix}.{value}" if prefix else value


@contextmanager
def _parsing(path: Path) -> Iterator["Shallow"]:
    if not os.path.isfile(path):
        raise ValueError(f"{path}: no such file, expected annotations")
    try:
        with path.open("rb") as file:
            yield Shallow(file)
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


class Shallow:
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
