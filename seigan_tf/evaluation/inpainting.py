"""How well holes are filled where the truth is known: the inpainter, and what OpenCV does without any training."""

from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image

from seigan_tf.evaluation import deep
from seigan_tf.evaluation.ssim import ssim_map
from seigan_tf.inference.tta import inpaint_tta
from seigan_tf.networks.vgg19 import VGG19Features
from seigan_tf.utils.pixels import to_uint8

RADIUS = 3
"""Of the neighbourhood that OpenCV's methods look at, in pixels; the value of its own example."""
OPENCV = {"telea": cv2.INPAINT_TELEA, "navier_stokes": cv2.INPAINT_NS}
EIGHT_WAYS = "model_eight_ways"
"""The model as `erase` uses it."""
METHODS = ("model", EIGHT_WAYS, *OPENCV)
"""In the order of the table."""
ROUNDING = 1 / (12 * 255**2)
"""Mean squared error of rounding to uint8: no smaller one is told, so that PSNR is finite (at most 58.9 dB)."""

Inpaint = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Images uint8 [N, S, S, 3] and masks [N, S, S, 1] to restored images in [-1, 1], as SEIGAN.inpaint."""


class HoleScores(NamedTuple):
    """Differences inside the hole alone."""

    l1: float
    """Mean absolute difference, of [0, 1]."""
    psnr: float
    """In dB."""
    ssim: float
    """Structural similarity, its windows centred in the hole."""


def object_hole(mask: np.ndarray, size: int) -> np.ndarray:
    """An object's true mask, bool [side, side] of any side, as a hole in its crop: bool [size, size].

    Where it covers half of no pixel the hole is the pixels that it covers most.
    """
    covered = np.asarray(Image.fromarray(mask.astype(np.float32)).resize((size, size), Image.Resampling.BOX))
    return (covered > 0) & (covered >= min(0.5, covered.max()))


def draw_holes(holes: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draws holes that are not empty, each as often as another, every second one mirrored.

    Args:
        holes: bool [K, S, S], at least one of them not empty.

    Returns:
        bool [count, S, S].
    """
    holes = holes[holes.any(axis=(1, 2))]
    generator = np.random.default_rng(seed)
    chosen = np.concatenate([generator.permutation(len(holes)) for _ in range(-(-count // len(holes)))])[:count]
    mirrored = generator.random(count) < 0.5
    return np.where(mirrored[:, None, None], holes[chosen][:, :, ::-1], holes[chosen])


def measure(inpaint: Inpaint, truth: np.ndarray, holes: np.ndarray, vgg: VGG19Features | None = None) -> dict[str, Any]:
    """Fills the holes with each of METHODS.

    Args:
        truth: uint8 [N, S, S, 3].
        holes: bool [N, S, S], none of them empty.
        vgg: None leaves out the distance of its features.

    Returns:
        {"count": N, "l1": {method: mean}, "psnr": .., "ssim": .., "vgg": ..} as plain JSON values.
    """
    holed = np.where(holes[..., None], np.uint8(0), truth)
    masks = holes[..., None].astype(np.float32)
    filled = {
        "model": to_uint8(inpaint(holed, masks)),
        EIGHT_WAYS: to_uint8(inpaint_tta(inpaint, holed, masks)),
    }
    for name in OPENCV:
        filled[name] = np.stack([opencv_fill(name, *pair) for pair in zip(holed, holes, strict=True)])
    scores = {name: [hole_scores(*each) for each in zip(filled[name], truth, holes, strict=True)] for name in METHODS}
    result = {
        kind: {name: float(np.mean([getattr(score, kind) for score in scores[name]])) for name in METHODS}
        for kind in HoleScores._fields
    }
    if vgg is not None:
        # What lies around the hole is the truth's in all, so that features at its edge see the same surroundings.
        seen = {name: np.where(holes[..., None], images, truth) for name, images in filled.items()}
        result["vgg"] = {name: float(deep.hole_distances(vgg, seen[name], truth, holes).mean()) for name in METHODS}
    return {"count": len(truth), **result}


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
    error = max(float(np.mean(difference**2)), ROUNDING)
    seen = np.where(hole[..., None], filled, truth)
    return HoleScores(
        l1=float(np.abs(difference).mean()),
        psnr=float(-10 * np.log10(error)),
        ssim=float(ssim_map(seen, truth)[hole].mean()),
    )


def opencv_fill(name: str, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The hole filled by one of OPENCV's methods: uint8 [height, width, 3] in and out, hole bool [height, width]."""
    return cv2.inpaint(image, hole.astype(np.uint8), RADIUS, OPENCV[name])
