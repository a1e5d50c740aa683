"""A photo with a red ball on grey gravel, and networks that know what a red ball is."""

import numpy as np

from seigan_tf.compose import geometry
from seigan_tf.utils.boxes import box_to_mask
from seigan_tf.utils.pixels import to_float

RED = (200, 30, 40)


class BallBackend:
    """Finds what is red, restores the mean colour of what is known, and enhances by making darker."""

    name = "ball"
    size = 32
    object_fraction = 100 / 128
    confine_mask = True
    outside_contrast = 1.0
    darker = 0.2

    def __init__(self):
        self.seen = []
        self.masks = []

    def segment(self, images, boxes):
        self.seen.append((images.copy(), boxes.copy()))
        images = _floats(images)
        masks = np.clip((images[..., :1] - images[..., 1:2]) * 1.5, 0, 1)
        return (masks * filled(boxes, self.size)).astype(np.float32)

    def inpaint(self, images, masks):
        self.masks.append(masks)
        images = _floats(images)
        known = (1 - masks) * np.ones_like(images)
        mean = (images * known).sum((1, 2), keepdims=True) / np.maximum(known.sum((1, 2), keepdims=True), 1)
        return (images * known + mean * (1 - known)).astype(np.float32)

    def enhance(self, images):
        return np.clip(_floats(images) - self.darker, -1, 1)


def gravel(width, height, seed=0):
    """Grey with grain: uint8 [height, width, 3]."""
    grain = np.random.default_rng(seed).normal(0, 12, (height, width, 1))
    return np.clip(128 + grain + np.zeros(3), 0, 255).astype(np.uint8)


def ball(width=300, height=240, centre=(150, 120), radius=40, seed=0):
    """The photo, and where the ball is: uint8 [height, width, 3] and bool [height, width]."""
    photo = gravel(width, height, seed)
    y, x = np.mgrid[:height, :width] + 0.5
    there = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2
    photo[there] = RED
    return photo, there


def box_of(centre=(150, 120), radius=40):
    return centre[0] - radius, centre[1] - radius, 2 * radius, 2 * radius


def filled(boxes, size):
    """Boxes [N, 4] as masks, float32 [N, size, size, 1]."""
    return box_to_mask(boxes, size, size)[..., None].astype(np.float32)


def enlarged(values, region, window):
    """A map of a region at the pixels of a window, in one piece."""
    return np.concatenate([strip for _, strip in geometry.strips(values, region, window)])


def _floats(images):
    return to_float(images) if images.dtype == np.uint8 else images
