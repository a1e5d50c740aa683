"""Which pixels show objects that stay while others are erased: each is that of the object with the highest mask."""

import numpy as np

from seigan_tf.compose.geometry import Window


def claim(highest: np.ndarray, staying: np.ndarray, window: Window, mask: np.ndarray, stays: bool) -> None:
    """Give an object the pixels where no mask of the objects before is higher; of equal masks the last one counts.

    Objects are given from the largest box to the smallest: a small one that lies in a large one has its own pixels.

    Args:
        highest, staying: uint8 [height, width] of the photo, changed in place and 0 at first: the highest mask, and the
            same where its object stays, otherwise 0.
        window: pixels of the photo.
        mask: the object's mask there, float32 in [0, 1].
        stays: whether the object stays.
    """
    values = np.rint(255 * mask).astype(np.uint8)
    own = values >= highest[window.of]
    highest[window.of][own] = values[own]
    staying[window.of][own] = values[own] * np.uint8(stays)
