"""Text of others, names and errors among it, made fit for messages, reports and files."""

import math
import re
from collections.abc import Collection
from typing import Any

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, line ends and bytes that are no UTF-8: not in names that go into reports, keys and files."""


def shown(value: Any, longest: int = 100) -> str:
    """A value as messages show it: on one line, not too long, text without quotes unless there is none to see."""
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
    """A class name without characters that no file can hold, and without blanks around it."""
    return UNPRINTABLE.sub("?", text.strip())


def one_line(error: Exception) -> str:
    """What an error says, on one line; its type where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__


def numbers(text: str, counts: Collection[int]) -> tuple[float, ...] | None:
    """The numbers of a text like "1,2.5,3"; None where they are not finite numbers, or their count is another."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        return None
    return values if len(values) in counts and all(map(math.isfinite, values)) else None
