"""Boundary F-score: agreement of outlines, which hardly changes the IoU of large masks."""

import math

import cv2
import numpy as np

TOLERANCE = 0.008
"""Distance within which two outlines agree, as a fraction of the diagonal (Perazzi et al., "A benchmark dataset and
evaluation methodology for video object segmentation", CVPR 2016, and its published code)."""


def boundary_f(mask: np.ndarray, truth: np.ndarray, tolerance: float = TOLERANCE) -> float:
    """Return the harmonic mean of the fractions of each outline near the other one, in [0, 1]; 1 if both are empty.

    Args:
        mask, truth: bool [height, width].
        tolerance: distance as a fraction of the diagonal, rounded up to whole pixels.

    Raises:
        ValueError: shapes differ.
    """
    if mask.shape != truth.shape:
        raise ValueError(f"boundary_f: the mask's shape is {mask.shape}, the true mask's {truth.shape}")
    radius = math.ceil(tolerance * math.hypot(*truth.shape))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    ours, true = outline(mask), outline(truth)
    if not ours.any() and not true.any():
        return 1.0
    precision, recall = _near(ours, true, disc), _near(true, ours, disc)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def outline(mask: np.ndarray) -> np.ndarray:
    """Return the border pixels of a bool [height, width] mask, including those at the border of the image."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return mask & ~inner.astype(bool)


def _near(line: np.ndarray, other: np.ndarray, disc: np.ndarray) -> float:
    """Return the fraction of `line` within the disc's radius of `other`."""
    return float(cv2.dilate(other.astype(np.uint8), disc)[line].mean()) if line.any() else 0.0
