"""The crops of a run, as they are held in memory: objects, backgrounds, and the ground truth to evaluate on."""

import itertools
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations import Object, Photo, object_mask
from seigan_tf.data.backgrounds import mine_backgrounds
from seigan_tf.data.coco import read_coco
from seigan_tf.data.crops import (
    DROP_RULES,
    CropRegion,
    CropRules,
    extract,
    extract_mask,
    object_region,
    relative_box,
)
from seigan_tf.data.photographs import UnreadablePhoto, read_photo
from seigan_tf.data.synthetic import synthetic_backgrounds, synthetic_objects

HELD_OUT = 0.1
"""Fraction of the photos kept for validation where none are given."""

Progress = Callable[[int, int], None]
"""Called with the number of photos done and the number of all."""


class ObjectCrops(NamedTuple):
    """Crops with an object at the centre. There is no mask: training sees boxes only."""

    images: np.ndarray
    """uint8 [objects, size, size, 3] RGB."""
    boxes: np.ndarray
    """float32 [objects, 4]: ymin, xmin, ymax, xmax relative to the crop."""


class BackgroundCrops(NamedTuple):
    """Crops without any object."""

    images: np.ndarray
    """uint8 [backgrounds, size, size, 3] RGB."""


class EvaluationCrops(NamedTuple):
    """Object crops with their ground truth. Never part of a training set."""

    images: np.ndarray
    """uint8 [objects, size, size, 3] RGB."""
    boxes: np.ndarray
    """float32 [objects, 4]: ymin, xmin, ymax, xmax relative to the crop."""
    masks: list[np.ndarray]
    """bool [side, side] each: the true mask at the resolution of the photo; False outside the photo."""


class Crops(NamedTuple):
    """All crops of a run."""

    objects: ObjectCrops
    backgrounds: BackgroundCrops
    evaluation: EvaluationCrops | None
    """None where no held-out object has a mask."""
    report: dict[str, Any]
    """Plain JSON values: "train" and "validation", each with the counts kept and dropped and the unreadable photos."""


def load(config: DataConfig, size: int, progress: Progress | None = None) -> Crops:
    """Reads or draws the crops that the settings describe.

    Photos that are missing or damaged are skipped, counted and named in the report.

    Args:
        config: source, crop rules and seed.
        size: side of the crops in pixels.
        progress: told after each photo.

    Raises:
        ValueError: a folder or file is missing, annotations are malformed, or no crop is left; the message says
            which rules dropped how many.
    """
    rules = CropRules.from_config(config)
    if not config.backgrounds_per_object > 0:
        raise ValueError(f"data.backgrounds_per_object is {config.backgrounds_per_object}, expected more than 0")
    if config.seed < 0:
        raise ValueError(f"data.seed is {config.seed}, expected at least 0")
    if config.source == "synthetic":
        return _synthetic(config, size)
    if config.images is None or config.annotations is None:
        missing = "images" if config.images is None else "annotations"
        raise ValueError(f"data.{missing} is not set, expected a path because data.source is coco")
    if (config.val_images is None) != (config.val_annotations is None):
        missing = "val_images" if config.val_images is None else "val_annotations"
        raise ValueError(f"data.{missing} is not set, expected both or neither of val_images and val_annotations")

    photos = read_coco(config.images, config.annotations)
    if config.val_annotations is None:
        # Held-out photos serve to measure by; without a mask there is nothing to measure.
        masks = any(item.segmentation for photo in photos for item in photo.objects)
        parts = _hold_out(photos, config.seed) if masks else (photos, [])
        train, validation = (_Split(config.images, config.annotations, part, rules) for part in parts)
    else:
        train = _Split(config.images, config.annotations, photos, rules)
        val_photos = read_coco(config.val_images, config.val_annotations)
        validation = _Split(config.val_images, config.val_annotations, val_photos, rules)
        validation.require_objects()
    tick = _ticker(len(train.photos) + len(validation.photos), progress)
    objects, backgrounds = _training_crops(train, config, size, tick)
    evaluation = _evaluation_crops(validation, size, tick)
    if config.val_annotations is not None:
        validation.require_objects()
    return Crops(
        objects,
        backgrounds,
        evaluation,
        {"source": "coco", "train": train.report, "validation": validation.report},
    )


