"""Objects that others touch: no crops for the cycle, which would paste a part of the others too, but for a student.

Of crowded photographs most objects are of this kind. A teacher that has learned from the others can say what they are.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.formats import FORMATS, read_annotations
from seigan_tf.data.crop_set import ObjectCrops
from seigan_tf.data.crops import CropRegion, extract, mirrored_depth, relative_box
from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.plan import make_plan
from seigan_tf.data.planning.rules import CropRules, object_regions
from seigan_tf.utils.progress import Progress

MAX_COVERED = 0.15
"""Of an object's box that another one's may cover."""


def overlapping_objects(
    config: DataConfig, sizes: tuple[int, ...], progress: Progress | None = None
) -> tuple[ObjectCrops, ...]:
    """Crops of the training objects that pass every rule but that no other object touches their crop.

    Args:
        config: source and crop rules; photographs that are held out are left out. What is not read from annotations has
            none of these objects.
        sizes: sides of the crops in pixels.
        progress: told after each photo.

    Returns:
        The same objects for each of `sizes`, perhaps none. What cannot be read is left out.
    """
    found: list[tuple[list[np.ndarray], np.ndarray]] = []
    if config.source in FORMATS:
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
    """Names of photographs of the training folder that are kept for validation."""
    if config.val_images is not None:
        return set()
    with TemporaryDirectory(prefix="seigan-plan-") as folder:
        return {planned.photo.name for planned in make_plan(config, Path(folder)) if planned.split == "val"}


def _cut(photo: Photo, rules: CropRules, sizes: tuple[int, ...]) -> list[tuple[list[np.ndarray], np.ndarray]]:
    chosen: list[tuple[Object, CropRegion]] = [
        (item, region)
        for item, alone, region in zip(
            photo.objects, object_regions(photo, rules), object_regions(photo, rules, MAX_COVERED), strict=True
        )
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
    return [
        ([extract(pixels, region, size) for size in sizes], relative_box(item.box, region)) for item, region in chosen
    ]
