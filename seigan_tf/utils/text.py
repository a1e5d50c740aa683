"""Formatting of foreign text, such as names and errors, for messages, reports and files."""

import math
import re
from collections.abc import Collection
from typing import Any

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, line ends and bytes that are not UTF-8, which reports, keys and files must not contain."""


def shown(value: Any, longest: int = 100) -> str:
    """Format a value for messages: on one line of at most `longest` characters; only blank text is in quotes."""
    if isinstance(value, str):
        text = UNPRINTABLE.sub(lambda found: repr(found.group())[1:-1], value[: longest + 1])
        text = text if text.strip() else repr(text)
    else:
        try:
            text = repr(value)
        except (ValueError, RecursionError):  # an integer of thousands of digits; lists in lists in lists
            text = f"a {type(value).__name__} that is too large to show"
    return text if len(text) <= longest else text[: longest - 3] + "..."


def printable(text: str) -> str:
    """Return a class name without unprintable characters and without blanks around it."""
    return UNPRINTABLE.sub("?", text.strip())


def class_name(value: Any) -> str:
    """Return the name of a class as JSON has it: a text, a number as its text, or an empty text for anything else."""
    if isinstance(value, str):
        return value
    return shown(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def one_line(error: Exception) -> str:
    """Return an error's message on one line; its type if it has no message."""
    return " ".join(str(error).split()) or type(error).__name__


def number(value: Any) -> float:
    """Convert a number, or its text, to a float, which may be NaN or infinite. Raises ValueError if it is no number."""
    try:
        # Python takes True for 1, "1_0" for 10 and digits of every script for numbers; boxes have none of these.
        if isinstance(value, bool) or (isinstance(value, str) and ("_" in value or not value.strip().isascii())):
            raise ValueError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{shown(value)} is not a number") from None


def numbers(text: str, counts: Collection[int]) -> tuple[float, ...] | None:
    """Read numbers from a text like "1,2.5,3"; None if one is not finite, or their count is not among `counts`."""
    try:
        values = tuple(number(part) for part in text.split(","))
    except ValueError:
        return None
    return values if len(values) in counts and all(map(math.isfinite, values)) else None
