"""What is known of a photograph: its file, its size and the objects annotated in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from seigan_tf.data.run_lengths import read_counts


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
    category: str = ""
    """Name of its class; empty where the annotations name none."""
    score: float | None = None
    """How certain the detector is that found it, in [0, 1]; None where nobody but people drew the box."""


@dataclass(frozen=True)
class Photo:
    """One photograph with all its objects."""

    path: Path
    width: int
    """In pixels, upright, as the annotations say."""
    height: int
    objects: tuple[Object, ...] = ()
    name: str = ""
    """Path relative to the folder of photographs, with forward slashes; it identifies the photo. The file's name
    unless given."""

    incomplete: bool = False
    """Where one of its objects is cannot be told: it may be anywhere, and no crop is taken."""

    def __post_init__(self):
        if not self.name:
            object.__setattr__(self, "name", self.path.name)

    @property
    def boxes(self) -> np.ndarray:
        """float64 [objects, 4]: left, top, right, bottom in pixels."""
        boxes = np.array([item.box for item in self.objects], float).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        return boxes


class Problem(NamedTuple):
    """Something in the annotations or a photograph that cannot be used: skipped, counted and named in the report."""

    kind: Literal["photo", "object"]
    """What is lost: a photo with all its objects, or one annotated object."""
    where: str
    """Which photo or annotation, as its owner would look for it."""
    what: str
    """What it was and what was expected, on one line."""


def object_mask(item: Object, photo: Photo) -> np.ndarray | None:
    """The object's annotated mask, bool [height, width] of the photo; None where it has none.

    Raises:
        ValueError: the segmentation is neither polygons around the photo nor a run-length encoding of its size.
    """
    runs = mask_runs(item, photo)
    if runs is None:
        return None
    from pycocotools import mask as coco_mask

    return coco_mask.decode(runs).astype(bool)


def mask_runs(item: Object, photo: Photo) -> dict[str, Any] | None:
    """The mask as pycocotools' compressed run lengths; as `object_mask` in all else, and quicker."""
    segmentation = item.segmentation
    if not segmentation:
        return None
    # Only evaluation needs masks, so that training from boxes runs without pycocotools.
    from pycocotools import mask as coco_mask

    try:
        if isinstance(segmentation, dict):
            return coco_mask.frPyObjects(_run_lengths(segmentation, photo), photo.height, photo.width)
        polygons = _polygons(segmentation, photo)
        return coco_mask.merge(coco_mask.frPyObjects(polygons, photo.height, photo.width)) if polygons else None
    except ValueError as error:
        raise ValueError(f"{photo.name}: segmentation of annotation {item.id}: {error}") from None


def _run_lengths(segmentation: dict[str, Any], photo: Photo) -> dict[str, Any]:
    size = [photo.height, photo.width]
    if segmentation.get("size") != size:
        raise ValueError(f"run-length encoding of size {segmentation.get('size')!r:.100}, expected {size}")
    return {"size": size, "counts": read_counts(segmentation.get("counts"), photo.height * photo.width)}


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
