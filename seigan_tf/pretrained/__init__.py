"""Weights that ship with the package: one folder each, laid out as a run folder, with a model card, README.md."""

import hashlib
from pathlib import Path

HERE = Path(__file__).parent
DIGEST = "sha256"
"""File with the SHA-256 of the model's file, as the program sha256sum writes it."""


def names() -> tuple[str, ...]:
    """What `--weights` takes besides paths."""
    return tuple(sorted(path.parent.name for path in HERE.glob(f"*/{DIGEST}")))


def folder(name: str) -> Path:
    """The folder of the weights of that name, once their file is found to be what was shipped.

    Raises:
        ValueError: the file was changed or damaged.
    """
    path = HERE / name
    expected, file = (path / DIGEST).read_text().split()
    if hashlib.sha256((path / file).read_bytes()).hexdigest() != expected:
        raise ValueError(f"{path / file}: not the file that was shipped; install the package again")
    return path
