"""The pictures of a study: of many random pastes those with the best scores of the object discriminator."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np

from seigan_tf.data.crop_set import Crops
from seigan_tf.inference import arrays
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.pixels import to_float, to_uint8

BATCH = 32


class Chosen(NamedTuple):
    """The pictures of one set, best first."""

    images: np.ndarray
    """uint8 [n, S, S, 3]."""
    scores: np.ndarray
    """float32 [n], as of `scores`."""
    mean_of_all: float
    """Mean score of all candidates."""


def draw_candidates(objects: int, backgrounds: int, count: int, random: np.random.Generator) -> np.ndarray:
    """Draw the indices of an object and of a background for each candidate: int [count, 2].

    All objects occur equally often, plus or minus one, and so do all backgrounds.
    """

    orders = [
        np.concatenate([random.permutation(length) for _ in range(math.ceil(count / length))])[:count]
        for length in (objects, backgrounds)
    ]
    return np.stack(orders, axis=1)


def choose(
    model: SEIGAN,
    kinds: Sequence[str],
    crops: Crops,
    candidates: np.ndarray,
    count: int,
    done: Callable[[int], None] = lambda number: None,
) -> dict[str, Chosen]:
    """Paste the candidates and, for each kind separately, keep the `count` pictures with the highest scores.

    Args:
        model: pastes with its averaged generators, if it has them, and with fixed noise.
        kinds: "coarse" (z) and "composite" (y1, enhanced).
        crops: objects and backgrounds at the model's size.
        candidates: int [n, 2], indices of an object and of a background.
        count: number of pictures to keep of each kind, at most n.
        done: called after each batch with its number of candidates.
    """
    best = {kind: (np.empty((0, *crops.objects.images.shape[1:]), np.uint8), np.empty(0, np.float32)) for kind in kinds}
    totals = dict.fromkeys(kinds, 0.0)
    for start in range(0, len(candidates), BATCH):
        part = candidates[start : start + BATCH]
        # Fill up the last batch: TensorFlow would compile everything again for another size.
        objects, backgrounds = np.resize(part, (BATCH, 2)).T
        images, boxes = crops.objects.images[objects], crops.objects.boxes[objects]
        made = paste(model, images, boxes, crops.backgrounds.images[backgrounds], enhanced="composite" in kinds)
        for kind in kinds:
            # Score the rounded pictures that assessors will see.
            images = to_uint8(made[kind])
            given = scores(model, images)[: len(part)]
            totals[kind] += float(given.sum())
            images, given = np.concatenate([best[kind][0], images[: len(part)]]), np.concatenate([best[kind][1], given])
            order = np.argsort(-given, kind="stable")[:count]
            best[kind] = images[order], given[order]
        done(len(part))
    return {kind: Chosen(*best[kind], totals[kind] / len(candidates)) for kind in kinds}


def paste(
    model: SEIGAN, images: np.ndarray, boxes: np.ndarray, backgrounds: np.ndarray, enhanced: bool
) -> dict[str, np.ndarray]:
    """Return the first swap, float32 [N, S, S, 3]: "coarse" z = m x + (1 - m) y; on demand "composite" G_enh(z)."""
    mask = arrays.segment(model, images, boxes, BATCH)
    if model.networks.hard_mask:
        mask = (mask > 0.5).astype(np.float32)
    coarse = mask * to_float(images) + (1.0 - mask) * to_float(backgrounds)
    return {"coarse": coarse} | ({"composite": arrays.enhance(model, coarse, BATCH)} if enhanced else {})


def scores(model: SEIGAN, images: np.ndarray) -> np.ndarray:
    """Return the mean over the patches of D_obj for uint8 images: float32 [N], 1 for real and 0 for fake."""
    parts = [
        keras.ops.convert_to_numpy(model.discriminators.object(to_float(images[start : start + BATCH])))
        for start in range(0, len(images), BATCH)
    ]
    return np.concatenate(parts).mean(axis=(1, 2, 3)).astype(np.float32)
