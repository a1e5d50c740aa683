"""Files of photographs and annotations: finding them, and names relative to the folder of the photographs."""

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from seigan_tf.data.photos.kinds import RAW_SUFFIXES
from seigan_tf.data.photos.own_folders import MARKS, is_own
from seigan_tf.utils.text import UNPRINTABLE, shown

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".j2k", ".png", ".webp", ".avif", ".heic", ".heif", ".hif"}
    | {".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".pbm", ".pnm"}
)
"""File name endings of the formats that `reading` opens."""
TABLES = frozenset({".csv", ".tsv", ".txt"})
BOX_FILES = TABLES | {".json"}  # endings of the one file with the boxes that may lie beside the photographs
MAX_NAME = 255  # longest part of a path in bytes, as file systems have it


def require_folder(images: Path) -> None:
    """Raise ValueError if the folder of the photographs is missing."""
    if not os.path.isdir(images):
        raise ValueError(f"{images}: no such folder, expected the folder of the photographs")


def find_photos(folder: Path) -> Iterator[Path]:
    """Find the photographs in the folder and below it, in the order of `find_files`."""
    return find_files(folder, *PHOTO_SUFFIXES)


def none_found(images: Path) -> str:
    """Say that a folder holds no photograph, and what to do if it holds camera raw files instead."""
    raw = next(find_files(images, *RAW_SUFFIXES), None)
    example = f"darktable-cli {shown(raw.name)} {shown(raw.stem)}.jpg" if raw else ""
    hint = f"; develop its camera raw files first, for example: {example}" if raw else ""
    return f"{images}: no photo in it, expected the folder of the photographs{hint}"


def find_files(folder: Path, *endings: str) -> Iterator[Path]:
    """Find the files in the folder and below it with one of these endings, in either case; sorted by path.

    Hidden files and folders are left out, and folders inside that this program wrote (`own_folders`). Links are
    followed, but each folder is visited once, under its own name if it lies in `folder`: circular links end, and linked
    folders do not give their files twice. A folder that cannot be read is a ValueError.
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
        found, marks = _entries(path, endings)
        if len(visited) > 1 and is_own(path, marks):  # the first one is `folder`, which was asked for
            continue
        pending += sorted(found, key=lambda entry: entry[0] + "/" * entry[1], reverse=True)


def _entries(folder: str, endings: tuple[str, ...]) -> tuple[list[tuple[str, bool]], list[str]]:
    """Return the path of each matching file and each subfolder, with True for a folder; and the names in MARKS."""
    found, marks = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.name in MARKS:
                    marks.append(entry.name)
                try:
                    is_folder = entry.is_dir()
                except OSError:  # a link to itself
                    is_folder = False
                if is_folder or entry.name.lower().endswith(endings):
                    found.append((entry.path, is_folder))
    except OSError as error:
        raise ValueError(f"{shown(folder)}: cannot be read ({error.strerror}), expected a folder") from None
    return found, marks


def _is_walked_anyway(real: str, root: str) -> bool:
    """Tell whether the folder is reached from the root without links and hidden folders."""
    parts = os.path.relpath(real, root).split(os.sep)
    return not any(part.startswith(".") and part != os.curdir for part in parts)


def name_of(path: Path, images: Path) -> str:
    """Return the photo's name: its path relative to the folder of photographs, with forward slashes.

    Raises ValueError if the name has characters that no report or key can hold.
    """
    name = path.relative_to(images).as_posix()
    if UNPRINTABLE.search(name):
        raise ValueError(f"file name {shown(name)} has control characters or is not UTF-8")
    return name


def locate(images: Path, file_name: str) -> Path:
    """Return the path of a photo that annotations name relative to the folder, without looking for the file.

    "./a.jpg", "b/../a.jpg" and "a.jpg" are one path. Backslashes count as slashes.

    Raises ValueError if the name is empty, absolute, leaves the folder through "..", or cannot be a file's name.
    """
    name = posixpath.normpath(file_name.replace("\\", "/"))
    if UNPRINTABLE.search(file_name):
        raise ValueError(f"file name {shown(file_name)} has control characters or is not UTF-8")
    if not file_name.strip() or name == ".":
        raise ValueError(f"file name is {shown(file_name)}, expected a path relative to the folder of photographs")
    path = images / name
    absolute = name.startswith("/") or PureWindowsPath(name).is_absolute()
    if absolute or name.split("/")[0] == ".." or not path.is_relative_to(images):
        raise ValueError(f"file name {shown(file_name)} leaves the folder of photographs")
    if len(os.fsencode(path)) > 4095 or any(len(os.fsencode(part)) > MAX_NAME for part in path.parts):
        raise ValueError(f"file name {shown(file_name)} is longer than a path can be")
    return path
