"""GrabCut: masks from colour models of object and background (Rother et al., SIGGRAPH 2004), by OpenCV."""

import cv2
import numpy as np

ITERATIONS = 5
"""Number of iterations from a box alone."""
SURE = 0.9
"""Mask value above which pixels are certainly object, and below 1 - SURE background; colour decides between."""
NEEDED = 8
"""Least number of pixels of the object, and of the background, for the colour models."""


def from_box(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return an object's mask by colour models of the pixels in a box and of those around it.

    Args:
        image: uint8 [height, width, 3] RGB.
        box: [ymin, xmin, ymax, xmax], relative to the image.

    Returns:
        bool [height, width]; the filled box if it has no pixels or all of them.
    """
    height, width = image.shape[:2]
    top, left, bottom, right = np.round(np.asarray(box) * [height, width, height, width]).astype(int)
    labels = np.full((height, width), cv2.GC_BGD, np.uint8)
    labels[max(top, 0) : bottom, max(left, 0) : right] = cv2.GC_PR_FGD
    box_mask = labels == cv2.GC_PR_FGD
    return _grabcut(image, labels, ITERATIONS) if box_mask.any() and not box_mask.all() else box_mask


def from_mask(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a soft mask after its uncertain pixels are decided by colour.

    Args:
        image: uint8 [height, width, 3] RGB.
        mask: float32 [height, width] in [0, 1].

    Returns:
        float32 [height, width], 0 or 1; `mask` itself if object or background have fewer than NEEDED pixels.
    """
    labels = np.where(mask > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[mask > SURE], labels[mask < 1 - SURE] = cv2.GC_FGD, cv2.GC_BGD
    objects = np.count_nonzero(mask > 0.5)
    if min(objects, mask.size - objects) < NEEDED:
        return mask
    return _grabcut(image, labels, iterations=1).astype(np.float32)


def _grabcut(image: np.ndarray, labels: np.ndarray, iterations: int) -> np.ndarray:
    """Return the object that OpenCV finds from `labels`, which it changes: bool [height, width]."""
    cv2.setRNGSeed(0)  # its mixtures start from a random clustering
    background, foreground, no_box = np.zeros((1, 65)), np.zeros((1, 65)), (0, 0, 0, 0)
    image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    cv2.grabCut(image, labels, no_box, background, foreground, iterations, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
