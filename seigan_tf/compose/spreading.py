"""Continues what is known in some places of a map to all others."""

import cv2
import numpy as np


def spread(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Values known in some places, smoothly continued to all: pull-push (Gortler et al., SIGGRAPH 1996, 3.4).

    Args:
        values: float32 [n, n, channels].
        weights: float32 [n, n] in [0, 1], 0 where the value is not known; not 0 everywhere.

    Returns:
        float32 [n, n, channels].
    """
    weights = weights[..., None]
    levels = [(values * weights, weights)]
    while len(levels[-1][0]) > 1:
        half = (-(-len(levels[-1][0]) // 2),) * 2
        values, weights = (
            cv2.resize(level, half, interpolation=cv2.INTER_AREA).reshape(*half, -1) for level in levels[-1]
        )
        # A place counts in full as soon as a good part of it is known.
        fuller = np.minimum(4 * weights, 1.0)
        levels.append((values * fuller / np.maximum(weights, 1e-6), fuller))
    result = levels[-1][0] / np.maximum(levels[-1][1], 1e-6)
    for values, weights in reversed(levels[:-1]):
        result = cv2.resize(result, values.shape[:2], interpolation=cv2.INTER_LINEAR).reshape(values.shape)
        result = values + (1 - weights) * result
    return cv2.GaussianBlur(result, (0, 0), max(len(result) / 64, 0.5))
