"""Reader of CVAT's XML format, "CVAT for images 1.1" and "for video 1.1"
(https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from seigan_tf.data.annotations import shapes, xml_files
from seigan_tf.data.annotations.boxes import MAX_SIDE
from seigan_tf.data.annotations.collecting import Drawn, Entry, Lost, box_of_corners, read_entries
from seigan_tf.data.photos.files import require_folder
from seigan_tf.data.photos.photo import Note, Photo, Problem
from seigan_tf.utils.text import shown

PARTS = ("tag", "points", "polyline", "skeleton", "attribute")  # elements that enclose no object
CORNERS = tuple(f"{side}{corner}{face}" for face in "12" for corner in ("tl", "bl", "tr", "br") for side in "xy")
"""Attributes of a cuboid."""
FRAME = "frame_{:06d}"  # name, without ending, of the frames of a video that CVAT exports


def read_cvat(images: Path, annotations: Path) -> Iterator[Photo | Problem | Note]:
    """Read a CVAT XML file, in the order of its images. Turned boxes, ellipses and cuboids give the boxes around them.

    Polygons and masks are the objects' masks; tags, points, polylines and skeletons are left out. Of a video the photos
    are its frames, called as CVAT exports them.
    """
    require_folder(images)
    try:
        root = xml_files.parse(annotations, "annotations", "CVAT's annotations")
    except ValueError as error:
        raise ValueError(f"{annotations}: {error}") from None
    tracks = root.findall("track")
    tasks = sorted({track.get("task_id", "") for track in tracks})
    if len(tasks) > 1:
        raise ValueError(
            f"{annotations}: tracks of the tasks {', '.join(map(shown, tasks))}, whose frames have the same names;"
            " expected one task: export each of them"
        )
    yield from read_entries(images, annotations, _frames(root) if tracks else _images(root))


def _images(root: ElementTree.Element) -> Iterator[Entry]:
    for number, image in enumerate(root.findall("image"), 1):
        size = image.get("width"), image.get("height")
        elements = [element for element in image if element.tag not in PARTS]
        objects = [_read(element, f"object {index}", size) for index, element in enumerate(elements, 1)]
        yield Entry(f"image {shown(image.get('id', number))}", image.get("name"), size, objects)


def _frames(root: ElementTree.Element) -> Iterator[Entry]:
    size = next(((found.findtext("width"), found.findtext("height")) for found in root.iter("original_size")), None)
    frames: dict[int, list[Drawn | Lost]] = {}
    for index, track in enumerate(root.findall("track"), 1):
        where = f"track {shown(track.get('id', index))}"
        for element in track:
            frame = element.get("frame", "")
            if element.tag not in PARTS and element.get("outside") != "1" and frame.isdecimal() and len(frame) < 10:
                element.set("label", track.get("label", ""))
                frames.setdefault(int(frame), []).append(_read(element, where, size or ("", "")))
    for number, objects in sorted(frames.items()):
        yield Entry(f"frame {number}", FRAME.format(number), size, objects)


def _read(element: ElementTree.Element, where: str, size: tuple[Any, Any]) -> Drawn | Lost:
    where = f"{where} ({shown(element.tag, 20)})"
    values: dict[str, Any] = dict(element.attrib)
    category = values.get("label", "")
    box: Sequence[float]
    segmentation: Any = None
    try:
        if element.tag == "polygon":
            points = shapes.points_of([pair.split(",") for pair in values.get("points", "").split(";")], 3)
            box, segmentation = shapes.box_around(points), [shapes.polygon(points)]
        elif element.tag == "mask":
            box, segmentation = _mask(values, size)
        elif element.tag == "cuboid":
            numbers = shapes.numbers_of(values, *CORNERS)
            box = shapes.box_around(list(zip(numbers[::2], numbers[1::2], strict=True)))
        elif element.tag not in ("box", "ellipse"):
            raise ValueError("is no box, polygon, ellipse, mask or cuboid")
        else:
            (degrees,) = shapes.numbers_of({"rotation": 0} | values, "rotation")
            if element.tag == "box":
                box = box_of_corners(*shapes.numbers_of(values, "xtl", "ytl", "xbr", "ybr"))
                box = shapes.box_of_rotated(box, degrees, (box[0] + box[2] / 2, box[1] + box[3] / 2))
            else:
                x, y, radius_x, radius_y = shapes.numbers_of(values, "cx", "cy", "rx", "ry")
                box = shapes.box_of_ellipse(x, y, radius_x, radius_y, degrees)
    except ValueError as error:
        return Lost(where, str(error))
    return Drawn(where, box, category, segmentation=segmentation)


def _mask(values: dict[str, Any], size: tuple[Any, Any]) -> tuple[tuple[float, ...], dict[str, Any]]:
    """Return box and run lengths of a mask: runs of 0 and 1 in turn, row by row, of the pixels in its box."""
    left, top, width, height = map(int, shapes.numbers_of(values, "left", "top", "width", "height"))
    whole = [int(side) if isinstance(side, str) and side.isdecimal() and len(side) < 8 else 0 for side in size]
    try:
        runs = [int(run) for run in values.get("rle", "").split(",")]
    except ValueError:
        runs = []
    if (
        not all(0 < side < MAX_SIDE for side in (width, height))
        or min(runs, default=-1) < 0
        or sum(runs) != width * height
    ):
        raise ValueError(f"rle of {sum(runs)} pixels, expected {width} x {height}")
    if width * height > whole[0] * whole[1]:
        raise ValueError(f"mask of {width} x {height} pixels is not inside the {whole[0]} x {whole[1]} photo")
    values_of_runs = np.arange(len(runs)) % 2 == 1
    mask = np.repeat(values_of_runs, runs).reshape(height, width)
    return (left, top, width, height), shapes.placed_mask(mask, left, top, whole[0], whole[1])
