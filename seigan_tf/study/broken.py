"""Pastes that nobody who looks takes for a photograph: the wrong half of an attention check."""

import numpy as np


def broken_paste(image: np.ndarray, box: np.ndarray, background: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The whole box of an object on another background, its colours inverted, upside down and off the centre.

    Args:
        image: uint8 [S, S, 3], the object's crop.
        box: [4], ymin, xmin, ymax, xmax relative to the crop.
        background: uint8 [S, S, 3].
        random: decides where it is pasted.

    Returns:
        uint8 [S, S, 3].
    """
    size = len(image)
    low, high = np.floor(np.asarray(box[:2]) * size).astype(int), np.ceil(np.asarray(box[2:]) * size).astype(int)
    low, high = np.clip(low, 0, size - 1), np.clip(high, 1, size)
    part = 255 - image[low[0] : high[0], low[1] : high[1]][::-1]
    height, width = part.shape[:2]
    top, left = (int(random.integers(0, size - side + 1)) for side in (height, width))
    result = background.copy()
    result[top : top + height, left : left + width] = part
    return result
