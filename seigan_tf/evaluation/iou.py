"""Intersection over union at the resolution of the photograph (Table 1 of the paper)."""

import numpy as np
from PIL import Image

from seigan_tf.data.crop_set import EvaluationCrops


def iou(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of two boolean arrays of one shape; 1 where both are empty."""
    if mask.shape != truth.shape:
        raise ValueError(f"iou: the mask's shape is {mask.shape}, the true mask's {truth.shape}")
    union = np.count_nonzero(mask | truth)
    return np.count_nonzero(mask & truth) / union if union else 1.0


def to_original(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """A soft mask, float32 [S, S], resized bilinearly to [height, width] pixels, as in section 4.2."""
    image = Image.fromarray(np.asarray(mask, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def per_image_iou(masks: np.ndarray, evaluation: EvaluationCrops, threshold: float = 0.5) -> np.ndarray:
    """IoU of each crop at its original resolution.

    Args:
        masks: soft masks of the evaluation crops in their order, float in [0, 1], [N, S, S] or [N, S, S, 1].
        evaluation: the crops with the true masks.
        threshold: a pixel is the object's where the resized mask is above.

    Returns:
        float64 [N].
    """
    if len(masks) != len(evaluation.masks):
        raise ValueError(
            f"per_image_iou: {len(masks)} masks for {len(evaluation.masks)} evaluation crops with true masks"
        )
    masks = np.asarray(masks, np.float32).reshape(masks.shape[:3])
    pairs = zip(masks, evaluation.masks, strict=True)
    return np.array([iou(to_original(mask, *truth.shape) > threshold, truth) for mask, truth in pairs])
