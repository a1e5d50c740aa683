"""Reader of the files of the VGG Image Annotator (https://www.robots.ox.ac.uk/~vgg/software/via), versions 1 to 3."""

import csv
import json
import math
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from seigan_tf.data.annotations import json_files, shapes
from seigan_tf.data.annotations.collecting import Drawn, Entry, Lost, read_entries
from seigan_tf.data.photos.files import require_folder
from seigan_tf.data.photos.photo import Note, Photo, Problem
from seigan_tf.utils.text import shown

CLASS_NAMES = ("class", "label", "name", "category", "type", "object")
"""Names of the attribute that is the class, in any case, if a region has several."""
PARTS = ("point", "line", "polyline")  # shapes that enclose nothing
EXTREME_RECT, EXTREME_CIRCLE = "extreme rect", "extreme circle"  # drawn by points on the outline, in any order
SHAPES = dict(
    enumerate(("point", "rect", "circle", "ellipse", "line", "polyline", "polygon", EXTREME_RECT, EXTREME_CIRCLE), 1)
)
"""Shapes of version 3 by their numbers."""
HEADER = "# CSV_HEADER = "  # before the columns of version 3
LONGEST_FIELD = 2**24  # characters of a field in a table: polygons are long

Attributes = dict[str, Any]


def read_via(images: Path, annotations: Path) -> Iterator[Photo | Problem | Note]:
    """Read a project, or exported annotations, in the order of the file; the whole of it is in memory.

    Rectangles, circles and ellipses give the boxes around them; polygons are the objects' masks too; points and lines
    are left out. The class is the region's only attribute, or the one of CLASS_NAMES. Sizes are read from the photos.
    """
    require_folder(images)
    if annotations.suffix.lower() == ".json":
        content = next(json_files.items(annotations, ""), None)
        if not isinstance(content, dict):
            raise ValueError(f"{annotations}: not of VIA, expected an object with photos and their regions")
        entries: Iterator[Entry | Problem] = _project(content)
    else:
        entries = _table(annotations)
    yield from read_entries(images, annotations, entries)


def is_table(first: str) -> bool:
    """Tell whether the first line of a table is that of one of VIA's."""
    return "region_shape_attributes" in first or "VGG Image Annotator" in first or first.startswith(HEADER)


def _project(content: dict[str, Any]) -> Iterator[Entry | Problem]:
    """Yield the photos of a project of version 3 or 2, or of annotations exported as JSON."""
    if isinstance(content.get("file"), dict) and isinstance(content.get("metadata"), dict):
        yield from _version_3(content)
        return
    attributes = content.get("_via_attributes")
    described = attributes.get("region") if isinstance(attributes, dict) else None
    metadata = content.get("_via_img_metadata", content)
    for key, value in metadata.items() if isinstance(metadata, dict) else ():
        fields = value if isinstance(value, dict) else {}
        where, regions = f"entry {shown(key)}", fields.get("regions")
        regions = list(regions.values()) if isinstance(regions, dict) else regions
        if not isinstance(regions, list):
            yield Problem("photo", where, "has no list of regions, expected one, which may be empty")
            continue
        drawn = [_region(region, f"region {index}", described) for index, region in enumerate(regions, 1)]
        yield Entry(where, fields.get("filename"), None, [item for item in drawn if item])


def _region(region: Any, where: str, described: Any) -> Drawn | Lost | None:
    fields = region if isinstance(region, dict) else {}
    shape, attributes = fields.get("shape_attributes"), fields.get("region_attributes")
    if not isinstance(shape, dict):
        return Lost(where, "has no shape_attributes, expected a shape")
    return _drawn(where, shape, _category(attributes if isinstance(attributes, dict) else {}, described))


def _drawn(where: str, shape: dict[str, Any], category: str) -> Drawn | Lost | None:
    kind, segmentation = shape.get("name", "polygon"), None
    if kind in PARTS:
        return None
    try:
        if kind == "rect":
            box: Any = shapes.numbers_of(shape, "x", "y", "width", "height")
        elif kind == "circle":
            x, y, radius = shapes.numbers_of(shape, "cx", "cy", "r")
            box = shapes.box_of_ellipse(x, y, radius, radius)
        elif kind == "ellipse":
            x, y, *radii = shapes.numbers_of(shape, "cx", "cy", "rx", "ry")
            # The rotation is in radians, and was added in version 2.
            (theta,) = shapes.numbers_of({"theta": 0} | shape, "theta")
            box = shapes.box_of_ellipse(x, y, radii[0], radii[1], math.degrees(theta))
        elif kind in ("polygon", EXTREME_RECT, EXTREME_CIRCLE):
            xs, ys = shape.get("all_points_x"), shape.get("all_points_y")
            if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys):
                raise ValueError("all_points_x and all_points_y are no lists of one length")
            points = shapes.points_of(list(zip(xs, ys, strict=True)), 3)
            box = shapes.box_of_circle(points) if kind == EXTREME_CIRCLE else shapes.box_around(points)
            segmentation = [shapes.polygon(points)] if kind == "polygon" else None
        else:
            raise ValueError(f"shape is {shown(kind)}, expected rect, circle, ellipse or polygon")
    except ValueError as error:
        return Lost(where, str(error))
    return Drawn(where, box, category, segmentation=segmentation)


