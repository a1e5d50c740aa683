"""Masks that reach outside a box that was drawn too tight."""

import cv2
import numpy as np

from seigan_tf.utils.boxes import box_to_mask

RIM = 0.01
"""Width of the soft rim around a grown part, as a fraction of the crop's side."""


def connected(mask: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return a mask without the parts outside a box that do not hang together with the object inside it.

    Args:
        mask: float32 [side, side] in [0, 1]; the object is where it is more than 1/2.
        box: [ymin, xmin, ymax, xmax], relative to the crop.

    Returns:
        float32 [side, side]; the same inside the box.
    """
    inside, object_ = box_to_mask(box, *mask.shape), mask > 0.5
    _, parts = cv2.connectedComponents(object_.astype(np.uint8))
    kept = object_ & np.isin(parts, np.unique(parts[inside & object_]))
    rim = np.ones((2 * max(round(RIM * len(mask)), 1) + 1,) * 2, np.uint8)
    return mask * (inside | (cv2.dilate(kept.astype(np.uint8), rim) > 0))
