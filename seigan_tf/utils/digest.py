"""Digests of files and arrays."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_arrays(arrays: Iterable[np.ndarray]) -> str:
    """Return the SHA-256 of the values of arrays, one after the other, in hexadecimal digits."""
    digest = hashlib.sha256()
    for values in arrays:
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
