"""Reader of Labelme's JSON format (https://github.com/wkentaro/labelme), also of X-AnyLabeling: one file per photo."""

import base64
import io
import math
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from seigan_tf.data.annotations import json_files, shapes
from seigan_tf.data.annotations.collecting import Drawn, Entry, Lost, read_entries
from seigan_tf.data.annotations.names import PhotoNames
from seigan_tf.data.photos.files import find_files, require_folder
from seigan_tf.data.photos.photo import Note, Photo, Problem
from seigan_tf.utils.text import class_name, shown

PARTS = ("point", "points", "line", "linestrip", "lines")  # shapes that enclose nothing
IGNORED = "__ignore__"  # label of regions whose objects are not annotated
BACKGROUND = "_background_"


def read_labelme(images: Path, annotations: Path) -> Iterator[Photo | Problem | Note]:
    """Read the JSON files of the folder, or one file, in the order of their names.

    Polygons and masks are the objects' masks too; parts with one label and one group_id are one object, as in Labelme's
    own conversion to COCO. Turned boxes and circles give the boxes around them; points and lines are left out.

    Photos are found by `imagePath`, as it is relative to the folder of photographs or by its end, or else by the JSON
    file's own name.
    """
    require_folder(images)
    if not annotations.exists():
        raise ValueError(f"{annotations}: no such file or folder, expected Labelme's JSON files")
    yield from read_entries(images, annotations, _entries(images, annotations))


def _entries(images: Path, annotations: Path) -> Iterator[Entry | Problem]:
    folder = annotations if annotations.is_dir() else annotations.parent
    names = PhotoNames(images)
    for path in find_files(annotations, ".json") if annotations.is_dir() else [annotations]:
        relative = path.relative_to(folder)
        where = shown(relative.as_posix())
        try:
            content = next(json_files.items(path, ""), None)
        except ValueError as error:
            yield Problem("photo", where, str(error).removeprefix(f"{path}: "))
            continue
        if not isinstance(content, dict) or not isinstance(content.get("shapes"), list):
            yield Problem("photo", where, "not of Labelme, expected an object with the list 'shapes'")
            continue
        size = content.get("imageWidth"), content.get("imageHeight")
        shapes_of_photo = [item if isinstance(item, dict) else {} for item in content["shapes"]]
        yield Entry(where, _file_name(content, relative, names), size, list(_objects(shapes_of_photo, size)))


def _file_name(content: dict[str, Any], relative: Path, names: PhotoNames) -> Any:
    """Return imagePath, which is relative to the JSON file, or the JSON file's own name if only so a photo is found."""
    given = content.get("imagePath")
    own = relative.with_suffix("").as_posix()
    if not isinstance(given, str) or not given.strip():
        return own
    from_file = (PurePosixPath(relative.parent.as_posix()) / given.replace("\\", "/")).as_posix()
    return own if not names.exists(from_file) and names.exists(own) else from_file


def _objects(found: list[dict[str, Any]], size: tuple[Any, Any]) -> Iterator[Drawn | Lost]:
    groups: dict[Any, list[Drawn]] = {}
    for index, item in enumerate(found, 1):
        where, label = f"shape {index}", class_name(item.get("label"))
        if item.get("shape_type") in PARTS or label == BACKGROUND:
            continue
        try:
            box, segmentation = _shape(item, size)
        except ValueError as error:
            yield Lost(where, str(error))
            continue
        drawn = Drawn(where, box, label, label == IGNORED, segmentation)
        group = item.get("group_id")
        groups.setdefault((label, group) if isinstance(group, int | str) else index, []).append(drawn)
    for parts in groups.values():
        yield parts[0] if len(parts) == 1 else _joined(parts)


def _joined(parts: list[Drawn]) -> Drawn:
    """Return the parts of one object as one: the box around them and, if all are polygons, all of these."""
    corners = [corner for x, y, w, h in (part.box for part in parts) for corner in ((x, y), (x + w, y + h))]
    polygons = [part.segmentation for part in parts]
    all_polygons = all(isinstance(item, list) for item in polygons)
    segmentation = [polygon for item in polygons for polygon in item] if all_polygons else None
    return parts[0]._replace(box=shapes.box_around(corners), segmentation=segmentation)


def _shape(item: dict[str, Any], size: tuple[Any, Any]) -> tuple[tuple[float, ...], Any]:
    kind = item.get("shape_type") or "polygon"  # which early versions do not write
    points = shapes.points_of(item.get("points"), 3 if kind == "polygon" else 2)
    if kind == "circle":
        (x, y), edge = points[:2]
        radius = math.hypot(edge[0] - x, edge[1] - y)
        return shapes.box_of_ellipse(x, y, radius, radius), None
    box = shapes.box_around(points)
    if kind == "polygon":
        return box, [shapes.polygon(points)]
    if kind in ("rectangle", "rotation"):
        return box, None
    if kind == "mask":
        return _mask(item.get("mask"), box, size)
    raise ValueError(f"shape_type is {shown(kind)}, expected a rectangle, polygon, circle or mask")


def _mask(encoded: Any, box: tuple[float, ...], size: tuple[Any, Any]) -> tuple[tuple[float, ...], Any]:
    """Return box and run lengths of a mask: a PNG of the pixels from one corner to the other, both inside."""
    try:
        content = base64.b64decode(encoded)
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            expected = round(box[2]) + 1, round(box[3]) + 1
            if image.size != expected:
                raise ValueError(f"{image.size[0]} x {image.size[1]} pixels, expected {expected[0]} x {expected[1]}")
            mask = np.asarray(image.convert("L")) > 0
    except Exception as error:  # Pillow's decoders raise nearly everything on damaged files.
        raise ValueError(f"mask: {shown(' '.join(str(error).split()) or type(error).__name__)}") from None
    left, top = round(box[0]), round(box[1])
    width, height = (side if type(side) is int else 0 for side in size)
    return (left, top, *expected), shapes.placed_mask(mask, left, top, width, height)
