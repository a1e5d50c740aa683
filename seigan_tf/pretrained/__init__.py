"""Weights that ship with the package: one folder each, as `pack` writes it, with a model card (README.md).

The folder `refiner` has no weights of a SEIGAN, but a network that refines the masks of all of them.
"""

from pathlib import Path

from seigan_tf.utils.digest import sha256

HERE = Path(__file__).parent
DEFAULT = "objects"
"""Name of the weights that commands take if none are given."""
DIGEST = "sha256"
"""Name of the file with the SHA-256 of the model's files, in the format of sha256sum."""


def names() -> tuple[str, ...]:
    """Return the names of the shipped weights in alphabetical order."""
    return tuple(sorted(path.parent.name for path in HERE.glob("*/weights")))


def folder(name: str) -> Path:
    """Return the folder `name`, after a check of its files.

    Raises:
        ValueError: a file was changed or damaged.
        OSError: a file is missing.
    """
    path = HERE / name
    for line in (path / DIGEST).read_text().splitlines():
        expected, file = line.split()
        if sha256(path / file) != expected:
            raise ValueError(f"{path / file}: not the file that was shipped; install the package again")
    return path