class _Split:
    """Photos of one split, what the rules chose from each, and the report on both."""

    def __init__(self, images: Path, annotations: Path, photos: Sequence[Photo], rules: CropRules):
        self.images = images
        self.annotations = annotations
        self.photos = photos
        self.chosen: list[list[tuple[Object, CropRegion]]] = []
        dropped = Counter(dict.fromkeys((*DROP_RULES, "unreadable_photo"), 0))
        for photo in photos:
            self.chosen.append([])
            for item in photo.objects:
                region = object_region(photo, item, rules)
                if isinstance(region, str):
                    dropped[region] += 1
                else:
                    self.chosen[-1].append((item, region))
        self.report: dict[str, Any] = {
            "photos": len(photos),
            "unreadable": {},
            "annotations": sum(len(photo.objects) for photo in photos),
            "objects": sum(map(len, self.chosen)),
            "dropped": dict(dropped),
        }

    @property
    def sides(self) -> list[int]:
        return [region.side for chosen in self.chosen for _, region in chosen]

    def read(self, tick: Callable[[], None]) -> Iterator[tuple[int, np.ndarray]]:
        """Index and pixels of every photo that can be read; the others go into the report."""
        for index, photo in enumerate(self.photos):
            try:
                pixels = read_photo(photo)
            except UnreadablePhoto as error:
                self.report["unreadable"][os.path.relpath(photo.path, self.images)] = str(error)
                self.report["dropped"]["unreadable_photo"] += len(self.chosen[index])
            else:
                yield index, pixels
            tick()

    def require_objects(self) -> None:
        """Raises ValueError, with the reasons, where no object is left."""
        if self.report["objects"]:
            return
        unreadable = self.report["unreadable"]
        if self.photos and len(unreadable) == len(self.photos):
            name, reason = next(iter(unreadable.items()))
            raise ValueError(
                f"{self.annotations}: none of the {len(unreadable)} photos in {self.images} can be read,"
                f" the first is {name} ({reason})"
            )
        dropped = ", ".join(f"{rule} {count}" for rule, count in self.report["dropped"].items() if count)
        raise ValueError(
            f"{self.annotations}: no crop left of {self.report['annotations']} annotated objects, expected at least one"
            f" (dropped: {dropped or 'none'})"
        )


def _training_crops(
    split: _Split, config: DataConfig, size: int, tick: Callable[[], None]
) -> tuple[ObjectCrops, BackgroundCrops]:
    split.require_objects()
    wanted = max(math.ceil(config.backgrounds_per_object * split.report["objects"]), 1)
    mined = mine_backgrounds(split.photos, split.sides, wanted, config.seed)
    objects, boxes, backgrounds = [], [], []
    for index, pixels in split.read(tick):
        for item, region in split.chosen[index]:
            objects.append(extract(pixels, region, size))
            boxes.append(relative_box(item, region))
        backgrounds.extend(extract(pixels, region, size) for region in mined[index])
    split.report |= {
        "objects": len(objects),
        "backgrounds": len(backgrounds),
        "backgrounds_wanted": wanted,
    }
    split.require_objects()
    if not backgrounds:
        raise ValueError(
            f"{split.annotations}: no background found in {len(split.photos)} photos, expected a square of"
            f" {min(split.sides)} pixels or more that touches no box"
        )
    return ObjectCrops(np.stack(objects), np.array(boxes, np.float32)), BackgroundCrops(np.stack(backgrounds))


def _evaluation_crops(split: _Split, size: int, tick: Callable[[], None]) -> EvaluationCrops | None:
    """The crops whose objects have a mask; None where none has."""
    images, boxes, masks = [], [], []
    objects = 0
    for index, pixels in split.read(tick):
        for item, region in split.chosen[index]:
            objects += 1
            mask = object_mask(item, split.photos[index])
            if mask is not None:
                images.append(extract(pixels, region, size))
                boxes.append(relative_box(item, region))
                masks.append(extract_mask(mask, region))
    split.report |= {"objects": objects, "without_mask": objects - len(masks)}
    return EvaluationCrops(np.stack(images), np.array(boxes, np.float32), masks) if masks else None


def _hold_out(photos: Sequence[Photo], seed: int) -> tuple[list[Photo], list[Photo]]:
    """Splits by photo, so that no photo gives crops to both; a single photo stays in the training set."""
    count = min(max(round(HELD_OUT * len(photos)), 1), len(photos) - 1)
    held_out = set(np.random.default_rng(seed).permutation(len(photos))[:count].tolist())
    parts: tuple[list[Photo], list[Photo]] = ([], [])
    for index, photo in enumerate(photos):
        parts[index in held_out].append(photo)
    return parts


def _ticker(total: int, progress: Progress | None) -> Callable[[], None]:
    done = itertools.count(1)
    return lambda: progress(next(done), total) if progress else None


def _synthetic(config: DataConfig, size: int) -> Crops:
    # Seeds of the three sets: the run's, then which set, so that no set repeats another.
    count = max(math.ceil(config.backgrounds_per_object * config.synthetic_train), 1)
    train = synthetic_objects(config.synthetic_train, size, [config.seed, 0], config.object_fraction)
    validation = synthetic_objects(config.synthetic_val, size, [config.seed, 1], config.object_fraction)
    backgrounds = synthetic_backgrounds(count, size, [config.seed, 2])
    report = {
        "source": "synthetic",
        "train": {"objects": len(train.images), "backgrounds": len(backgrounds)},
        "validation": {"objects": len(validation.images)},
    }
    return Crops(
        ObjectCrops(train.images, train.boxes),
        BackgroundCrops(backgrounds),
        EvaluationCrops(validation.images, validation.boxes, list(validation.masks)),
        report,
    )
