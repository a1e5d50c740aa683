"""Crops of objects that other objects touch: for a student, as the cycle would paste parts of the other objects too.

In crowded photographs most objects are of this kind; a teacher that has learned from the others can segment them.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.formats import FORMATS, read_annotations
from seigan_tf.data.crop_set import ObjectCrops
from seigan_tf.data.crops import CropRegion, extract, mirrored_depth, relative_box
from seigan_tf.data.photos.photo import Photo
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.plan import make_plan
from seigan_tf.data.planning.rules import CropRules, object_regions
from seigan_tf.utils.progress import Progress

MAX_COVERED = 0.15  # largest fraction of an object's box that another box may cover


def overlapping_objects(
    config: DataConfig, sizes: tuple[int, ...], progress: Progress | None = None
) -> tuple[ObjectCrops, ...]:
    """Cut the training objects that pass every rule except "other_object_touches", in each of `sizes` (pixels).

    Held-out and unreadable photos are left out. A source that is not read from annotations has none of these objects.
    `progress` is called after each photo.
    """
    found: list[tuple[list[np.ndarray], np.ndarray]] = []
    if config.source in FORMATS and config.images is not None:
        held_out = _held_out(config)
        rules = CropRules.from_config(config)
        items = read_annotations(config.source, config.images, config.annotations)
        for done, photo in enumerate((item for item in items if isinstance(item, Photo)), 1):
            if photo.name not in held_out:
                found += _cut(photo, rules, sizes)
            if progress:
                progress(done, None)
    boxes = np.array([box for _, box in found], np.float32).reshape(-1, 4)
    return tuple(
        ObjectCrops(np.array([images[i] for images, _ in found], np.uint8).reshape(-1, size, size, 3), boxes)
        for i, size in enumerate(sizes)
    )


def _held_out(config: DataConfig) -> set[str]:
    """Return the names of the photos of the training folder that are kept for validation."""
    if config.val_images is not None:
        return set()
    with TemporaryDirectory(prefix="seigan-plan-") as folder:
        return {planned.photo.name for planned in make_plan(config, Path(folder)) if planned.split == "val"}


def _cut(photo: Photo, rules: CropRules, sizes: tuple[int, ...]) -> list[tuple[list[np.ndarray], np.ndarray]]:
    """Cut the objects of one photo in each size, with their relative boxes."""
    strict, tolerant = object_regions(photo, rules), object_regions(photo, rules, MAX_COVERED)
    chosen = [
        (item.box, region)
        for item, alone, region in zip(photo.objects, strict, tolerant, strict=True)
        if alone == "other_object_touches"
        and isinstance(region, CropRegion)
        and mirrored_depth(item.box, region, photo.width, photo.height) <= rules.max_mirrored
    ]
    if not chosen:
        return []
    try:
        pixels = read_photo(photo)
    except UnreadablePhoto:
        return []  # named where the other objects are read
    return [([extract(pixels, region, size) for size in sizes], relative_box(box, region)) for box, region in chosen]
