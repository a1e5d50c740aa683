"""Boxes relative to their image: [ymin, xmin, ymax, xmax], each in [0, 1]."""

import numpy as np


def flip_boxes(boxes: np.ndarray) -> np.ndarray:
    """Return boxes [..., 4] of images mirrored left to right."""
    ymin, xmin, ymax, xmax = np.moveaxis(boxes, -1, 0)
    return np.stack([ymin, 1 - xmax, ymax, 1 - xmin], axis=-1)


def box_to_mask(boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return boxes [..., 4] as masks: bool [..., height, width], True at pixels whose centre lies in the box.

    Edges are included. This is `losses.boxes.box_to_mask` in NumPy; a test compares the two.
    """
    edges = np.asarray(boxes, np.float32)[..., None]
    top, left, bottom, right = np.moveaxis(edges, -2, 0)
    rows, columns = ((np.arange(count, dtype=np.float32) + 0.5) / count for count in (height, width))
    inside_rows, inside_columns = (rows >= top) & (rows <= bottom), (columns >= left) & (columns <= right)
    return inside_rows[..., :, None] & inside_columns[..., None, :]


def fade_outside(images: np.ndarray, boxes: np.ndarray, contrast: float) -> np.ndarray:
    """Return crops with less contrast outside their boxes, as `losses.boxes.fade_outside`.

    Args:
        images: [N, S, S, 3], float32 in [-1, 1].
        boxes: [N, 4].
        contrast: 0 to 1; 1 returns `images`.
    """
    if contrast == 1:
        return images
    inside = box_to_mask(boxes, *images.shape[1:3])[..., None]
    return images * np.where(inside, np.float32(1), np.float32(contrast))
