"""Annotated masks, in COCO's polygons or run-length encodings, checked before pycocotools decodes them.

pycocotools decodes damaged run lengths into whatever lies in memory.
"""

import math
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from seigan_tf.data.photos.photo import Box, Object, Photo

LONGEST_RUN = 2**31  # pixels of a run; pycocotools counts in 32 bits


def object_mask(item: Object, photo: Photo) -> np.ndarray | None:
    """Return the object's annotated mask, bool [height, width] of the photo; None if it has none, or no pixel is in it.

    Raises ValueError if the segmentation is neither polygons around the photo nor a run-length encoding of its size, or
    if none of its pixels is inside the object's box.
    """
    runs = mask_runs(item, photo)
    return None if runs is None else coco_mask.decode(runs).astype(bool)


def mask_runs(item: Object, photo: Photo) -> dict[str, Any] | None:
    """Return the mask as pycocotools' compressed run lengths, which is faster than `object_mask`; else the same."""
    runs = _runs(item, photo)
    if runs is not None and not _touches(runs, item.box):
        raise ValueError(f"{photo.name}: segmentation of annotation {item.id}: lies outside its box {list(item.box)}")
    return runs


def _runs(item: Object, photo: Photo) -> dict[str, Any] | None:
    segmentation = item.segmentation
    if not segmentation:
        return None
    try:
        if isinstance(segmentation, dict):
            size = [photo.height, photo.width]
            if segmentation.get("size") != size:
                raise ValueError(f"run-length encoding of size {segmentation.get('size')!r:.100}, expected {size}")
            counts = read_counts(segmentation.get("counts"), photo.height * photo.width)
            runs = coco_mask.frPyObjects({"size": size, "counts": counts}, *size)
        elif polygons := _polygons(segmentation, photo):
            runs = coco_mask.merge(coco_mask.frPyObjects(polygons, photo.height, photo.width))
        else:
            return None
    except ValueError as error:
        raise ValueError(f"{photo.name}: segmentation of annotation {item.id}: {error}") from None
    # Every object has pixels: tools write masks of zeros, and polygons without area, where no mask is known.
    return runs if coco_mask.area(runs) else None


def _touches(runs: dict[str, Any], box: Box) -> bool:
    """Tell whether a pixel of the mask is inside the box, be it in part."""
    height, width = runs["size"]
    left, top = math.floor(box[0]), math.floor(box[1])
    sides = math.ceil(box[0] + box[2]) - left, math.ceil(box[1] + box[3]) - top
    (inside,) = coco_mask.frPyObjects(np.array([[left, top, *sides]], float), height, width)
    return bool(coco_mask.area(coco_mask.merge([runs, inside], intersect=True)))


def has_mask(item: Object, photo: Photo) -> bool:
    """Tell whether the object has a mask, be it one that cannot be used."""
    try:
        return mask_runs(item, photo) is not None
    except ValueError:
        return True


def mask_area(item: Object, photo: Photo) -> float:
    """Return the pixels of the mask, or of the box if there is no mask."""
    runs = _runs(item, photo)
    return item.box[2] * item.box[3] if runs is None else float(coco_mask.area(runs))


def read_counts(counts: Any, pixels: int) -> list[int]:
    """Return the lengths of the runs, zeros first, from a list or COCO's compressed text (maskApi.c, rleFrString).

    Raises ValueError if it is neither, or covers another number of pixels.
    """
    if isinstance(counts, str | bytes):
        counts = _decompress(counts)
    if not isinstance(counts, list) or any(type(run) is not int or not 0 <= run < LONGEST_RUN for run in counts):
        raise ValueError("counts are no run lengths, expected a list of whole numbers, or their compressed text")
    if sum(counts) != pixels:
        raise ValueError(f"run lengths of {sum(counts)} pixels in all, expected {pixels}")
    return counts


def _decompress(text: str | bytes) -> list[int]:
    """Read numbers in groups of five bits, lowest first; from the third on, less the number before the last one."""
    runs: list[int] = []
    value = shift = 0
    for byte in text.encode() if isinstance(text, str) else text:
        group = byte - 48
        if not 0 <= group < 64 or shift > 30:
            raise ValueError("counts are no compressed run lengths")
        value |= (group & 31) << shift
        shift += 5
        if not group & 32:
            if group & 16:
                value -= 1 << shift
            runs.append(value + runs[-2] if len(runs) > 2 else value)
            value = shift = 0
    return runs


def _polygons(segmentation: Any, photo: Photo) -> list[list[float]]:
    try:
        polygons = [np.asarray(polygon, float).ravel() for polygon in segmentation]
    except (TypeError, ValueError, OverflowError):
        raise ValueError("neither polygons of numbers nor a run-length encoding") from None
    for polygon in polygons:
        if polygon.size % 2 or not np.isfinite(polygon).all():
            raise ValueError("a polygon is not a list of finite x, y pairs")
        # The time that pycocotools takes grows with the length of the edges.
        if polygon.size and np.abs(polygon).max() > 2 * max(photo.width, photo.height):
            raise ValueError(f"a polygon reaches far out of the {photo.width} x {photo.height} photo")
    # Two points enclose nothing, and pycocotools would take their four numbers for a box.
    return [polygon.tolist() for polygon in polygons if polygon.size >= 6]
