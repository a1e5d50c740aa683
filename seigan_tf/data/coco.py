"""Reads photographs annotated in COCO's JSON format (https://cocodataset.org/#format-data)."""

import json
import math
from pathlib import Path
from typing import Any

from seigan_tf.data.annotations import Object, Photo

ROUNDING = 2.0
"""Pixels by which a box may stick out of its photo and is clipped; annotation tools round outwards."""


def read_coco(images: Path, annotations: Path) -> list[Photo]:
    """Reads a COCO JSON file, in the order of its photos. The photos themselves are not opened.

    Args:
        images: folder of the photographs.
        annotations: JSON file with the lists "images" and "annotations"; their categories play no role.

    Raises:
        ValueError: the folder or the file is missing, the file is not COCO JSON, it names no photo, or a box is not
            inside its photo; the message names the file, the annotation, the value and what was expected.
    """
    if not images.is_dir():
        raise ValueError(f"{images}: no such folder, expected the folder of the photographs")
    content = _read_json(annotations)

    photos: dict[int, tuple[str, int, int, list[Object]]] = {}
    for entry in content["images"]:
        key = _field(annotations, "image", entry, "id", int)
        name = _field(annotations, "image", entry, "file_name", str)
        width = _field(annotations, "image", entry, "width", int)
        height = _field(annotations, "image", entry, "height", int)
        if width < 1 or height < 1:
            raise ValueError(f"{annotations}: image {key} ({name}) is {width} x {height}, expected at least 1 x 1")
        if key in photos:
            raise ValueError(f"{annotations}: image id {key} is given twice, expected unique ids")
        photos[key] = (name, width, height, [])
    if not photos:
        raise ValueError(f"{annotations}: names no photo, expected at least one entry in 'images'")

    for entry in content["annotations"]:
        key = _field(annotations, "annotation", entry, "id", int)
        image = _field(annotations, "annotation", entry, "image_id", int)
        if image not in photos:
            raise ValueError(f"{annotations}: annotation {key} is of image {image}, which 'images' does not hold")
        name, width, height, objects = photos[image]
        objects.append(
            Object(
                box=_box(
                    f"{annotations}: annotation {key} of {name}",
                    entry.get("bbox"),
                    width,
                    height,
                ),
                crowd=bool(entry.get("iscrowd", 0)),
                segmentation=entry.get("segmentation") or None,
                id=key,
            )
        )
    return [Photo(images / name, width, height, tuple(objects)) for name, width, height, objects in photos.values()]


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"{path}: no such file, expected COCO annotations")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON ({error})") from None
    for name in ("images", "annotations"):
        if not isinstance(content, dict) or not isinstance(content.get(name), list):
            raise ValueError(f"{path}: not COCO annotations, expected an object with the list '{name}'")
    return content


def _field(path: Path, kind: str, entry: Any, name: str, expected: type) -> Any:
    value = entry.get(name) if isinstance(entry, dict) else None
    if isinstance(value, float) and expected is int and value.is_integer():
        value = int(value)
    if not isinstance(value, expected) or isinstance(value, bool):
        which = f"{kind} {entry.get('id')}" if isinstance(entry, dict) else f"an {kind} that is no object"
        raise ValueError(f"{path}: {which}: '{name}' is {value!r}, expected {expected.__name__}")
    return value


def _box(where: str, value: Any, width: int, height: int) -> tuple[float, float, float, float]:
    """The box clipped to the photo where it sticks out by rounding only."""
    try:
        x, y, w, h = (float(number) for number in value)
    except (TypeError, ValueError):
        raise ValueError(f"{where}: 'bbox' is {value!r}, expected [x, y, width, height]") from None
    inside = x >= -ROUNDING and y >= -ROUNDING and x + w <= width + ROUNDING and y + h <= height + ROUNDING
    if not all(map(math.isfinite, (x, y, w, h))) or w < 0 or h < 0 or not inside or x > width or y > height:
        raise ValueError(
            f"{where}: box {[x, y, w, h]} (x, y, width, height) is not inside the {width} x {height} photo"
        )
    left, top = max(x, 0.0), max(y, 0.0)
    return (
        left,
        top,
        max(min(x + w, width) - left, 0.0),
        max(min(y + h, height) - top, 0.0),
    )
