"""The rules that decide which annotated objects become crops (paper, sections 4.1 and 4.2), and checks of settings."""

from collections.abc import Collection
from dataclasses import dataclass, fields

import numpy as np

from seigan_tf.config import PHOTO_PATHS, DataConfig
from seigan_tf.data.crops import CropRegion, region_around
from seigan_tf.data.photos.photo import Object, Photo

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
"""Names of the rules that drop an object, in the order in which they are applied; the last one in training only."""


@dataclass(frozen=True)
class CropRules:
    """Limits on the objects that become crops, and the size of the crops.

    Raises ValueError if a value is out of its range.
    """

    object_fraction: float  # long side of the object's box by the crop's side, in (0, 1]
    min_short_side: float  # least short side of the box, in pixels
    max_object_fraction: float  # largest long side of the box by the long side of the photo
    min_aspect: float  # least short side by long side of the box, in [0, 1]
    classes: Collection[str] = ()  # names of the classes whose objects become crops; empty: all
    max_mirrored: float = 1.0  # largest `crops.mirrored_depth` of a training crop, in [0, 1]
    max_covered: float | None = None
    """Largest fraction of the object's box that another box may cover, in [0, 1); None: none may touch the crop."""

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
                expected = f"{low:g} or more" if high == np.inf else f"{low:g} to {high:g}"
                raise ValueError(f"data.{name} is {value}, expected {expected}")
        if self.max_covered is not None and not 0 <= self.max_covered < 1:
            raise ValueError(f"data.max_covered is {self.max_covered}, expected None, or 0 to less than 1")

    @classmethod
    def from_config(cls, config: DataConfig) -> "CropRules":
        return cls(**{field.name: getattr(config, field.name) for field in fields(cls)})


def check_settings(config: DataConfig) -> None:
    """Raise ValueError if a setting is out of its range, of no use, or missing although another one needs it."""
    CropRules.from_config(config)
    for name, good, expected in (
        ("backgrounds_per_object", 0 < config.backgrounds_per_object <= 1000, "more than 0, at most 1000"),
        ("held_out", 0 <= config.held_out < 1, "0 to less than 1"),
        ("max_bad", 0 <= config.max_bad <= 1, "0 to 1"),
        ("seed", config.seed >= 0, "at least 0"),
    ):
        if not good:
            raise ValueError(f"data.{name} is {getattr(config, name)}, expected {expected}")
    _check_unread(config)
    needed = {"synthetic": None, "crops": "crops"}.get(config.source, "images")
    if needed and getattr(config, needed) is None:
        raise ValueError(f"data.{needed} is not set, expected a path because data.source is {config.source}")
    if config.val_images is None and config.val_annotations is not None:
        raise ValueError("data.val_images is not set, expected a path because data.val_annotations is given")


def _check_unread(config: DataConfig) -> None:
    """Raise ValueError if a path is given that the source does not read."""
    unread = {
        "synthetic": dict.fromkeys(PHOTO_PATHS, "data.source auto, or a preset for photographs such as boxes"),
        "crops": dict.fromkeys(PHOTO_PATHS, "data.crops alone"),
    }.get(config.source, {})
    if config.source != "crops":
        unread["crops"] = "data.source crops"
    for name, expected in unread.items():
        if getattr(config, name) is not None:
            raise ValueError(f"data.{name} is given, but data.source is {config.source}; expected {expected}")


PROTOCOLS = {
    "dogs": CropRules(object_fraction=64 / 128, min_short_side=60, max_object_fraction=0.4, min_aspect=0),
    "coco": CropRules(object_fraction=100 / 128, min_short_side=20, max_object_fraction=0.4, min_aspect=0.4),
}
"""The paper's rules: "dogs" of section 4.1 (Flickr), "coco" of section 4.2 (COCO and Cityscapes)."""


def object_regions(photo: Photo, rules: CropRules) -> list[CropRegion | str]:
    """Return for each object of a photo the square around it, or the rule (of DROP_RULES) that drops it.

    Other objects are those of any class, crowds included. "mirrored_object", for training only, is left to the caller.
    """
    boxes = photo.boxes
    regions = [_region(photo, item, rules) for item in photo.objects]
    for index, region in enumerate(regions):
        if isinstance(region, CropRegion):
            touching = region.overlaps(boxes)
            if rules.max_covered is not None:
                touching &= _covered(boxes[index], boxes) > rules.max_covered
            touching[index] = False
            if touching.any():
                regions[index] = "other_object_touches"
            elif photo.incomplete:
                regions[index] = "incomplete_photo"
    return regions


def _covered(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return the fraction of `box` that each of `boxes` covers; all are left, top, right, bottom."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    return np.prod(np.maximum(high - low, 0), axis=1) / np.prod(box[2:] - box[:2])


def _region(photo: Photo, item: Object, rules: CropRules) -> CropRegion | str:
    """Apply the rules to an object as if it were alone in its photo."""
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
