"""Successes and failures of one model, picked by a rule: the best, the middle and the worst by IoU."""

from collections.abc import Sequence

import numpy as np
from keras import ops
from PIL import Image

from seigan_tf.cycle import widened
from seigan_tf.evaluation import pictures
from seigan_tf.evaluation.iou import to_original
from seigan_tf.evaluation.objects import EvaluationObject
from seigan_tf.evaluation.pictures import Picture
from seigan_tf.inference.tta import inpaint_tta
from seigan_tf.seigan import SEIGAN
from seigan_tf.supervised import Supervised
from seigan_tf.utils.pixels import to_uint8

COUNT = 8
"""Objects of each group, at most."""


def pick(iou: Sequence[float], count: int = COUNT) -> dict[str, list[int]]:
    """Which objects to show: "best" (the best first), "median" (around the middle) and "worst" (the worst first).

    Of equals the earlier one counts as worse. Of few objects each group has a third, though at least one.
    """
    order = np.argsort(iou, kind="stable").tolist()
    count = max(min(count, len(order) // 3), 1)
    middle = (len(order) - count) // 2
    return {"best": order[::-1][:count], "median": order[middle : middle + count], "worst": order[:count]}


def draw(
    model: SEIGAN | Supervised,
    groups: dict[str, Sequence[tuple[EvaluationObject, float]]],
    backgrounds: np.ndarray,
) -> Image.Image:
    """Of each group the photos with their boxes, the true masks and the model's masks with their IoU.

    Where there are backgrounds, of a SEIGAN also the photo without the object and the object on a background.

    Args:
        groups: by title, the objects and the IoU of each.
        backgrounds: uint8 [M, S, S, 3], perhaps none.
    """
    rows = []
    for title, pairs in groups.items():
        items = [item for item, _ in pairs]
        images, boxes = np.stack([item.image for item in items]), np.stack([item.box for item in items])
        soft = model.segment(images, boxes)
        masks = [to_original(mask, *item.truth.shape) > 0.5 for mask, item in zip(soft[..., 0], items, strict=True)]
        rows += [
            (f"{title}: photo", [Picture(pictures.photo(item.original, item.box)) for item in items]),
            ("true mask", [Picture(pictures.mask(item.truth)) for item in items]),
            (
                "mask",
                [
                    Picture(pictures.mask(mask), f"IoU {value:.3f}")
                    for mask, (_, value) in zip(masks, pairs, strict=True)
                ],
            ),
        ]
        if isinstance(model, SEIGAN) and len(backgrounds):
            onto = backgrounds[np.arange(len(items)) % len(backgrounds)]
            holes = ops.convert_to_numpy(widened(model.networks, soft))
            made = {
                "erased": inpaint_tta(model.inpaint, images, holes),
                "pasted": model.swap(images, boxes, onto)["composite"],
            }
            rows += [(row, [Picture(pictures.photo(image)) for image in to_uint8(made[row])]) for row in made]
    return pictures.sheet([], rows)
