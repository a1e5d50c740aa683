"""Intersection over union (IoU) of masks at the resolution of the photograph (Table 1 of the paper)."""

import numpy as np
from PIL import Image

from seigan_tf.data.crop_set import EvaluationCrops


def iou(mask: np.ndarray, truth: np.ndarray) -> float:
    """Return the IoU of two boolean arrays of one shape, 1 if both are empty. Raises ValueError if shapes differ."""
    if mask.shape != truth.shape:
        raise ValueError(f"iou: the mask's shape is {mask.shape}, the true mask's {truth.shape}")
    union = np.count_nonzero(mask | truth)
    return np.count_nonzero(mask & truth) / union if union else 1.0


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
