"""Settings of YOLO sets: names of the classes and number of keypoints, in the files of Ultralytics and Darknet."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from seigan_tf.utils.text import one_line, printable, shown

CLASSES = ("classes.txt", "obj.names", "_darknet.labels")
"""Files with the name of a class on each line: of labelImg and Label Studio, of Darknet and CVAT, of Roboflow."""
SETTINGS = ("data.yaml", "data.yml", "dataset.yaml")
ABOVE = 3  # folders above the labels in which the settings are looked for


class Settings(NamedTuple):
    """Known facts about a set."""

    classes: dict[int, str]  # names by number; empty if unknown
    keypoints: tuple[int, int] | None  # number of keypoints and numbers for each, 2 or 3; None if there are none
    known: bool  # True if a data.yaml was read, which would name keypoints


UNKNOWN = Settings({}, None, False)


def find_settings(labels: Path) -> Settings:
    """Find the settings around a labels folder: in it, then in the folders above.

    A data.yaml of another kind is an error in the labels' folder or the one above, and is skipped farther up.
    """
    folder = Path(os.path.abspath(labels))
    for height in range(ABOVE + 1):
        for path in (folder / name for name in SETTINGS):
            if path.is_file() and (height < 2 or _is_settings(path)):
                return read_settings(path)
        for path in (folder / name for name in CLASSES):
            if path.is_file():
                with path.open(encoding="utf-8-sig", errors="replace") as file:
                    names = {index: name for index, line in enumerate(file) if (name := printable(line.strip()))}
                return Settings(names, None, False)
        folder = folder.parent
    return UNKNOWN


def read_settings(path: Path) -> Settings:
    """Read a data.yaml. Raises ValueError if it is no such file."""
    content = _content(path)
    if not _has_settings(content):
        raise ValueError(f"{path}: no data.yaml of a YOLO set, expected a mapping with 'names'")
    names = content.get("names") or {}
    if isinstance(names, list):
        names = {str(index): name for index, name in enumerate(names)}
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise ValueError(f"{path}: 'names' is no list or mapping of names, expected one name for each class")
    try:
        classes = {int(key): printable(name) for key, name in names.items()}
    except ValueError:
        raise ValueError(f"{path}: 'names' has a key that is no number, expected class numbers") from None
    return Settings(classes, _keypoints(content.get("kpt_shape"), path), True)


def _keypoints(shape: Any, path: Path) -> tuple[int, int] | None:
    if shape is None:
        return None
    values = shape if isinstance(shape, list) else []
    numbers = [int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 5 else 0 for value in values]
    if len(numbers) != 2 or numbers[0] < 1 or numbers[1] not in (2, 3):
        raise ValueError(f"{path}: 'kpt_shape' is {shown(shape)}, expected [number of keypoints, 2 or 3]")
    return numbers[0], numbers[1]


def _content(path: Path) -> Any:
    try:
        # The base loader leaves every value a text: a class may be called "no" or "2024-01-01".
        return yaml.load(path.read_text(encoding="utf-8-sig"), yaml.BaseLoader)
    except (yaml.YAMLError, OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not YAML ({shown(one_line(error))})") from None


def _has_settings(content: Any) -> bool:
    return isinstance(content, dict) and bool({"names", "nc", "train", "val", "path"} & content.keys())


def _is_settings(path: Path) -> bool:
    try:
        return _has_settings(_content(path))
    except ValueError:
        return False
