"""How well a hole is filled, where the truth is known; and the fillings of OpenCV to compare with."""

from typing import NamedTuple

import cv2
import numpy as np
from skimage.metrics import structural_similarity

RADIUS = 3
"""Of the neighbourhood that OpenCV's methods look at, in pixels; the value of its own example."""
OPENCV = {"telea": cv2.INPAINT_TELEA, "navier_stokes": cv2.INPAINT_NS}


class HoleScores(NamedTuple):
    """Differences inside the hole alone."""

    l1: float
    """Mean absolute difference, of [0, 1]."""
    psnr: float
    """In dB; infinite where nothing differs."""
    ssim: float
    """Structural similarity (Wang et al., 2004), its windows centred in the hole."""


def hole_scores(filled: np.ndarray, truth: np.ndarray, hole: np.ndarray) -> HoleScores:
    """Compares uint8 [height, width, 3] images inside a bool [height, width] hole.

    Raises:
        ValueError: the hole is empty, or shapes differ.
    """
    if filled.shape != truth.shape or hole.shape != truth.shape[:2]:
        raise ValueError(f"hole_scores: shapes {filled.shape}, {truth.shape} and hole {hole.shape} do not fit")
    if not hole.any():
        raise ValueError("hole_scores: the hole is empty, expected at least one pixel")
    difference = (filled[hole].astype(float) - truth[hole]) / 255
    error = float(np.mean(difference**2))
    _, similarity = structural_similarity(filled, truth, channel_axis=-1, full=True)
    return HoleScores(
        l1=float(np.abs(difference).mean()),
        psnr=-10 * np.log10(error) if error else float("inf"),
        ssim=float(similarity[hole].mean()),
    )


def opencv_fill(name: str, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The hole filled by one of OPENCV's methods: uint8 [height, width, 3] in and out, hole bool [height, width]."""
    return cv2.inpaint(image, hole.astype(np.uint8), RADIUS, OPENCV[name])
