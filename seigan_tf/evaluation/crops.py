"""Crops for evaluation, read from photographs: annotated objects with true masks, and places without any object."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.crops import CropRegion, extract, extract_mask, relative_box
from seigan_tf.data.photos.photo import Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.backgrounds import Scene, Share, mine
from seigan_tf.data.planning.plan import make_plan
from seigan_tf.data.planning.report import Tally
from seigan_tf.data.planning.rules import CropRules, object_regions
from seigan_tf.utils.progress import Progress


class EvaluationObject(NamedTuple):
    """One object that the crop rules keep and that has a mask."""

    photo: str
    """Name of the photo."""
    id: int
    """Number of the annotation."""
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
    """Yield the objects of each photo, possibly none; one photo is in memory at a time.

    `size` is the side of the model's crops in pixels; `problems` counts unusable photos and objects.
    """
    for photo in photos:
        try:
            yield _of_photo(photo, rules, size, problems)
        except UnreadablePhoto as error:
            problems.add(Problem("photo", photo.name, str(error)))
            yield []


def _of_photo(photo: Photo, rules: CropRules, size: int, problems: Tally) -> list[EvaluationObject]:
    regions = zip(photo.objects, object_regions(photo, rules), strict=True)
    kept = [(item, region) for item, region in regions if not isinstance(region, str)]
    if not any(item.segmentation for item, _ in kept):
        return []
    # Read the photo first: masks take memory of the annotated size, which may be wrong.
    pixels = read_photo(photo)
    objects = []
    for item, region in kept:
        try:
            mask = object_mask(item, photo)
        except ValueError as error:
            problems.add(Problem("object", photo.name, str(error)))
            continue
        if mask is not None:
            image, original = (extract(pixels, region, side) for side in (size, region.side))
            box, truth = relative_box(item.box, region), extract_mask(mask, region)
            objects.append(EvaluationObject(photo.name, item.id, image, original, box, truth))
    return objects


def split_objects(
    data: DataConfig, split: str, size: int, problems: Tally, progress: Progress | None = None
) -> Iterator[EvaluationObject]:
    """Yield the objects with masks of one split, "train" or "val", the same as in training with these settings.

    `data` are settings with photographs; `size` and `problems` as in `evaluation_objects`; errors as `make_plan`.
    `progress` is called after each photo.
    """
    with TemporaryDirectory(prefix="seigan-plan-") as folder:
        chosen = {
            planned.photo.name: {item.id for item, _ in planned.objects}
            for planned in make_plan(data, Path(folder))
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


def empty_crops(photos: Sequence[Photo], rules: CropRules, size: int, wanted: int, seed: int) -> np.ndarray:
    """Return at most `wanted` squares that touch no box, with sides like those of the objects' crops, in random order.

    `photos` come with all their objects, in any order; unreadable ones give none. The result is uint8 [n, size, size,
    3]; places and order depend on the seed alone.
    """
    crops: dict[str, np.ndarray] = {}
    for photo, found in zip(photos, _empty_regions(photos, rules, wanted, seed), strict=True):
        for region, crop in zip(found, _cut(photo, found, size), strict=False):
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
    with TemporaryDirectory(prefix="seigan-empty-") as folder:
        return list(mine(lambda: map(_scene, photos), order, [share], seed, Path(folder)))


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
