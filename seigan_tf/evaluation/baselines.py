"""Masks that need no training, drawn from the box alone: lower bounds for a model."""

import numpy as np

from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.evaluation.iou import iou
from seigan_tf.utils.boxes import box_to_mask


def ellipse_mask(box: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the filled ellipse that touches the four sides of a box: bool [height, width].

    Args:
        box: [ymin, xmin, ymax, xmax], relative to the image.
        height, width: size of the image in pixels.
    """
    ymin, xmin, ymax, xmax = box
    rows, columns = (np.arange(height)[:, None] + 0.5) / height, (np.arange(width)[None, :] + 0.5) / width
    # Multiplied out: a box without area then gives an empty mask, not a division by zero.
    vertical = ((2 * rows - ymin - ymax) * (xmax - xmin)) ** 2
    horizontal = ((2 * columns - xmin - xmax) * (ymax - ymin)) ** 2
    return vertical + horizontal < ((ymax - ymin) * (xmax - xmin)) ** 2


BASELINES = {"box": box_to_mask, "ellipse": ellipse_mask}


def baseline_iou(name: str, evaluation: EvaluationCrops) -> np.ndarray:
    """Return the IoU of a baseline, a key of BASELINES, on each crop at its original resolution: float64 [N]."""
    draw = BASELINES[name]
    pairs = zip(evaluation.boxes, evaluation.masks, strict=True)
    return np.array([iou(draw(box, *truth.shape), truth) for box, truth in pairs])
