"""What the SavedModel's signatures compute of crops: as SEIGAN does, for batches of any number.

Images [N, S, S, 3] in [-1, 1], masks [N, S, S, 1] in [0, 1], boxes [N, 4] as relative [ymin, xmin, ymax, xmax]. The
files for phones have functions of their own (graphs.py), of one image and of such operations as phones run.
"""

from typing import Any

import tensorflow as tf

from seigan_tf import cycle
from seigan_tf.seigan import SEIGAN


def segment(model: SEIGAN, image, box):
    """The object's mask; as SEIGAN.segment."""
    return model.masks(image, box)


def inpaint(model: SEIGAN, image, mask):
    """The image restored where the mask is, which is not grown; as SEIGAN.inpaint."""
    return cycle.inpaint(model.trained.inpainter, model.networks, image, mask, cycle.fixed_noise(image))


def hole(model: SEIGAN, mask):
    """What to restore so that the object is gone: its mask, binarised and widened as README.md tells clients."""
    size = model.networks.size
    return cycle.widened(model.networks, tf.cast(mask > 0.5, mask.dtype), max(round(size / 32), 1))


def fill(model: SEIGAN, image, mask):
    """G_inp's picture itself, before any of the image is laid over it: what may be shown where the mask is."""
    return model.trained.inpainter(((1.0 - mask) * image, cycle.fixed_noise(image), mask))


def compose(model: SEIGAN, image, box, background) -> dict[str, Any]:
    """The first swap; as SEIGAN.swap.

    Returns:
        "mask" m, "coarse" m x + (1 - m) y, "composite" G_enh of it, "restored" the image without its object.
    """
    noise = dict.fromkeys(cycle.NOISE_NAMES, cycle.fixed_noise(image))
    # Not model.cycle, which would also ask VGG-19 for the features that only the losses read.
    passes = cycle.Cycle(model.trained, model.networks, image, box, background, noise, model.vgg)
    return {
        "mask": passes.mask,
        "coarse": passes.coarse,
        "composite": passes.composite,
        "restored": passes.background,
    }
