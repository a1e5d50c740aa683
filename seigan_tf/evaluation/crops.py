"""Annotated objects with true masks, as crops read from photographs."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.crops import CropRegion, extract, grown_box, mask_part, region_around, relative_box
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.plan import make_plan
from seigan_tf.data.planning.report import Tally
from seigan_tf.data.planning.rules import CropRules, object_regions
from seigan_tf.evaluation.bands import Bands
from seigan_tf.evaluation.drawn_boxes import DrawnBoxes
from seigan_tf.utils.full_disk import temporary_folder
from seigan_tf.utils.progress import Progress


class EvaluationObject(NamedTuple):
    """One object that the crop rules keep and that has a mask.

    Masks are measured in a frame of the photo that holds the crop and the whole object: parts of the object outside the
    crop, which the box of a user may leave out, count as missed.
    """

    photo: str
    """Name of the photo."""
    id: int
    """Number of the annotation."""
    category: str
    """Name of the class; empty if there is none."""
    image: np.ndarray
    """uint8 [size, size, 3]: the crop as the model sees it."""
    original: np.ndarray
    """uint8 [side, side, 3]: the crop at the resolution of the photo."""
    box: np.ndarray
    """float32 [4]: ymin, xmin, ymax, xmax relative to the crop."""
    limits: np.ndarray
    """float32 [4]: the box outside which the model's mask is 0; larger than `box` if masks may grow."""
    whole: np.ndarray
    """bool [height, width]: the true mask in the frame, False outside the photo."""
    ignored: np.ndarray | None
    """bool [height, width]: pixels of the frame that do not count; None if all do."""
    corner: tuple[int, int]
    """Row and column of the crop in the frame."""
    diagonal: float
    """Diagonal of the crop around the true box, in pixels, for the tolerance of `boundary_f`."""

    @property
    def truth(self) -> np.ndarray:
        """The true mask in the crop, bool [side, side]."""
        return self.whole[self._crop]

    def framed(self, mask: np.ndarray) -> np.ndarray:
        """Return a mask of the crop, bool [side, side], in the frame."""
        result = np.zeros_like(self.whole)
        result[self._crop] = mask
        return result

    @property
    def _crop(self) -> tuple[slice, slice]:
        (row, column), side = self.corner, len(self.original)
        return slice(row, row + side), slice(column, column + side)


class Given(NamedTuple):
    """The boxes by which objects are measured, and the pixels that count."""

    drawn: DrawnBoxes = DrawnBoxes()
    grow: float = 0.0
    """Largest distance to which masks may reach outside the box, as a fraction of its sides."""
    bands: Bands | None = None


EXACT = Given()
"""The true boxes, and every pixel."""
NO_MASK = "no_mask"
"""Name, beside those of the crop rules, under which objects without a mask are counted."""


def evaluation_objects(
    photos: Iterable[Photo],
    rules: CropRules,
    size: int,
    problems: Tally,
    given: Given = EXACT,
    dropped: Counter[str] | None = None,
) -> Iterator[list[EvaluationObject]]:
    """Yield the objects of each photo, possibly none; one photo is in memory at a time.

    `size` is the side of the model's crops in pixels; `problems` counts unusable photos and objects, `dropped` the
    other objects that are not measured, by the rule (of DROP_RULES) or NO_MASK. The true boxes decide which objects are
    measured.
    """
    dropped = Counter() if dropped is None else dropped
    for photo in photos:
        try:
            yield _of_photo(photo, rules, size, problems, given, dropped)
        except UnreadablePhoto as error:
            problems.add(Problem("photo", photo.name, str(error)))
            yield []


def _of_photo(
    photo: Photo, rules: CropRules, size: int, problems: Tally, given: Given, dropped: Counter[str]
) -> list[EvaluationObject]:
    kept = []
    for item, region in zip(photo.objects, object_regions(photo, rules), strict=True):
        if isinstance(region, str):
            dropped[region] += 1
        else:
            kept.append((item, region))
    if not any(item.segmentation for item, _ in kept):
        dropped[NO_MASK] += len(kept)
        return []
    # Read the photo first: masks take memory of the annotated size, which may be wrong.
    pixels = read_photo(photo)
    objects = []
    for item, region in kept:
        try:
            mask = object_mask(item, photo)
        except ValueError as error:
            problems.add(Problem("object", photo.name, str(error).removeprefix(f"{photo.name}: ")))
            continue
        if mask is None:
            dropped[NO_MASK] += 1
        else:
            objects.append(_object(item, photo, region.side, pixels, mask, rules, size, given))
    return objects


def _object(
    item: Object,
    photo: Photo,
    exact_side: int,
    pixels: np.ndarray,
    mask: np.ndarray,
    rules: CropRules,
    size: int,
    given: Given,
) -> EvaluationObject:
    box = given.drawn.box_of(item, photo)
    region = region_around(box, rules.object_fraction)
    limits = grown_box(box, given.grow, photo.width, photo.height)
    frame = _frame(mask, region)
    return EvaluationObject(
        photo.name,
        item.id,
        item.category,
        image=extract(pixels, region, size),
        original=extract(pixels, region, region.side),
        box=relative_box(box, region),
        limits=relative_box(limits, region),
        whole=mask_part(mask, *frame),
        ignored=None if given.bands is None else mask_part(given.bands.mask(photo), *frame),
        corner=(region.y - frame.top, region.x - frame.left),
        diagonal=exact_side * math.sqrt(2),
    )


class Frame(NamedTuple):
    """A rectangle of whole pixels, which may reach past the photo's border."""

    left: int
    top: int
    right: int
    bottom: int


def _frame(mask: np.ndarray, region: CropRegion) -> Frame:
    """Return the smallest frame that holds the region and the mask, bool [height, width] of the photo."""
    rows, columns = (np.append(np.flatnonzero(mask.any(axis)), first) for axis, first in ((1, region.y), (0, region.x)))
    right, bottom = region.x + region.side, region.y + region.side
    return Frame(*map(int, (columns.min(), rows.min(), max(columns.max() + 1, right), max(rows.max() + 1, bottom))))


def split_objects(
    data: DataConfig, split: str, size: int, problems: Tally, progress: Progress | None = None
) -> Iterator[EvaluationObject]:
    """Yield the objects with masks of one split, "train" or "val", the same as in training with these settings.

    `data` are settings with photographs; `size` and `problems` as in `evaluation_objects`; errors as `make_plan`.
    `progress` is called after each photo.
    """
    with temporary_folder() as folder:
        chosen = {
            planned.photo.name: {item.id for item, _ in planned.objects}
            for planned in make_plan(data, folder)
            if planned.split == split and planned.objects
        }
    given = split == "val" and data.val_images is not None
    images, annotations = (data.val_images, data.val_annotations) if given else (data.images, data.annotations)
    assert images is not None, "make_plan refuses settings without photographs"
    items = read_annotations(data.source, images, annotations)
    photos = [item for item in items if isinstance(item, Photo) and item.name in chosen]
    for done, found in enumerate(evaluation_objects(photos, CropRules.from_config(data), size, problems), 1):
        yield from (item for item in found if item.id in chosen[item.photo])
        if progress:
            progress(done, len(photos))
