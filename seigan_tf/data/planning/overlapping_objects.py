"""Crops of objects that other objects touch: for a student, as the cycle would paste parts of the other objects too.

In crowded photographs most objects are of this kind; a teacher that has learned from the others can segment them.
"""

from dataclasses import replace
from operator import itemgetter

import numpy as np

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.crop_set import ObjectCrops
from seigan_tf.data.crops import (
    CropRegion,
    extract,
    largest_reduction,
    mirrored_depth,
    region_around,
    relative_box,
)
from seigan_tf.data.photos.photo import Box, Photo
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.plan import make_plan
from seigan_tf.data.planning.rules import CropRules, object_regions
from seigan_tf.utils.full_disk import temporary_folder
from seigan_tf.utils.progress import Progress

MAX_COVERED = 0.15
"""`max_covered` of these objects."""


def overlapping_objects(
    config: DataConfig, views: tuple[tuple[int, float], ...], progress: Progress | None = None
) -> tuple[ObjectCrops, ...]:
    """Cut the training objects that pass every rule except "other_object_touches", and that one with MAX_COVERED.

    `views` are the sides of the crops in pixels, each with the part of it that the long side of the object takes; the
    objects are chosen by `config.object_fraction`.

    Held-out and unreadable photos are left out. There are none of these objects in a source that is not read from
    annotations, or if `config.max_covered` allows as much.
    `progress` is called after each photo.
    """
    found: list[tuple[tuple[str, Box], list[tuple[np.ndarray, np.ndarray]]]] = []
    allowed = config.max_covered is not None and config.max_covered >= MAX_COVERED
    if config.reads_annotations and config.images is not None and not allowed:
        held_out = _held_out(config)
        rules = CropRules.from_config(config)
        items = read_annotations(config.source, config.images, config.annotations)
        for done, photo in enumerate((item for item in items if isinstance(item, Photo)), 1):
            if photo.name not in held_out:
                found += [((photo.name, box), crops) for box, crops in _cut(photo, rules, views)]
            if progress:
                progress(done, None)
    # Training draws by number: in this order the run does not depend on the order of the annotations.
    found.sort(key=itemgetter(0))
    return tuple(
        ObjectCrops(
            np.array([crops[i][0] for _, crops in found], np.uint8).reshape(-1, size, size, 3),
            np.array([crops[i][1] for _, crops in found], np.float32).reshape(-1, 4),
        )
        for i, (size, _) in enumerate(views)
    )


def _held_out(config: DataConfig) -> set[str]:
    """Return the names of the photos of the training folder that are kept for validation."""
    if config.val_images is not None:
        return set()
    with temporary_folder() as folder:
        return {planned.photo.name for planned in make_plan(config, folder) if planned.split == "val"}


def _cut(
    photo: Photo, rules: CropRules, views: tuple[tuple[int, float], ...]
) -> list[tuple[Box, list[tuple[np.ndarray, np.ndarray]]]]:
    """Cut the objects of one photo; return for each its box, and the crops of all views with their relative boxes."""
    strict, tolerant = object_regions(photo, rules), object_regions(photo, replace(rules, max_covered=MAX_COVERED))
    chosen = [
        item.box
        for item, alone, region in zip(photo.objects, strict, tolerant, strict=True)
        if alone == "other_object_touches"
        and isinstance(region, CropRegion)
        and mirrored_depth(item.box, region, photo.width, photo.height) <= rules.max_mirrored
    ]
    if not chosen:
        return []
    regions = [[(size, region_around(box, fraction)) for size, fraction in views] for box in chosen]
    reduction = min(largest_reduction([region], size) for several in regions for size, region in several)
    try:
        pixels = read_photo(photo, reduction)
    except UnreadablePhoto:
        return []  # named where the other objects are read
    return [
        (box, [(extract(pixels, region, size), relative_box(box, region)) for size, region in several])
        for box, several in zip(chosen, regions, strict=True)
    ]
