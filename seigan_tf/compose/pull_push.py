"""Pull-push in NumPy and OpenCV (Gortler et al., The Lumigraph, SIGGRAPH 1996, 3.4): smooth maps from sparse values.

`networks/surroundings.py` has the same algorithm in keras.ops, for training. That one does not saturate weights, which
blurs what thin rims know; a test holds both to one reference.
"""

import cv2
import numpy as np


def pull_push(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Continue values that are known in some places smoothly to all others.

    Args:
        values: float32 [n, n, channels].
        weights: float32 [n, n] in [0, 1], 0 for unknown values; not 0 everywhere.

    Returns:
        float32 [n, n, channels].
    """
    weights = weights[..., None]
    levels = [(values * weights, weights)]
    while len(levels[-1][0]) > 1:  # pull: halve values and weights
        half = (-(-len(levels[-1][0]) // 2),) * 2
        values, weights = (
            cv2.resize(level, half, interpolation=cv2.INTER_AREA).reshape(*half, -1) for level in levels[-1]
        )
        # Saturation: a place counts in full as soon as a quarter of it is known.
        fuller = np.minimum(4 * weights, 1.0)
        levels.append((values * fuller / np.maximum(weights, 1e-6), fuller))
    result = levels[-1][0] / np.maximum(levels[-1][1], 1e-6)
    for values, weights in reversed(levels[:-1]):  # push: unknown values come from the coarser level
        result = cv2.resize(result, values.shape[:2], interpolation=cv2.INTER_LINEAR).reshape(values.shape)
        result = values + (1 - weights) * result
    return cv2.GaussianBlur(result, (0, 0), max(len(result) / 64, 0.5))
