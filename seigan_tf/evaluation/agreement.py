"""Agreement of a mask with the true one: IoU (Table 1 of the paper), boundary F-score, and masks drawn from a box."""

import math

import cv2
import numpy as np
from PIL import Image

from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.utils.boxes import box_to_mask

TOLERANCE = 0.008
"""Distance within which two outlines agree, as a fraction of the diagonal (Perazzi et al., "A benchmark dataset and
evaluation methodology for video object segmentation", CVPR 2016, and its published code)."""


def iou(mask: np.ndarray, truth: np.ndarray) -> float:
    """Return the IoU of two boolean arrays of one shape, 1 if both are empty. Raises ValueError if shapes differ."""
    if mask.shape != truth.shape:
        raise ValueError(f"iou: the mask's shape is {mask.shape}, the true mask's {truth.shape}")
    union = np.count_nonzero(mask | truth)
    return np.count_nonzero(mask & truth) / union if union else 1.0


def boundary_f(
    mask: np.ndarray, truth: np.ndarray, tolerance: float = TOLERANCE, diagonal: float | None = None
) -> float:
    """Return the harmonic mean of the fractions of each outline near the other one, in [0, 1]; 1 if both are empty.

    Masks are bool [height, width]; `tolerance`, a fraction of `diagonal`, by default of theirs, is rounded up to whole
    pixels. The IoU of large masks hardly shows how well outlines agree.

    Raises:
        ValueError: shapes differ.
    """
    if mask.shape != truth.shape:
        raise ValueError(f"boundary_f: the mask's shape is {mask.shape}, the true mask's {truth.shape}")
    radius = math.ceil(tolerance * (diagonal or math.hypot(*truth.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))

    def near(line: np.ndarray, other: np.ndarray) -> float:
        return float(cv2.dilate(other.astype(np.uint8), disc)[line].mean()) if line.any() else 0.0

    ours, true = outline(mask), outline(truth)
    if not ours.any() and not true.any():
        return 1.0
    precision, recall = near(ours, true), near(true, ours)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def outline(mask: np.ndarray) -> np.ndarray:
    """Return the border pixels of a bool [height, width] mask, including those at the border of the image."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return mask & ~inner.astype(bool)


def to_original(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize a soft mask, float32 [S, S], bilinearly to [height, width] pixels, as in section 4.2."""
    image = Image.fromarray(np.asarray(mask, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def per_image_iou(masks: np.ndarray, evaluation: EvaluationCrops, threshold: float = 0.5) -> np.ndarray:
    """Return the IoU of each crop at its original resolution, float64 [N].

    Args:
        masks: soft masks of the crops in their order, float in [0, 1], [N, S, S] or [N, S, S, 1].
        evaluation: the crops with the true masks.
        threshold: value above which a pixel of the resized mask belongs to the object.

    Raises:
        ValueError: the numbers of masks and crops differ.
    """
    if len(masks) != len(evaluation.masks):
        raise ValueError(
            f"per_image_iou: {len(masks)} masks for {len(evaluation.masks)} evaluation crops with true masks"
        )
    masks = np.asarray(masks, np.float32).reshape(masks.shape[:3])
    pairs = zip(masks, evaluation.masks, strict=True)
    return np.array([iou(to_original(mask, *truth.shape) > threshold, truth) for mask, truth in pairs])


def ellipse_mask(box: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the ellipse that fills a box, relative [ymin, xmin, ymax, xmax], as a mask: bool [height, width]."""
    ymin, xmin, ymax, xmax = box
    rows, columns = (np.arange(height)[:, None] + 0.5) / height, (np.arange(width)[None, :] + 0.5) / width
    # Multiplied out: a box without area then gives an empty mask, not a division by zero.
    vertical = ((2 * rows - ymin - ymax) * (xmax - xmin)) ** 2
    horizontal = ((2 * columns - xmin - xmax) * (ymax - ymin)) ** 2
    return vertical + horizontal < ((ymax - ymin) * (xmax - xmin)) ** 2


BASELINES = {"box": box_to_mask, "ellipse": ellipse_mask}
"""Masks that need no training: lower bounds for a model."""


def baseline_iou(name: str, evaluation: EvaluationCrops) -> np.ndarray:
    """Return the IoU of a baseline, a key of BASELINES, on each crop at its original resolution: float64 [N]."""
    pairs = zip(evaluation.boxes, evaluation.masks, strict=True)
    return np.array([iou(BASELINES[name](box, *truth.shape), truth) for box, truth in pairs])
