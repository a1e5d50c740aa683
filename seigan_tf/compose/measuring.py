"""What the way back to the photo's pixels gains: masks enlarged bilinearly against refined ones, on true masks."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from seigan_tf.compose import matting
from seigan_tf.compose.backends import Backend
from seigan_tf.data.crops import CropRegion
from seigan_tf.evaluation.boundary import boundary_f
from seigan_tf.evaluation.iou import iou, to_original
from seigan_tf.evaluation.objects import EvaluationObject

METHODS = ("network, bilinear", "mean with mirror image, bilinear", "refined")


class Scores(NamedTuple):
    """What each of METHODS reached on one object, at the resolution of the photo and threshold 0.5."""

    iou: dict[str, float]
    boundary: dict[str, float]
    """Boundary F-score."""


def measure(backend: Backend, objects: Iterable[EvaluationObject]) -> Iterator[Scores]:
    """Scores every object, in order.

    Args:
        backend: whose segmenter is measured.
        objects: with true masks, whose crops have the networks' size.
    """
    for item in objects:
        masks = dict(zip(METHODS, _masks(backend, item), strict=True))
        yield Scores(
            {name: iou(mask, item.truth) for name, mask in masks.items()},
            {name: boundary_f(mask, item.truth) for name, mask in masks.items()},
        )


def means(scores: Iterable[Scores]) -> dict[str, tuple[float, float]]:
    """Mean IoU and mean boundary F-score of each of METHODS."""
    scores = list(scores)
    return {
        name: (
            float(np.mean([row.iou[name] for row in scores])),
            float(np.mean([row.boundary[name] for row in scores])),
        )
        for name in METHODS
    }


def _masks(backend: Backend, item: EvaluationObject) -> list[np.ndarray]:
    side = len(item.original)
    top, left, bottom, right = (float(edge) * side for edge in item.box)
    region, box = CropRegion(0, 0, side), (left, top, right - left, bottom - top)
    plain = backend.segment(item.image[None], item.box[None])[0, ..., 0]
    mean, refined = (matting.matte_in(backend, item.original, region, box, refine) for refine in (False, True))
    whole = np.zeros((side, side), np.float32)
    whole[refined.window.of] = refined.mask(item.original)
    return [mask > 0.5 for mask in (to_original(plain, side, side), to_original(mean.low, side, side), whole)]