def _category(attributes: Attributes, described: Any = None) -> str:
    """Return the class among a region's attributes; `described` are the project's, which name the options by number."""
    names = {name.lower(): name for name in attributes}
    chosen = list(attributes) if len(attributes) == 1 else [names[name] for name in CLASS_NAMES if name in names]
    if not chosen:
        return ""
    name, value = chosen[0], attributes[chosen[0]]
    if isinstance(value, dict):  # a check box for each class
        ticked = [key for key, on in value.items() if on is True]
        value = ticked[0] if len(ticked) == 1 else ""
    description = described.get(name) if isinstance(described, dict) else None
    options = description.get("options") if isinstance(description, dict) else None
    option = options.get(str(value)) if isinstance(options, dict) else None
    return option or str(value) if isinstance(option, str) else str(value)


def _version_3(content: dict[str, Any]) -> Iterator[Entry | Problem]:
    views = content["view"] if isinstance(content.get("view"), dict) else {}
    described = content["attribute"] if isinstance(content.get("attribute"), dict) else {}
    objects: dict[str, list[Drawn | Lost]] = {}
    for key, value in content["metadata"].items():
        fields = value if isinstance(value, dict) else {}
        found = _marked(f"region {shown(key)}", fields.get("xy"), fields.get("av"), described)
        if str(fields.get("vid")) not in views:
            yield Problem("object", f"region {shown(key)}", f"is of view {shown(fields.get('vid'))}, which is missing")
        objects.setdefault(str(fields.get("vid")), []).extend([found] if found else [])
    for vid, view in views.items():
        files = view.get("fid_list") if isinstance(view, dict) else None
        file = content["file"].get(str(files[0])) if isinstance(files, list) and files else None
        name = (file.get("fname") or file.get("src")) if isinstance(file, dict) else None
        yield Entry(f"view {shown(vid)}", name, None, objects.get(vid, []))


def _marked(where: str, numbers: Any, attributes: Any, described: Attributes) -> Drawn | Lost | None:
    """Return the object of a list of version 3: the number of its shape, then coordinates; None if it is empty."""
    if numbers == []:
        return None
    if not isinstance(numbers, list) or not isinstance(numbers[0], int) or numbers[0] not in SHAPES:
        return Lost(where, f"xy is {shown(numbers)}, expected the number of a shape, then coordinates")
    kind, values = SHAPES[numbers[0]], numbers[1:]
    names = {"rect": ("x", "y", "width", "height"), "circle": ("cx", "cy", "r"), "ellipse": ("cx", "cy", "rx", "ry")}
    shape: dict[str, Any] = {"name": kind, "all_points_x": values[::2], "all_points_y": values[1::2]}
    shape |= dict(zip(names.get(kind, ()), values, strict=False))
    given = {}
    for key, value in attributes.items() if isinstance(attributes, dict) else ():
        attribute = described[key] if isinstance(described.get(key), dict) else {}
        options = attribute.get("options")
        named = options.get(str(value)) if isinstance(options, dict) else None
        given[str(attribute.get("aname", key))] = named if isinstance(named, str) else value
    return _drawn(where, shape, _category(given))


def _table(path: Path) -> Iterator[Entry]:
    """Yield the photos of a table of versions 1 to 3, each with its objects of all lines."""
    header: list[str] = []
    described: Attributes = {}
    photos: dict[str, list[Drawn | Lost]] = {}
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for comment in file:
                if not comment.startswith("# "):
                    lines = chain([comment], file)
                    break
                name, _, value = comment[2:].strip().partition(" = ")
                if name == "ATTRIBUTE" and isinstance(found := _json(value), dict):
                    described = found
                elif name == "CSV_HEADER":
                    header = value.split(",")
            else:
                lines = chain()
            reader = csv.reader(lines)
            header = header or [name.strip().lstrip("#") for name in next(reader, [])]
            for number, row in enumerate(reader, 1):
                if any(row):
                    name, item = _line(dict(zip(header, row, strict=False)), f"row {number}", described)
                    photos.setdefault(name, []).extend([item] if item else [])
    except (csv.Error, UnicodeError) as error:
        raise ValueError(f"{path}: not a table ({shown(str(error))})") from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
    for name, objects in photos.items():
        yield Entry(f"photo {shown(name)}", name, None, objects)


def _line(fields: dict[str, str], where: str, described: Attributes) -> tuple[str, Drawn | Lost | None]:
    """Return the photo that a line names, and its object."""
    if "file_list" in fields:
        files = _json(fields["file_list"])
        name = str(files[0]) if isinstance(files, list) and files else ""
        return name, _marked(
            where, _json(fields.get("spatial_coordinates", "")), _json(fields.get("metadata", "")), described
        )
    shape, attributes = (_json(fields.get(f"region_{part}attributes", "")) for part in ("shape_", ""))
    name = fields.get("filename", "")
    if shape in ({}, None) and fields.get("region_count") in ("0", "", None):
        return name, None
    return name, _region({"shape_attributes": shape or None, "region_attributes": attributes}, where, None)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
