"""Rows of YOLO's label files: boxes, polygons, keypoints and oriented boxes, which only the whole set tells apart."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal

import numpy as np

from seigan_tf.data.annotations.boxes import checked_box, finite_numbers
from seigan_tf.data.photos.photo import Object
from seigan_tf.utils.text import number, shown

Kind = Literal["segment", "pose", "obb"]
"""Content of rows of seven numbers and more: polygons, a box with keypoints, or an oriented box of four corners."""

TOLERANCE = 0.01  # distance by which a coordinate may leave [0, 1], as Ultralytics allows: annotation tools round
ROWS_COMPARED = 2000  # long rows of a set that are compared to tell their kind
DAMAGED_ROWS = 0.05  # share of them that may be damaged
ROW = "class cx cy w h, the same with a confidence, or class x1 y1 x2 y2 x3 y3 ..."


def read_row(
    words: list[str],
    index: int,
    size: tuple[int, int],
    classes: dict[int, str],
    kind: Kind = "segment",
    keypoints: tuple[int, int] | None = None,
) -> Object:
    """Read a row of a label file of a photo of that size; `index` becomes the object's id.

    `keypoints` are their number and the numbers for each, if they are known. Raises ValueError if the row is none of
    that kind, or its box is outside the photo.
    """
    width, height = size
    try:
        values = [number(word) for word in words]
    except ValueError as error:
        raise ValueError(f"{error}, expected {ROW}") from None
    count = 0
    if len(values) not in (5, 6):
        count = _check_count(len(values), kind, keypoints)
    if not (values[0] >= 0 and values[0].is_integer()):
        raise ValueError(f"class is {shown(words[0])}, expected a whole number from 0")
    if classes and values[0] not in classes:
        raise ValueError(f"class is {shown(words[0])}, which has no name among the {len(classes)} classes")
    # Keypoints are not used.
    used = 5 if kind == "pose" and count else len(values)
    for word, value in zip(words[1:used], values[1:used], strict=True):
        if not -TOLERANCE <= value <= 1 + TOLERANCE:
            raise ValueError(f"{shown(word)} is not in [0, 1], expected fractions of the photo's size")

    polygons = None
    if not count or kind == "pose":
        (left, w), (top, h) = _span(values[1], values[3], width), _span(values[2], values[4], height)
    else:
        points = np.clip(values[1:], 0, 1).reshape(-1, 2) * [width, height]
        (left, top), (w, h) = points.min(0).tolist(), np.ptp(points, 0).tolist()
        polygons = None if kind == "obb" else [points.ravel().tolist()]
    category = classes.get(int(values[0]), str(int(values[0])))
    return Object(checked_box((left, top, w, h), width, height), segmentation=polygons, id=index, category=category)


def _span(center: float, size: float, side: int) -> tuple[float, float]:
    """Return start and size in pixels; an edge that leaves the photo by TOLERANCE at most is moved to its border.

    In pixels that would be more than a box of a large photo may reach past it.
    """
    edges = center - size / 2, center + size / 2
    low, high = (min(max(edge, 0.0), 1.0) if -TOLERANCE <= edge <= 1 + TOLERANCE else edge for edge in edges)
    return low * side, (high - low) * side


def _check_count(count: int, kind: Kind, keypoints: tuple[int, int] | None) -> int:
    """Return the count of numbers in a row that is not a mere box. Raises ValueError if the kind has another one."""
    if kind == "pose":
        expected = {5 + keypoints[0] * keypoints[1]} if keypoints else {}
        if count < 7 or (expected and count not in expected):
            numbers = next(iter(expected), "7 or more")
            raise ValueError(f"{count} numbers, expected class cx cy w h and keypoints, {numbers} in all")
    elif kind == "obb":
        if count != 9:
            raise ValueError(f"{count} numbers, expected class and four corners of an oriented box, 9 in all")
    elif count < 7 or count % 2 == 0:
        keypoint = " (keypoints? a data.yaml with kpt_shape says so)" if count > 7 else ""
        raise ValueError(f"{count} numbers, expected {ROW}{keypoint}")
    return count


def doubtful_rows(rows: Iterable[list[str]], settings_known: bool) -> str:
    """Return why the long rows of a set may be no polygons, from what they have in common; an empty text if they are.

    Polygons have different numbers of corners; keypoints follow a box inside the photo, and each row has as many;
    oriented boxes have four corners at right angles. A data.yaml that names no keypoints says that there are none. The
    first rows are enough, and a few of them may be damaged.
    """
    counts: Counter[int] = Counter()
    poses = rectangles = turned = 0
    for values in islice(_long_rows(rows), ROWS_COMPARED):
        counts[len(values)] += 1
        poses += _can_be_pose(values)
        if len(values) == 9 and _is_rectangle(values[1:]):
            rectangles += 1
            turned += not _is_upright(values[1:])
    if not counts:
        return ""
    ((count, most),) = counts.most_common(1)
    enough = (1 - DAMAGED_ROWS) * counts.total()
    if most < enough:
        return ""
    pose = poses >= enough and not settings_known
    if rectangles >= enough and turned:
        return f"all rows have 9 numbers, the corners of oriented boxes or of polygons{' or keypoints' if pose else ''}"
    if pose:
        return f"all rows have {count} numbers, which can be a box with keypoints{' or a polygon' if count % 2 else ''}"
    return ""


def _long_rows(rows: Iterable[list[str]]) -> Iterator[list[float]]:
    for words in rows:
        if len(words) >= 7 and (values := finite_numbers(words)):
            yield values


def _can_be_pose(values: list[float]) -> bool:
    """Tell whether a row can be a box inside the photo with keypoints behind it, of two or of three numbers each."""
    x, y, w, h = values[1:5]
    inside = all(half / 2 - TOLERANCE <= center <= 1 - half / 2 + TOLERANCE for center, half in ((x, w), (y, h)))
    return inside and w > 0 and h > 0 and (len(values) % 2 == 1 or (len(values) - 5) % 3 == 0)


def _is_rectangle(values: list[float]) -> bool:
    """Tell whether the diagonals of four corners halve each other, as those of rectangles do in any photo."""
    x, y = values[::2], values[1::2]
    return math.hypot(x[0] + x[2] - x[1] - x[3], y[0] + y[2] - y[1] - y[3]) < 0.004


def _is_upright(values: list[float]) -> bool:
    x, y = sorted(values[::2]), sorted(values[1::2])
    return max(x[1] - x[0], x[3] - x[2], y[1] - y[0], y[3] - y[2]) < 0.002
