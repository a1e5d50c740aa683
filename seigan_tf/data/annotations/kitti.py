"""Reader of KITTI's 2D object labels, one text file per photo (https://www.cvlibs.net/datasets/kitti/eval_object.php)."""

from collections.abc import Iterator
from pathlib import Path

from seigan_tf.data.annotations.collecting import Drawn, Entry, Lost, box_of_corners, read_entries
from seigan_tf.data.annotations.names import PhotoNames
from seigan_tf.data.photos.files import find_files, require_folder
from seigan_tf.data.photos.photo import Note, Photo, Problem
from seigan_tf.utils.text import number, shown

DONT_CARE = "DontCare"  # class of regions with objects that nobody annotated
FIELDS = (15, 16)  # of a row; the last of 16 is a detector's score


def read_kitti(images: Path, annotations: Path) -> Iterator[Photo | Problem | Note]:
    """Read the label files of the folder, in the order of their names. A photo without a file is not used.

    Fields 5 to 8 of a row are left, top, right and bottom in pixels from 0; the three-dimensional box is not used.
    Regions marked as DontCare are crowds: no crop touches them.

    `images` is image_2, `annotations` label_2: its files are called as the photos, with the ending .txt.
    """
    require_folder(images)
    if not annotations.is_dir():
        raise ValueError(f"{annotations}: no such folder, expected KITTI's label files")
    yield from read_entries(images, annotations, _entries(images, annotations))


def is_row(line: str) -> bool:
    """Tell whether a line is one of KITTI's and not one of YOLO's: a class, then numbers."""
    words = line.split()
    try:
        [number(word) for word in words[1:]]
    except ValueError:
        return False
    return len(words) in FIELDS and not words[0].replace(".", "").isdecimal()


def _entries(images: Path, annotations: Path) -> Iterator[Entry | Problem]:
    names = PhotoNames(images)
    for path in find_files(annotations, ".txt"):
        relative = path.relative_to(annotations)
        where = shown(relative.as_posix())
        try:
            lines = path.read_text(encoding="utf-8-sig", errors="replace").split("\n")
        except OSError as error:
            yield Problem("photo", where, f"cannot be read ({error.strerror})")
            continue
        name = relative.with_suffix("").as_posix()
        if not any(map(is_row, lines)) and not names.exists(name):
            continue  # a list of files, a licence
        objects = [_object(line, f"line {index}") for index, line in enumerate(lines, 1) if line.strip()]
        yield Entry(where, name, None, objects)


def _object(line: str, where: str) -> Drawn | Lost:
    words = line.split()
    if not is_row(line):
        return Lost(where, f"is {shown(line)}, expected a class and 14 numbers")
    left, top, right, bottom = (number(word) for word in words[4:8])
    return Drawn(where, box_of_corners(left, top, right, bottom), words[0], words[0] == DONT_CARE)
