"""Cuts the crops of a photo out of its pixels, which are decoded once for all of them."""

import copy
from typing import Any, NamedTuple

import numpy as np

from seigan_tf.data.annotations import Object, Photo, Problem, object_mask
from seigan_tf.data.crops import CropRegion, extract, extract_mask, relative_box
from seigan_tf.data.photographs import UnreadablePhoto, read_photo
from seigan_tf.data.plan import SPLITS, PhotoPlan
from seigan_tf.data.problems import Tally


class Crop(NamedTuple):
    """One crop, and where it comes from."""

    key: str
    """KIND:PHOTO:X:Y:SIDE, which no other crop of its split has."""
    split: str
    kind: str
    """object, or background."""
    image: np.ndarray
    """uint8 [size, size, 3] RGB."""
    box: np.ndarray
    """float32 [4]: ymin, xmin, ymax, xmax of the object relative to the crop; zeros for a background."""
    mask: np.ndarray | None
    """bool [side, side]: the annotated mask at the resolution of the photo, False outside the photo; None where there
    is none, and always in the split "train"."""
    photo: str
    """Name of the photo."""
    photo_size: tuple[int, int]
    """Height and width in pixels."""
    region: CropRegion
    """Where in the photo."""
    object_id: int
    category: str


NOTHING = Object((0, 0, 0, 0))
"""What a background shows."""


def cut(plan: PhotoPlan, size: int) -> list[Crop] | Problem:
    """The crops of one photo, objects first.

    Args:
        plan: what to cut.
        size: side of the crops in pixels.

    Returns:
        The crops, or what is wrong with the photo.
    """
    photo = plan.photo
    try:
        pixels = read_photo(photo)
    except UnreadablePhoto as error:
        return Problem("photo", photo.name, str(error))

    def crop(kind: str, region: CropRegion, item: Object) -> Crop:
        return Crop(
            f"{kind}:{photo.name}:{region.x}:{region.y}:{region.side}",
            plan.split,
            kind,
            extract(pixels, region, size),
            np.array(relative_box(item, region) if kind == "object" else (0, 0, 0, 0), np.float32),
            _mask(item, photo, region) if plan.split == "val" else None,
            photo.name,
            (photo.height, photo.width),
            region,
            item.id,
            item.category,
        )

    objects = [crop("object", region, item) for item, region in plan.objects]
    return objects + [crop("background", region, NOTHING) for region in plan.backgrounds]


def _mask(item: Object, photo: Photo, region: CropRegion) -> np.ndarray | None:
    mask = object_mask(item, photo)
    return None if mask is None else extract_mask(mask, region)


class CutReport:
    """The report of a plan, as it is after cutting: less what was in photos that could not be read.

    Args:
        report: of the plan; it stays as it is.
        max_bad: see `Tally`.
    """

    def __init__(self, report: dict[str, Any], max_bad: float):
        self.report = copy.deepcopy(report)
        """With "unreadable_photo" among the rules that dropped objects."""
        self._problems = {split: Tally(max_bad, self.report[split]["problems"]) for split in SPLITS}
        every = sum(self._problems.values(), Tally(max_bad))
        parts = [self.report[split] for split in SPLITS]
        self._photos = sum(part["photos"] for part in parts) + every.counts["photo"]
        self._objects = sum(part["annotations"] for part in parts) + every.counts["object"]
        for part in parts:
            part["dropped"]["unreadable_photo"] = 0

    def lose(self, plan: PhotoPlan, problem: Problem) -> None:
        """Takes account of a photo that `cut` could not read.

        Raises:
            ValueError: they are more than `max_bad` allows.
        """
        part = self.report[plan.split]
        part["objects"] -= len(plan.objects)
        part["dropped"]["unreadable_photo"] += len(plan.objects)
        part["backgrounds"] -= len(plan.backgrounds)
        if "without_mask" in part:
            part["without_mask"] -= sum(item.segmentation is None for item, _ in plan.objects)
        self._problems[plan.split].add(problem)
        part["problems"] = self._problems[plan.split].as_report()
        sum(self._problems.values(), Tally(self._problems["train"].max_bad)).check(self._photos, self._objects)
