"""The crops of a run, as they are held in memory: objects, backgrounds, and the ground truth to evaluate on."""

import math
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from seigan_tf.config import DataConfig
from seigan_tf.data import checks, plan
from seigan_tf.data.annotations import Problem
from seigan_tf.data.cutting import Crop, CutReport, cut
from seigan_tf.data.synthetic import synthetic_backgrounds, synthetic_objects
from seigan_tf.utils.progress import Progress


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
    """Plain JSON values: "source", "train" and "validation"; these two as in `plan.Plan.report`."""


def load(config: DataConfig, size: int, progress: Progress | None = None) -> Crops:
    """Reads, cuts or draws the crops that the settings describe.

    What cannot be used of the photos and their annotations is skipped, counted and named in the report.

    Args:
        config: source, crop rules and seed.
        size: side of the crops in pixels.
        progress: told after each photo that is cut.

    Raises:
        ValueError: a folder or file is missing, too much of the set cannot be used, or no crop is left; the message
            says which rules dropped how many.
    """
    checks.settings(config)
    if config.source == "synthetic":
        return _synthetic(config, size)
    if config.source == "crops":
        from seigan_tf.data.storage import store

        return store.load(config.crops, size)
    with TemporaryDirectory(prefix="seigan-plan-") as folder:
        return _cut(config, plan.make(config, Path(folder)), size, progress)


def _cut(config: DataConfig, photos: plan.Plan, size: int, progress: Progress | None) -> Crops:
    result = CutReport(photos.report, config.max_bad)
    objects, backgrounds, evaluation = [], [], []
    for done, photo in enumerate(photos, 1):
        # Validation takes its backgrounds from the training set.
        used = replace(photo, backgrounds=()) if photo.split == "val" else photo
        cuts = cut(used, size) if used.objects or used.backgrounds else []
        if isinstance(cuts, Problem):
            result.lose(photo, cuts)
            cuts = []
        for crop in cuts:
            if crop.kind == "background":
                backgrounds.append(crop)
            elif crop.split == "train":
                objects.append(crop)
            elif crop.mask is not None:
                evaluation.append(crop)
        if progress:
            progress(done, len(photos))
    checks.crops_left(config, result.report)
    # Training draws by number: in this order the run is the same whatever that of the annotations.
    for crops in (objects, backgrounds, evaluation):
        crops.sort(key=lambda crop: crop.key)
    return Crops(
        ObjectCrops(*_stack(objects)),
        BackgroundCrops(_stack(backgrounds)[0]),
        EvaluationCrops(*_stack(evaluation), [crop.mask for crop in evaluation]) if evaluation else None,
        {"source": config.source, "train": result.report["train"], "validation": result.report["val"]},
    )


def _stack(crops: list[Crop]) -> tuple[np.ndarray, np.ndarray]:
    """Images and boxes."""
    return np.stack([crop.image for crop in crops]), np.stack([crop.box for crop in crops])


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
