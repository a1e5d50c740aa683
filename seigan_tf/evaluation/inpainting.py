"""Errors of filled holes with known truth, for the inpainter and for OpenCV's methods without training."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from PIL import Image

from seigan_tf.evaluation.vgg import hole_distances
from seigan_tf.inference.tta import inpaint_tta
from seigan_tf.networks.vgg19 import VGG19Features
from seigan_tf.utils.pixels import to_uint8

RADIUS = 3
"""Radius of OpenCV's neighbourhood in pixels, as in its own example."""
OPENCV = {"telea": cv2.INPAINT_TELEA, "navier_stokes": cv2.INPAINT_NS}
TTA = "model_tta"
"""The model with the averaging of `erase`."""
METHODS = ("model", TTA, *OPENCV)
"""The rows of the table."""
ROUNDING = 1 / (12 * 255**2)
"""Mean squared error of rounding to uint8, the least error that counts: PSNR is at most 58.9 dB."""
WINDOW, SIGMA = 11, 1.5
"""Width and standard deviation of the Gaussian window of SSIM in the publication."""
STABILISERS = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""C1 and C2 of SSIM, for values from 0 to 255."""

Inpaint = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Images uint8 [N, S, S, 3] and masks [N, S, S, 1] to restored images in [-1, 1], as `inference.arrays.inpaint`."""


def object_hole(mask: np.ndarray, size: int) -> np.ndarray:
    """Return an object's true mask, bool [side, side], as a hole in its crop: bool [size, size].

    The hole has the pixels that the mask covers by at least half or, if there is none, those that it covers most.
    """
    covered = np.asarray(Image.fromarray(mask.astype(np.float32)).resize((size, size), Image.Resampling.BOX))
    return (covered > 0) & (covered >= min(0.5, covered.max()))


def draw_holes(holes: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw non-empty holes about equally often, and mirror them with probability 1/2.

    `holes` are bool [K, S, S], at least one of them not empty; the result is bool [count, S, S].
    """
    holes = holes[holes.any(axis=(1, 2))]
    generator = np.random.default_rng(seed)
    chosen = np.concatenate([generator.permutation(len(holes)) for _ in range(-(-count // len(holes)))])[:count]
    mirrored = generator.random(count) < 0.5
    return np.where(mirrored[:, None, None], holes[chosen][:, :, ::-1], holes[chosen])


def measure_inpainting(
    inpaint: Inpaint, truth: np.ndarray, holes: np.ndarray, vgg: VGG19Features | None = None
) -> dict[str, Any]:
    """Fill the holes of `truth`, uint8 [N, S, S, 3], with each of METHODS and compare with it.

    Holes are bool [N, S, S], none of them empty. Without `vgg` the feature distance is left out.

    Returns:
        {"count": N, "l1": {method: mean}, "psnr": .., "ssim": .., "vgg": ..} as plain JSON values.
    """
    holed = np.where(holes[..., None], np.uint8(0), truth)
    masks = holes[..., None].astype(np.float32)
    filled = {"model": to_uint8(inpaint(holed, masks)), TTA: to_uint8(inpaint_tta(inpaint, holed, masks))}
    for name in OPENCV:
        filled[name] = np.stack([opencv_fill(name, *pair) for pair in zip(holed, holes, strict=True)])
    scores = {name: [hole_scores(*each) for each in zip(filled[name], truth, holes, strict=True)] for name in METHODS}
    result = {
        kind: {name: float(np.mean([score[kind] for score in scores[name]])) for name in METHODS}
        for kind in ("l1", "psnr", "ssim")
    }
    if vgg is not None:
        # Take the surroundings from the truth: features at the edge of the hole then have the same context.
        seen = {name: np.where(holes[..., None], images, truth) for name, images in filled.items()}
        result["vgg"] = {name: float(hole_distances(vgg, seen[name], truth, holes).mean()) for name in METHODS}
    return {"count": len(truth), **result}


def hole_scores(filled: np.ndarray, truth: np.ndarray, hole: np.ndarray) -> dict[str, float]:
    """Compare uint8 [height, width, 3] images inside a bool [height, width] hole.

    Returns:
        "l1", the mean absolute difference of values in [0, 1]; "psnr" in dB; "ssim" of the windows with their centre in
        the hole.

    Raises:
        ValueError: the hole is empty, or shapes differ.
    """
    if filled.shape != truth.shape or hole.shape != truth.shape[:2]:
        raise ValueError(f"hole_scores: shapes {filled.shape}, {truth.shape} and hole {hole.shape} do not fit")
    if not hole.any():
        raise ValueError("hole_scores: the hole is empty, expected at least one pixel")
    difference = (filled[hole].astype(float) - truth[hole]) / 255
    error = max(float(np.mean(difference**2)), ROUNDING)
    seen = np.where(hole[..., None], filled, truth)
    ssim = ssim_map(seen, truth)[hole].mean()
    return {"l1": float(np.abs(difference).mean()), "psnr": float(-10 * np.log10(error)), "ssim": float(ssim)}


def ssim_map(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the structural similarity (SSIM) of two uint8 [height, width, 3] at each pixel: float64 [height, width].

    It is that of the windows around the pixel, in [-1, 1], mean over the colours; borders are mirrored.
    Source: Wang et al., "Image quality assessment", IEEE TIP 2004.
    """

    def mean(image: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(image, (WINDOW, WINDOW), SIGMA, borderType=cv2.BORDER_REFLECT)

    a, b = first.astype(float), second.astype(float)
    mean_a, mean_b = mean(a), mean(b)
    variances = mean(a * a) - mean_a**2 + mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    c1, c2 = STABILISERS
    similar = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return (similar / ((mean_a**2 + mean_b**2 + c1) * (variances + c2))).mean(axis=-1)


def opencv_fill(name: str, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Fill a hole, bool [height, width], in a uint8 [height, width, 3] image with one of OPENCV's methods."""
    return cv2.inpaint(image, hole.astype(np.uint8), RADIUS, OPENCV[name])
