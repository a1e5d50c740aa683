"""Realism of pastes: their kernel distance to real photographs of objects, before and after the enhancer."""

from collections.abc import Callable
from typing import Any

import numpy as np

from seigan_tf.evaluation.kid import kernel_distance, pair_terms
from seigan_tf.evaluation.vgg import mean_features
from seigan_tf.networks.vgg19 import VGG19Features
from seigan_tf.utils.pixels import to_uint8

FEWEST = 4
"""Least number of objects for a distance."""
BATCH = 32

Swap = Callable[[np.ndarray, np.ndarray, np.ndarray], dict[str, np.ndarray]]
"""Crops, boxes and backgrounds to images by name, as `inference.arrays.swap`."""


def measure_realism(
    swap: Swap, vgg: VGG19Features, images: np.ndarray, boxes: np.ndarray, backgrounds: np.ndarray
) -> dict[str, Any]:
    """Paste every object onto one background and compare the pastes with the objects' own photos.

    Args:
        swap: the model's first swap.
        vgg: the network of the features.
        images: object crops, uint8 [N, S, S, 3], N at least FEWEST.
        boxes: float32 [N, 4], relative.
        backgrounds: uint8 [M, S, S, 3], M at least 1, used in turn.

    Returns:
        {"count": N, "kid": {"coarse": {"distance", "error"}, "full": .., "background": .., "full_minus_coarse": ..}} as
        plain JSON values. "background" is the distance of the backgrounds, for comparison. The last is the effect of
        the enhancer; its own error is smaller because both pastes show the same objects.
    """
    onto = backgrounds[np.arange(len(images)) % len(backgrounds)]
    made: dict[str, list[np.ndarray]] = {"coarse": [], "full": [], "background": []}
    for start in range(0, len(images), BATCH):
        part = slice(start, start + BATCH)
        swapped = swap(images[part], boxes[part], onto[part])
        made["coarse"].append(mean_features(vgg, to_uint8(swapped["coarse"])))
        made["full"].append(mean_features(vgg, to_uint8(swapped["composite"])))
        made["background"].append(mean_features(vgg, onto[part]))
    real = mean_features(vgg, images)
    terms = {name: pair_terms(real, np.concatenate(parts)) for name, parts in made.items()}
    terms["full_minus_coarse"] = terms["full"] - terms["coarse"]
    return {"count": len(images), "kid": {name: kernel_distance(values)._asdict() for name, values in terms.items()}}
