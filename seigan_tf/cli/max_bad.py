"""--max-bad, which several commands take."""

from typing import Annotated

import tyro

MaxBad = Annotated[str, tyro.conf.arg(metavar="SHARE")]


def share(text: str) -> float:
    """A share, "1%" or "0.01", as a fraction.

    Raises:
        ValueError: it is none, or not from 0% to 100%.
    """
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ValueError(f"--max-bad {text}: expected a share from 0% to 100%")
    return value
