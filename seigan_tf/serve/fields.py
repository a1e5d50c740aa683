"""What the fields of a request say, checked."""

from collections.abc import Sequence

from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from seigan_tf.utils.text import numbers

MOST_BOXES = 50
"""That a request may erase."""
SMALL = 2**18
"""Bytes of all fields but the photographs. Werkzeug counts what it reads of a file at a time too, 2^16."""


def limit(request: Request) -> None:
    """Bounds what reading a form may take; `fields` below are read after it."""
    request.max_form_memory_size = SMALL
    request.max_form_parts = MOST_BOXES + 10


def photo(request: Request, name: str) -> FileStorage:
    """The file in a field; its own name is of no interest.

    Raises:
        BadRequest: there is none.
    """
    if name not in request.files:
        raise BadRequest(f"{name}: missing, expected the file of a photo (multipart/form-data)")
    return request.files[name]


def box(request: Request) -> tuple[float, ...]:
    """The one box of the field `box`: x, y, width, height."""
    return _numbers("box", request.form.get("box", ""), (4,), "x,y,width,height")


def boxes(request: Request, name: str, least: int = 0) -> list[tuple[float, ...]]:
    """All boxes of the fields `name`.

    Raises:
        BadRequest: fewer than `least`, more than MOST_BOXES, or one is not four numbers.
    """
    given = request.form.getlist(name)
    if len(given) < least:
        raise BadRequest(f"{name}: missing, expected x,y,width,height, numbers in pixels")
    if len(given) > MOST_BOXES:
        raise BadRequest(f"{name}: {len(given)} boxes, expected at most {MOST_BOXES}")
    return [_numbers(name, text, (4,), "x,y,width,height") for text in given]


def at(request: Request) -> tuple[float, ...]:
    """Where to paste: x, y and perhaps the width."""
    return _numbers("at", request.form.get("at", ""), (2, 3), "x,y or x,y,width")


def edges(request: Request) -> bool:
    """Whether masks are to follow the photo's edges."""
    value = request.form.get("edges", "1")
    if value not in ("0", "1"):
        raise BadRequest("edges: expected 0 or 1")
    return value == "1"


def _numbers(name: str, text: str, counts: Sequence[int], form: str) -> tuple[float, ...]:
    values = numbers(text, counts)
    if values is None:
        raise BadRequest(f"{name}: expected {form}, numbers in pixels")
    return values
