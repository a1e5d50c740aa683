"""What is known of a photograph: its file, its size and the objects annotated in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Object:
    """One annotated object."""

    box: tuple[float, float, float, float]
    """x, y, width and height in pixels of the photo; inside the photo."""
    crowd: bool = False
    """The box holds a group of objects, not one."""
    segmentation: Any = None
    """COCO polygons or run-length encoding; None where only the box is known. Used for evaluation only."""
    id: int = 0


@dataclass(frozen=True)
class Photo:
    """One photograph with all its objects."""

    path: Path
    width: int
    """In pixels, as the annotations say."""
    height: int
    objects: tuple[Object, ...] = ()

    @property
    def boxes(self) -> np.ndarray:
        """float64 [objects, 4]: left, top, right, bottom in pixels."""
        boxes = np.array([item.box for item in self.objects], float).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        return boxes


def object_mask(item: Object, photo: Photo) -> np.ndarray | None:
    """The object's annotated mask, bool [height, width] of the photo; None where it has none.

    Raises:
        ValueError: the segmentation is neither polygons nor a run-length encoding of the photo's size.
    """
    segmentation = item.segmentation
    if not segmentation:
        return None
    # Only evaluation needs masks, so that training from boxes runs without pycocotools.
    from pycocotools import mask as coco_mask

    where = f"{photo.path.name}: segmentation of annotation {item.id}"
    if isinstance(segmentation, dict):
        size = segmentation.get("size")
        if size != [photo.height, photo.width] or not isinstance(segmentation.get("counts"), (list, str, bytes)):
            raise ValueError(
                f"{where}: run-length encoding of size {size}, expected counts of size [{photo.height}, {photo.width}]"
            )
        runs = segmentation
        if isinstance(runs["counts"], list):
            runs = coco_mask.frPyObjects(runs, photo.height, photo.width)
        return coco_mask.decode(runs).astype(bool)
    try:
        polygons = [np.asarray(polygon, float).ravel() for polygon in segmentation]
    except (TypeError, ValueError):
        raise ValueError(f"{where} is neither polygons of numbers nor a run-length encoding") from None
    if any(polygon.size % 2 or not np.isfinite(polygon).all() for polygon in polygons):
        raise ValueError(f"{where}: a polygon is not a list of finite x, y pairs")
    # Two points enclose nothing, and pycocotools would take their four numbers for a box.
    polygons = [polygon.tolist() for polygon in polygons if polygon.size >= 6]
    if not polygons:
        return None
    runs = coco_mask.merge(coco_mask.frPyObjects(polygons, photo.height, photo.width))
    return coco_mask.decode(runs).astype(bool)
