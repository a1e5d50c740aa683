"""The guided filter with a colour photo as guide, in its fast form (He, Sun, Tang, TPAMI 2013; He, Sun, 2015).

In every window the output is an affine function of the guide's colours. The functions are found on a small picture;
applied to the large one, they carry its edges into the output.
"""

import cv2
import numpy as np


def affine(guide: np.ndarray, values: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """Fit affine functions of the guide's colours to `values` around each pixel, by least squares.

    Args:
        guide: float32 [height, width, 3] in [0, 1]; `values` are float32 [height, width].
        radius: radius of the windows in pixels.
        epsilon: variance of the guide, in each colour, below which there is no edge.

    Returns:
        float32 [height, width, 4]: weights of the three colours, and a constant.
    """
    mean_guide, mean = _mean(guide, radius), _mean(values, radius)
    covariance = _mean(guide * values[..., None], radius) - mean_guide * mean[..., None]
    products = _mean((guide[..., :, None] * guide[..., None, :]).reshape(*values.shape, 9), radius)
    variance = products.reshape(*values.shape, 3, 3) - mean_guide[..., :, None] * mean_guide[..., None, :]
    # In float64, since the matrix of a guide of one colour is nearly singular.
    variance = variance.astype(np.float64) + epsilon * np.eye(3)
    weights = np.linalg.solve(variance, covariance[..., None].astype(np.float64))[..., 0].astype(np.float32)
    constant = mean - (weights * mean_guide).sum(-1)
    return _mean(np.dstack([weights, constant]), radius)


def apply(functions: np.ndarray, guide: np.ndarray) -> np.ndarray:
    """Apply affine functions [..., 4] to colours [..., 3]: float32 [...], clipped to [0, 1]."""
    result = functions[..., 3] + functions[..., 0] * guide[..., 0]
    result += functions[..., 1] * guide[..., 1]
    result += functions[..., 2] * guide[..., 2]
    return np.clip(result, 0.0, 1.0, out=result)


def _mean(values: np.ndarray, radius: int) -> np.ndarray:
    return cv2.blur(values, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT)
