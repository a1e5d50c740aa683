"""The rules by which an annotated object becomes a square crop (paper, sections 4.1 and 4.2)."""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from PIL import Image

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations import Object, Photo

DROP_RULES = (
    "crowd",
    "other_class",
    "degenerate_box",
    "min_short_side",
    "max_object_fraction",
    "min_aspect",
    "other_object_touches",
    "incomplete_photo",
    "mirrored_object",
)
"""The names of the rules that drop an object, in the order in which they are asked; the last one in training only."""


@dataclass(frozen=True)
class CropRegion:
    """A square of a photo, in whole pixels; it may reach past the photo's border."""

    x: int
    """Left edge."""
    y: int
    """Top edge."""
    side: int

    def overlaps(self, boxes: np.ndarray) -> np.ndarray:
        """Which boxes, [boxes, 4] of left, top, right, bottom, share a point with the region: bool [boxes].

        A common border is enough, for object crops as for backgrounds.
        """
        left, top, right, bottom = np.asarray(boxes, float).T
        return (
            (left <= self.x + self.side) & (right >= self.x) & (top <= self.y + self.side) & (bottom >= self.y)
        )  # fmt: skip


@dataclass(frozen=True)
class CropRules:
    """Which objects make a crop, and how large it is around them.

    Raises:
        ValueError: a value out of its range; the message names it.
    """

    object_fraction: float
    """Long side of the object's box by the crop's side, in (0, 1]."""
    min_short_side: float
    """In pixels."""
    max_object_fraction: float
    """Long side of the box by the long side of the photo, at most."""
    min_aspect: float
    """Short side by long side of the box, at least; in [0, 1]."""
    classes: Collection[str] = ()
    """Names of the classes whose objects make crops; all unless given."""
    max_mirrored: float = 1.0
    """Of `mirrored`, at most; training only, see `object_regions`."""

    def __post_init__(self):
        for name, low, high in (
            ("object_fraction", 0.01, 1.0),
            ("min_short_side", 0.0, np.inf),
            ("max_object_fraction", 0.0, np.inf),
            ("min_aspect", 0.0, 1.0),
            ("max_mirrored", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"data.{name} is {value}, expected {low} to {high}")

    @classmethod
    def from_config(cls, config: DataConfig) -> "CropRules":
        return cls(
            config.object_fraction,
            config.min_short_side,
            config.max_object_fraction,
            config.min_aspect,
            frozenset(config.classes),
            config.max_mirrored,
        )


PROTOCOLS = {
    "dogs": CropRules(object_fraction=64 / 128, min_short_side=60, max_object_fraction=0.4, min_aspect=0),
    "coco": CropRules(object_fraction=100 / 128, min_short_side=20, max_object_fraction=0.4, min_aspect=0.4),
}
"""The paper's: "dogs" of section 4.1 (Flickr), "coco" of section 4.2 (COCO and Cityscapes)."""


def object_regions(photo: Photo, rules: CropRules, max_touched: float | None = None) -> list[CropRegion | str]:
    """For each object of the photo, in their order, the square around it, or the rule (of DROP_RULES) that drops it.

    The square has the box's centre and the side long_side / object_fraction, both rounded to whole pixels. Whatever
    their class, and crowds too, the other objects may not touch it, unless `max_touched` lets them. Whether it is
    "mirrored_object" is not asked: that is for training alone, and up to the caller (`mirrored`).

    Args:
        photo: with all its objects.
        rules: which objects make a crop, and how large it is around them.
        max_touched: lets others touch the square, as long as none covers more of the object's own box than this
            fraction.
    """
    boxes = photo.boxes
    regions = [_region(photo, item, rules) for item in photo.objects]
    for index, region in enumerate(regions):
        if isinstance(region, CropRegion):
            touched = region.overlaps(boxes)
            touched[index] = False
            if max_touched is not None and touched.any():
                touched = _covered(boxes[index], boxes) > max_touched
                touched[index] = False
            if touched.any():
                regions[index] = "other_object_touches"
            elif photo.incomplete:
                regions[index] = "incomplete_photo"
    return regions


def _covered(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The fraction of `box` that each of `boxes` covers; all are left, top, right, bottom."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    return np.prod(np.maximum(high - low, 0), axis=1) / np.prod(box[2:] - box[:2])


def _region(photo: Photo, item: Object, rules: CropRules) -> CropRegion | str:
    """As `object_regions`, for one object as if it were alone."""
    short, long = sorted(item.box[2:])
    if item.crowd:
        return "crowd"
    if rules.classes and item.category not in rules.classes:
        return "other_class"
    if short <= 0:
        return "degenerate_box"
    if short < rules.min_short_side:
        return "min_short_side"
    if long > rules.max_object_fraction * max(photo.width, photo.height):
        return "max_object_fraction"
    if short < rules.min_aspect * long:
        return "min_aspect"
    return region_around(item.box, rules.object_fraction)


def region_around(box: tuple[float, float, float, float], object_fraction: float) -> CropRegion:
    """The square crop around a box: its centre, and long_side / object_fraction as side, both in whole pixels.

    Args:
        box: x, y, width and height in pixels of the photo.
        object_fraction: long side of the box, as a fraction of the crop's side.
    """
    x, y, width, height = box
    side = max(round(max(width, height) / object_fraction), 1)
    return CropRegion(round(x + width / 2 - side / 2), round(y + height / 2 - side / 2), side)


def mirrored(box: tuple[float, float, float, float], region: CropRegion, width: int, height: int) -> float:
    """How deep the strips in which a crop is mirrored show its own object again, by the crop's side.

    Past the photo's border the crop is mirrored (`extract`). Of an object near it a part comes back there, outside the
    annotated box, and looks like the object although it counts as background.

    Args:
        box: x, y, width and height in pixels of the photo.
        region: of the crop.
        width: of the photo.
        height: of the photo.

    Returns:
        Columns or rows of the box, in whole pixels, that one of the four strips shows, by the side; 0 to less than 1.
    """
    deepest = 0
    for start, extent, first, length in ((box[0], box[2], region.x, width), (box[1], box[3], region.y, height)):
        begin, end = math.floor(start), math.ceil(start + extent)
        for gap, strip in ((begin, -first), (length - end, first + region.side - length)):
            deepest = max(deepest, min(strip - gap, end - begin))
    return deepest / region.side


def relative_box(item: Object, region: CropRegion) -> tuple[float, float, float, float]:
    """The object's box as ymin, xmin, ymax, xmax relative to the region, within [0, 1]."""
    x, y, width, height = item.box
    edges = np.array([y - region.y, x - region.x, y + height - region.y, x + width - region.x]) / region.side
    return tuple(np.clip(edges, 0.0, 1.0).tolist())


def extract(image: np.ndarray, region: CropRegion, size: int) -> np.ndarray:
    """The region of a photo, uint8 [height, width, 3], resized with antialiasing to uint8 [size, size, 3]."""
    pixels = region_pixels(image, region)
    resized = Image.fromarray(pixels).resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(resized)


def region_pixels(image: np.ndarray, region: CropRegion) -> np.ndarray:
    """The region of a photo, uint8 [height, width, ...], as it is: [side, side, ...].

    Past its border the photo is mirrored, as often as it takes.
    """
    bottom, right = region.y + region.side, region.x + region.side
    if region.x >= 0 and region.y >= 0 and bottom <= image.shape[0] and right <= image.shape[1]:
        return image[region.y : bottom, region.x : right]
    rows = _mirrored(region.y, region.side, image.shape[0])
    return image.take(rows, axis=0).take(_mirrored(region.x, region.side, image.shape[1]), axis=1)


def extract_mask(mask: np.ndarray, region: CropRegion) -> np.ndarray:
    """The region of a mask, bool [height, width] of the photo, as bool [side, side]; False outside the photo."""
    result = np.zeros((region.side, region.side), bool)
    top, left = max(region.y, 0), max(region.x, 0)
    inside = mask[top : max(region.y + region.side, 0), left : max(region.x + region.side, 0)]
    result[top - region.y :, left - region.x :][: inside.shape[0], : inside.shape[1]] = inside
    return result


def _mirrored(start: int, count: int, length: int) -> np.ndarray:
    """Indices start, start + 1, ... of an axis that is mirrored at both its ends again and again."""
    indices = np.arange(start, start + count) % (2 * length)
    return np.minimum(indices, 2 * length - 1 - indices)
