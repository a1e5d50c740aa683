"""Masks that need no training, drawn from the box alone: what a model has to beat."""

import numpy as np

from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.evaluation.iou import iou


def box_mask(box: np.ndarray, height: int, width: int) -> np.ndarray:
    """The filled box: bool [height, width], True where a pixel's centre lies in `box`.

    Args:
        box: [ymin, xmin, ymax, xmax], relative to the image.
    """
    ymin, xmin, ymax, xmax = box
    rows, columns = _centres(height, width)
    return (rows >= ymin) & (rows <= ymax) & (columns >= xmin) & (columns <= xmax)


def ellipse_mask(box: np.ndarray, height: int, width: int) -> np.ndarray:
    """The filled ellipse that touches the four sides of the box; arguments and result as in `box_mask`."""
    ymin, xmin, ymax, xmax = box
    rows, columns = _centres(height, width)
    # Multiplied out, so that a box without area gives an empty mask in place of a division by zero.
    vertical = ((2 * rows - ymin - ymax) * (xmax - xmin)) ** 2
    horizontal = ((2 * columns - xmin - xmax) * (ymax - ymin)) ** 2
    return vertical + horizontal < ((ymax - ymin) * (xmax - xmin)) ** 2


BASELINES = {"box": box_mask, "ellipse": ellipse_mask}


def baseline_iou(name: str, evaluation: EvaluationCrops) -> np.ndarray:
    """IoU of the baseline `name` (a key of BASELINES) on each crop at its original resolution: float64 [N]."""
    draw = BASELINES[name]
    pairs = zip(evaluation.boxes, evaluation.masks, strict=True)
    return np.array([iou(draw(box, *truth.shape), truth) for box, truth in pairs])


def _centres(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Relative coordinates of the pixels' centres, as a column [height, 1] and a row [1, width]."""
    return (np.arange(height)[:, None] + 0.5) / height, (np.arange(width)[None, :] + 0.5) / width
