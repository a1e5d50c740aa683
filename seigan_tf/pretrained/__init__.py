"""Weights that ship with the package: one folder each, laid out as a run folder, with a model card (README.md)."""

import hashlib
from pathlib import Path

HERE = Path(__file__).parent
DIGEST = "sha256"
"""Name of the file with the SHA-256 of the model's file, in the format of sha256sum."""


def names() -> tuple[str, ...]:
    """Return the names of the shipped weights in alphabetical order."""
    return tuple(sorted(path.parent.name for path in HERE.glob(f"*/{DIGEST}")))


def folder(name: str) -> Path:
    """Return the folder of the shipped weights `name`, after a check of their file.

    Raises:
        ValueError: the file was changed or damaged.
    """
    path = HERE / name
    expected, file = (path / DIGEST).read_text().split()
    if hashlib.sha256((path / file).read_bytes()).hexdigest() != expected:
        raise ValueError(f"{path / file}: not the file that was shipped; install the package again")
    return path
