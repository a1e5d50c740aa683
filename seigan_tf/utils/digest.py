"""Digests of files and arrays."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_arrays(arrays: "Iterable[np.ndarray]") -> str:
    """Return the SHA-256 of the values of arrays, one after the other, in hexadecimal digits."""
    digest = hashlib.sha256()
    for values in arrays:
        digest.update(values.data if values.flags.c_contiguous else values.tobytes())
    return digest.hexdigest()
