"""Places of photographs without any object, as backgrounds and for holes with known truth."""

from collections.abc import Sequence

import numpy as np

from seigan_tf.data.crops import CropRegion, extract, largest_reduction
from seigan_tf.data.photos.photo import Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.backgrounds import Scene, Share, mine
from seigan_tf.data.planning.report import Tally
from seigan_tf.data.planning.rules import CropRules, object_regions
from seigan_tf.utils.full_disk import temporary_folder


def empty_crops(
    photos: Sequence[Photo], rules: CropRules, size: int, wanted: int, seed: int, problems: Tally
) -> np.ndarray:
    """Return at most `wanted` squares that touch no box, with sides like those of the objects' crops, in random order.

    `photos` come with all their objects, in any order; unreadable ones give none, and `problems` counts them. The
    result is uint8 [n, size, size, 3]; places and order depend on the seed alone.
    """
    crops: dict[str, np.ndarray] = {}
    for photo, found in zip(photos, _empty_regions(photos, rules, wanted, seed), strict=True):
        for region, crop in zip(found, _cut(photo, found, size, problems), strict=False):
            crops[_key(photo, region)] = crop
    # Sort by name first: the order then does not depend on that of the annotations.
    chosen = np.random.default_rng(seed).permutation(sorted(crops))
    return np.stack([crops[key] for key in chosen]) if crops else np.zeros((0, size, size, 3), np.uint8)


def empty_places(photos: Sequence[Photo], rules: CropRules, wanted: int, seed: int) -> list[tuple[Photo, CropRegion]]:
    """Return the squares of `empty_crops`, in the same order, with their photos."""
    found = zip(photos, _empty_regions(photos, rules, wanted, seed), strict=True)
    places = {_key(photo, region): (photo, region) for photo, regions in found for region in regions}
    return [places[key] for key in np.random.default_rng(seed).permutation(sorted(places))] if places else []


def _key(photo: Photo, region: CropRegion) -> str:
    return f"{photo.name}:{region.x}:{region.y}:{region.side}"


def _empty_regions(photos: Sequence[Photo], rules: CropRules, wanted: int, seed: int) -> list[list[CropRegion]]:
    regions = [region for photo in photos for region in object_regions(photo, rules)]
    sides = np.sort(np.array([region.side for region in regions if isinstance(region, CropRegion)], np.int64))
    order = np.argsort(np.argsort([photo.name for photo in photos], kind="stable"), kind="stable")
    share = Share(np.ones(len(photos), bool), sides, wanted)
    with temporary_folder() as folder:
        return list(mine(lambda: map(_scene, photos), order, [share], seed, folder))


def _scene(photo: Photo) -> Scene:
    whole = np.array([[0.0, 0.0, photo.width, photo.height]])
    return Scene(photo.name, photo.width, photo.height, whole if photo.incomplete else photo.boxes)


def _cut(photo: Photo, regions: Sequence[CropRegion], size: int, problems: Tally) -> list[np.ndarray]:
    if not regions:
        return []
    try:
        pixels = read_photo(photo, largest_reduction(regions, size))
    except UnreadablePhoto as error:
        problems.add(Problem("photo", photo.name, str(error)))
        return []
    return [extract(pixels, region, size) for region in regions]
