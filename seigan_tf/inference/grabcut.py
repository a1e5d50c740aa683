"""GrabCut: the mask that colour models of object and background make (Rother et al., SIGGRAPH 2004), by OpenCV."""

import cv2
import numpy as np

ITERATIONS = 5
"""From the box, where nothing else is known."""
SURE = 0.9
"""A pixel is the object's for sure where a mask is above it, the background's below 1 - SURE; in between colour
decides."""
NEEDED = 8
"""Pixels of the object, and of the background, that colours can be learned from."""


def from_box(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The object's mask by colour models of inside and outside the box.

    Args:
        image: uint8 [height, width, 3] RGB.
        box: [ymin, xmin, ymax, xmax], relative to the image.

    Returns:
        bool [height, width]; the filled box where nothing of it lies outside or inside, so that there is nothing to
        learn from.
    """
    height, width = image.shape[:2]
    top, left, bottom, right = np.round(np.asarray(box) * [height, width, height, width]).astype(int)
    labels = np.full((height, width), cv2.GC_BGD, np.uint8)
    labels[max(top, 0) : bottom, max(left, 0) : right] = cv2.GC_PR_FGD
    inside = labels == cv2.GC_PR_FGD
    return _decided(image, labels, ITERATIONS) if inside.any() and not inside.all() else inside


def from_mask(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A soft mask, decided by colour where it is in doubt.

    Args:
        image: uint8 [height, width, 3] RGB.
        mask: float32 [height, width] in [0, 1]; it is returned where there is too little to learn colours from.

    Returns:
        float32 [height, width], 0 or 1 where it was decided.
    """
    labels = np.where(mask > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[mask > SURE], labels[mask < 1 - SURE] = cv2.GC_FGD, cv2.GC_BGD
    objects = np.count_nonzero(mask > 0.5)
    if min(objects, mask.size - objects) < NEEDED:
        return mask
    return _decided(image, labels, iterations=1).astype(np.float32)


def _decided(image: np.ndarray, labels: np.ndarray, iterations: int) -> np.ndarray:
    """Where OpenCV finds the object, from labels that it changes: bool [height, width]."""
    cv2.setRNGSeed(0)  # its mixtures start from a random clustering
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), labels, None, *models, iterations, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
