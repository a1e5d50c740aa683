"""Structural similarity (Wang et al., "Image quality assessment", IEEE TIP 2004), pixel by pixel."""

import cv2
import numpy as np

WINDOW = 11
SIGMA = 1.5
"""Width and standard deviation of the Gaussian window in the publication."""
STABILISERS = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""C1 and C2, for values from 0 to 255."""


def ssim_map(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the similarity of the windows around each pixel, in [-1, 1], mean over the colours; borders are mirrored.

    Args:
        first, second: uint8 [height, width, 3].

    Returns:
        float64 [height, width].
    """
    a, b = first.astype(float), second.astype(float)
    mean_a, mean_b = _window_mean(a), _window_mean(b)
    variances = _window_mean(a * a) - mean_a**2 + _window_mean(b * b) - mean_b**2
    covariance = _window_mean(a * b) - mean_a * mean_b
    c1, c2 = STABILISERS
    similar = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return (similar / ((mean_a**2 + mean_b**2 + c1) * (variances + c2))).mean(axis=-1)


def _window_mean(image: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(image, (WINDOW, WINDOW), SIGMA, borderType=cv2.BORDER_REFLECT)
