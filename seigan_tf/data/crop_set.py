"""The crops of a run in memory: objects, backgrounds, and ground truth for evaluation."""

from typing import Any, NamedTuple

import numpy as np


class ObjectCrops(NamedTuple):
    """Crops with an object at the centre. There is no mask: training sees boxes only."""

    images: Any  # uint8 [objects, size, size, 3] RGB: an array, or indexed like one (`StoredImages`)
    boxes: np.ndarray  # float32 [objects, 4]: ymin, xmin, ymax, xmax relative to the crop


class BackgroundCrops(NamedTuple):
    """Crops without any object."""

    images: Any  # uint8 [backgrounds, size, size, 3] RGB, likewise


class EvaluationCrops(NamedTuple):
    """Object crops with their ground truth. Never part of a training set."""

    images: np.ndarray  # uint8 [objects, size, size, 3] RGB
    boxes: np.ndarray  # float32 [objects, 4]: ymin, xmin, ymax, xmax relative to the crop
    masks: list[np.ndarray]  # bool [side, side] each: the true mask at the photo's resolution; False outside the photo


class Crops(NamedTuple):
    """All crops of a run."""

    objects: ObjectCrops
    backgrounds: BackgroundCrops
    evaluation: EvaluationCrops | None  # None if no held-out object has a mask
    report: dict[str, Any]
    """Plain JSON values: "source", "train" and "validation"; the latter two as in `planning.plan.Plan.report`."""
