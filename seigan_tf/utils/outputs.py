"""Checks of the files that a command writes: before long work, and against those that it reads."""

import os
from collections.abc import Iterable
from pathlib import Path


def check_writable(path: Path) -> None:
    """Raise ValueError if no file can be written to `path`: it is a folder, or its folder is missing or read-only.

    The folder of a symbolic link is that of the file to which it leads.
    """
    _check_no_folder(path)
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise ValueError(f"{path}: its folder does not exist")
    if not os.access(folder, os.W_OK):
        raise ValueError(f"{path}: its folder cannot be written to")


def check_outputs(outputs: Iterable[tuple[Path, str]], inputs: Iterable[Path]) -> None:
    """Raise ValueError if an output is a folder, or is also an input, also by another link, or two are one file.

    Args:
        outputs: paths, each with what it is written for, for the message.
        inputs: paths of the files that are read.
    """
    read = {os.path.realpath(path): path for path in inputs}
    files = {_identity(path) for path in read.values()} - {None}
    taken: dict[str, str] = {}
    for output, purpose in outputs:
        _check_no_folder(output)
        real = os.path.realpath(output)
        if real in read or (os.path.exists(real) and _identity(output) in files):
            raise ValueError(f"{output}: is read too, expected another file to write; inputs are never overwritten")
        if real in taken:
            raise ValueError(f"{output}: would be written for {taken[real]} and for {purpose}, expected other names")
        taken[real] = purpose


def files_inside(outputs: Iterable[Path], folder: Path) -> list[Path]:
    """Return the outputs that are files in a folder already, or deeper: if it is read, they may be read too."""
    within = folder.resolve()
    return [path for path in outputs if path.is_file() and path.resolve().is_relative_to(within)]


def _check_no_folder(path: Path) -> None:
    if path.is_dir():
        raise ValueError(f"{path}: a folder, expected a file to write")


def _identity(path: Path) -> tuple[int, int] | None:
    """Return a key that is the same for all links to one file; None for a missing file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
