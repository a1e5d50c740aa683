"""A sheet of successes and failures of one model: the best, the middle and the worst masks by IoU."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from keras import ops
from PIL import Image

from seigan_tf.cycle import dilate_mask
from seigan_tf.evaluation import pictures
from seigan_tf.evaluation.agreement import to_original
from seigan_tf.evaluation.crops import EvaluationObject
from seigan_tf.evaluation.masks import soft_masks
from seigan_tf.inference import arrays
from seigan_tf.inference.tta import inpaint_tta
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.pixels import to_uint8

COUNT = 8
"""Largest number of objects in each group."""


def pick_examples(iou: Sequence[float], count: int = COUNT) -> dict[str, list[int]]:
    """Return the indices of the objects to show: "best" (best first), "median" and "worst" (worst first).

    Among equal values the earlier one counts as worse. Each group has at most a third of the objects, but at least one.
    """
    order = np.argsort(iou, kind="stable").tolist()
    count = max(min(count, len(order) // 3), 1)
    middle = (len(order) - count) // 2
    return {"best": order[::-1][:count], "median": order[middle : middle + count], "worst": order[:count]}


def draw_examples(
    model: SEIGAN, groups: Mapping[str, Sequence[tuple[EvaluationObject, float]]], backgrounds: np.ndarray
) -> Image.Image:
    """Draw for each group the photos with boxes, the true masks and the model's masks with their IoU.

    With backgrounds, uint8 [M, S, S, 3], the sheet also shows each photo without its object, and the object on a
    background. `groups` maps titles to objects with the IoU of each.
    """
    rows = []
    for title, pairs in groups.items():
        items = [item for item, _ in pairs]
        images, boxes = np.stack([item.image for item in items]), np.stack([item.box for item in items])
        soft = soft_masks(partial(arrays.segment, model), items)
        masks = [to_original(mask, *item.truth.shape) > 0.5 for mask, item in zip(soft[..., 0], items, strict=True)]
        rows += [
            (f"{title}: photo", [pictures.photo(item.original, item.box) for item in items]),
            ("true mask", [pictures.mask(item.truth) for item in items]),
            ("mask", [pictures.mask(mask, f"IoU {iou:.3f}") for mask, (_, iou) in zip(masks, pairs, strict=True)]),
        ]
        if len(backgrounds):
            onto = backgrounds[np.arange(len(items)) % len(backgrounds)]
            holes = ops.convert_to_numpy(dilate_mask(model.networks, soft))
            made = {
                "erased": inpaint_tta(partial(arrays.inpaint, model), images, holes),
                "pasted": arrays.swap(model, images, boxes, onto)["composite"],
            }
            rows += [(row, [pictures.photo(image) for image in to_uint8(made[row])]) for row in made]
    return pictures.sheet([], rows)
