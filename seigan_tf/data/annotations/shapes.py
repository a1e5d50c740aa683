"""Shapes that annotation tools draw, as boxes and masks in pixels of the photo."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from seigan_tf.data.annotations.boxes import finite_numbers
from seigan_tf.data.photos.photo import Box
from seigan_tf.utils.text import shown

Points = list[tuple[float, float]]

LARGEST = 2**28  # pixels of a photo that a mask is made of, at most: a damaged size must not fill the memory


def numbers_of(values: dict[str, Any], *names: str) -> list[float]:
    """Return fields as numbers. Raises ValueError, which names it, if one is missing or no finite number."""
    for name in names:
        if finite_numbers([values.get(name)]) is None:
            raise ValueError(f"{name} is {shown(values.get(name))}, expected a number")
    return [float(values[name]) for name in names]


def points_of(value: Any, fewest: int = 1) -> Points:
    """Return points from a list of x, y pairs. Raises ValueError if it is none, or has too few of them."""
    pairs = value if isinstance(value, list | tuple) else []
    points = [finite_numbers(pair) if isinstance(pair, list | tuple) and len(pair) == 2 else None for pair in pairs]
    found = [(point[0], point[1]) for point in points if point]
    if len(found) != len(pairs) or len(found) < fewest:
        raise ValueError(f"points are {shown(value)}, expected at least {fewest} pairs of numbers")
    return found


def box_around(points: Points) -> Box:
    """Return left, top, width and height of the smallest box that holds the points."""
    (left, top), (right, bottom) = (
        tuple(function(axis) for axis in zip(*points, strict=True)) for function in (min, max)
    )
    return left, top, right - left, bottom - top


def polygon(points: Points) -> list[float]:
    """Return the polygon as COCO has it: x1, y1, x2, y2, ..."""
    return [value for point in points for value in point]


def box_of_ellipse(x: float, y: float, radius_x: float, radius_y: float, degrees: float = 0.0) -> Box:
    """Return the box around an ellipse by its center, its half axes and its rotation."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    half_width, half_height = math.hypot(radius_x * cos, radius_y * sin), math.hypot(radius_x * sin, radius_y * cos)
    return x - half_width, y - half_height, 2 * half_width, 2 * half_height


def box_of_circle(points: Points) -> Box:
    """Return the box around the circle through the first three points. Raises ValueError if they lie on a line."""
    (left, top), (bx, by), (cx, cy) = points[0], *((x - points[0][0], y - points[0][1]) for x, y in points[1:3])
    cross = 2 * (bx * cy - by * cx)
    if not cross:
        raise ValueError(f"points are {shown(points)}, expected three on a circle")
    b, c = bx * bx + by * by, cx * cx + cy * cy
    x, y = (cy * b - by * c) / cross, (bx * c - cx * b) / cross
    radius = math.hypot(x, y)
    return box_of_ellipse(left + x, top + y, radius, radius)


def box_of_rotated(box: Sequence[float], degrees: float, pivot: tuple[float, float]) -> Box:
    """Return the box around a box that is turned clockwise around the pivot."""
    left, top, width, height = box
    if not degrees:
        return left, top, width, height
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = []
    for x, y in ((left, top), (left + width, top), (left + width, top + height), (left, top + height)):
        dx, dy = x - pivot[0], y - pivot[1]
        corners.append((pivot[0] + dx * cos - dy * sin, pivot[1] + dx * sin + dy * cos))
    return box_around(corners)


def placed_mask(mask: np.ndarray, left: int, top: int, width: int, height: int) -> dict[str, Any]:
    """Return a mask of a part of the photo, bool [rows, columns], as run lengths of the whole photo of that size.

    Raises ValueError if it reaches out of the photo.
    """
    from pycocotools import mask as coco_mask

    rows, columns = mask.shape
    if width * height > LARGEST:
        raise ValueError(f"mask of a photo of {width} x {height} pixels, no photo is so large")
    if left < 0 or top < 0 or left + columns > width or top + rows > height:
        raise ValueError(
            f"mask of {columns} x {rows} pixels at {left}, {top} is not inside the {width} x {height} photo"
        )
    whole = np.zeros((height, width), np.uint8, order="F")
    whole[top : top + rows, left : left + columns] = mask
    return {"size": [height, width], "counts": coco_mask.encode(whole)["counts"].decode()}
