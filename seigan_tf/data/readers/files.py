"""Finds photographs, and the files that hold annotations, one for each photo."""

import os
from collections.abc import Iterator
from pathlib import Path

from seigan_tf.data.text import shown

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".j2k", ".png", ".webp", ".avif"}
    | {".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".pbm", ".pnm"}
)
"""Endings of the formats that `photographs` opens."""


def find_photos(folder: Path) -> Iterator[Path]:
    """The photographs in the folder and those below it, as `find_files` gives them."""
    return find_files(folder, *PHOTO_SUFFIXES)


def find_files(folder: Path, *endings: str) -> Iterator[Path]:
    """The files in the folder and those below it whose names end so, in capitals or not; sorted by path.

    Hidden files and folders are left out. Links are followed; a folder is visited once and by its own name if it lies
    in `folder`, so that links that lead in a circle end and linked folders do not give their files twice.

    Raises:
        ValueError: the folder, or one below it, cannot be read.
    """
    endings = tuple(ending.lower() for ending in endings)
    root = os.path.realpath(folder)
    visited: set[str] = set()
    pending = [(os.fspath(folder), True)]
    while pending:
        path, is_folder = pending.pop()
        if not is_folder:
            yield Path(path)
            continue
        real = os.path.realpath(path)
        if real in visited or (os.path.islink(path) and _is_walked_anyway(real, root)):
            continue
        visited.add(real)
        pending += sorted(_entries(path, endings), key=lambda entry: entry[0] + "/" * entry[1], reverse=True)


def _entries(folder: str, endings: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Path and whether it is a folder, of each file that ends so and each folder in the folder."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                try:
                    is_folder = entry.is_dir()
                except OSError:  # a link to itself
                    is_folder = False
                if is_folder or entry.name.lower().endswith(endings):
                    yield entry.path, is_folder
    except OSError as error:
        raise ValueError(f"{shown(folder)}: cannot be read ({error.strerror}), expected a folder") from None


def _is_walked_anyway(real: str, root: str) -> bool:
    """Whether the way to the folder without links starts at the root and is not hidden."""
    parts = os.path.relpath(real, root).split(os.sep)
    return not any(part.startswith(".") and part != os.curdir for part in parts)
