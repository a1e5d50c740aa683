"""GrabCut from the box: the mask that OpenCV makes without any training (Rother et al., SIGGRAPH 2004)."""

import cv2
import numpy as np

ITERATIONS = 5


def grabcut_mask(image: np.ndarray, box: np.ndarray) -> np.ndarray:
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
    if inside.any() and not inside.all():
        cv2.setRNGSeed(0)  # its mixtures start from a random clustering
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), labels, None, *models, ITERATIONS, cv2.GC_INIT_WITH_MASK)
        inside = (labels == cv2.GC_PR_FGD) | (labels == cv2.GC_FGD)
    return inside
