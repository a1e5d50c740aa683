"""The annotated objects that masks are measured on, straight from photographs and annotations."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from seigan_tf.data.annotations import Photo, Problem, object_mask
from seigan_tf.data.crops import CropRules, extract, extract_mask, object_regions, relative_box
from seigan_tf.data.photographs import UnreadablePhoto, read_photo
from seigan_tf.data.problems import Tally


class EvaluationObject(NamedTuple):
    """One object that the crop rules keep and that has a mask."""

    photo: str
    """Name of the photo."""
    id: int
    """Of the annotation."""
    image: np.ndarray
    """uint8 [size, size, 3]: the crop as the model sees it."""
    original: np.ndarray
    """uint8 [side, side, 3]: the crop at the resolution of the photo."""
    box: np.ndarray
    """float32 [4]: ymin, xmin, ymax, xmax relative to the crop."""
    truth: np.ndarray
    """bool [side, side]: the true mask, False outside the photo."""


def evaluation_objects(
    photos: Iterable[Photo], rules: CropRules, size: int, problems: Tally
) -> Iterator[list[EvaluationObject]]:
    """The objects of each photo, an empty list where it has none to measure; one photo is in memory at a time.

    Args:
        photos: with all their objects.
        rules: which objects make a crop, and how large it is around them.
        size: side of the model's crops in pixels.
        problems: told what cannot be used.
    """
    for photo in photos:
        try:
            yield _of_photo(photo, rules, size, problems)
        except UnreadablePhoto as error:
            problems.add(Problem("photo", photo.name, str(error)))
            yield []


def _of_photo(photo: Photo, rules: CropRules, size: int, problems: Tally) -> list[EvaluationObject]:
    regions = object_regions(photo, rules)
    kept = [pair for pair in zip(photo.objects, regions, strict=True) if not isinstance(pair[1], str)]
    if not any(item.segmentation for item, _ in kept):
        return []
    # Before the masks, which would take the memory of the annotated size: only now it is known to be true.
    pixels = read_photo(photo)
    chosen = []
    for item, region in kept:
        try:
            mask = object_mask(item, photo)
        except ValueError as error:
            problems.add(Problem("object", photo.name, str(error)))
            continue
        if mask is not None:
            chosen.append((item, region, mask))
    return [
        EvaluationObject(
            photo.name,
            item.id,
            extract(pixels, region, size),
            extract(pixels, region, region.side),
            np.array(relative_box(item, region), np.float32),
            extract_mask(mask, region),
        )
        for item, region, mask in chosen
    ]
