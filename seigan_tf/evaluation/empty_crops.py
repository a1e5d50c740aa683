"""Crops without any object from the evaluated photographs, for holes and as backgrounds."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from seigan_tf.data.crops import CropRegion, extract
from seigan_tf.data.photos.photo import Photo
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.backgrounds import Scene
from seigan_tf.data.planning.mining import Share, mine
from seigan_tf.data.planning.rules import CropRules, object_regions


def empty_crops(photos: Sequence[Photo], rules: CropRules, size: int, wanted: int, seed: int) -> np.ndarray:
    """Return squares that touch no box, with sides like those of the objects' crops, in random order.

    Unreadable photos give none.

    Args:
        photos: photos with all their objects, in any order.
        rules: rules of the objects' crops.
        size: side of the crops in pixels.
        wanted: number of crops; there may be fewer.
        seed: seed of places and order.

    Returns:
        uint8 [n, size, size, 3].
    """
    regions = [region for photo in photos for region in object_regions(photo, rules)]
    sides = np.sort(np.array([region.side for region in regions if isinstance(region, CropRegion)], np.int64))
    order = np.argsort(np.argsort([photo.name for photo in photos], kind="stable"), kind="stable")
    share = Share(np.ones(len(photos), bool), sides, wanted)
    crops: dict[str, np.ndarray] = {}
    with TemporaryDirectory(prefix="seigan-empty-") as folder:
        mined = mine(lambda: map(_scene, photos), order, [share], seed, Path(folder))
        for photo, found in zip(photos, mined, strict=True):
            for region, crop in zip(found, _cut(photo, found, size), strict=False):
                crops[f"{photo.name}:{region.x}:{region.y}:{region.side}"] = crop
    # Sort by name first: the order then does not depend on that of the annotations.
    chosen = np.random.default_rng(seed).permutation(sorted(crops))
    return np.stack([crops[key] for key in chosen]) if crops else np.zeros((0, size, size, 3), np.uint8)


def _scene(photo: Photo) -> Scene:
    whole = np.array([[0.0, 0.0, photo.width, photo.height]])
    return Scene(photo.name, photo.width, photo.height, whole if photo.incomplete else photo.boxes)


def _cut(photo: Photo, regions: Sequence[CropRegion], size: int) -> list[np.ndarray]:
    if not regions:
        return []
    try:
        pixels = read_photo(photo)
    except UnreadablePhoto:
        return []
    return [extract(pixels, region, size) for region in regions]
