"""GrabCut on the objects that the methods of Table 1 are measured on."""

import numpy as np

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.formats import FORMATS
from seigan_tf.data.planning.problems import Tally
from seigan_tf.evaluation.iou import iou
from seigan_tf.evaluation.masks import grabcut_masks
from seigan_tf.evaluation.objects import split_objects
from seigan_tf.utils.progress import Progress


def grabcut_iou(data: DataConfig, progress: Progress | None = None) -> dict[str, float]:
    """Mean IoU of GrabCut, and of GrabCut with the box where it finds nothing, on the crops at original resolution.

    Empty where there are no photographs: of a set that is drawn or stored the original resolution is not at hand.

    Raises:
        ValueError: data that cannot be used.
    """
    if data.source not in FORMATS:
        return {}
    scores: dict[str, list[float]] = {}
    for item in split_objects(data, "val", 16, Tally(data.max_bad), progress):
        for name, mask in grabcut_masks(item).items():
            scores.setdefault(name, []).append(iou(mask, item.truth))
    return {name: float(np.mean(values)) for name, values in scores.items()}
