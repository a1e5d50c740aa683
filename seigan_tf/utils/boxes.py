"""Boxes relative to their image: [ymin, xmin, ymax, xmax], each in [0, 1]."""

import numpy as np


def flip_boxes(boxes: np.ndarray) -> np.ndarray:
    """Boxes [..., 4] after their images are mirrored left to right."""
    ymin, xmin, ymax, xmax = np.moveaxis(boxes, -1, 0)
    return np.stack([ymin, 1 - xmax, ymax, 1 - xmin], axis=-1)
