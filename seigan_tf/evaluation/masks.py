"""Scores of masks, of the model and of baselines without training, on the same objects (Table 1 of the paper)."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seigan_tf.config import DataConfig
from seigan_tf.data.planning.report import Tally
from seigan_tf.evaluation.agreement import BASELINES, boundary_f, iou, to_original
from seigan_tf.evaluation.crops import EvaluationObject, split_objects
from seigan_tf.inference import grabcut
from seigan_tf.inference.growing import connected
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.boxes import box_to_mask
from seigan_tf.utils.progress import Progress

MODEL = "model"
METHODS = (MODEL, *BASELINES, "grabcut", "grabcut_or_box")
"""The rows of the table."""
BATCH = 32
FEWEST = 5
"""Least number of objects of a class that has means of its own."""
NOTHING = 0.05
"""Fraction of the box below which GrabCut's object counts as not found."""

Segment = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Images uint8 [N, S, S, 3] and boxes [N, 4] to soft masks [N, S, S, 1], as `inference.arrays.segment`."""


class ObjectScores(NamedTuple):
    """IoU and boundary F-score of each of METHODS on one object."""

    photo: str
    id: int
    category: str
    iou: dict[str, float]
    boundary: dict[str, float]


def measure_masks(segment: Segment, objects: Iterable[EvaluationObject]) -> Iterator[ObjectScores]:
    """Yield the scores of every object at its original resolution, in order; BATCH objects are in memory at a time.

    Parts of an object outside its crop count as missed. Pixels that do not count are left out of the IoU; boundaries
    are compared as if they did.
    """
    remaining = iter(objects)
    while batch := list(islice(remaining, BATCH)):
        for item, soft in zip(batch, soft_masks(segment, batch), strict=True):
            masks = {MODEL: to_original(soft[..., 0], *item.truth.shape) > 0.5} | grabcut_masks(item)
            masks |= {name: draw(item.box, *item.truth.shape) for name, draw in BASELINES.items()}
            masks = {name: item.framed(mask) for name, mask in masks.items()}
            counted = True if item.ignored is None else ~item.ignored
            yield ObjectScores(
                item.photo,
                item.id,
                item.category,
                {name: iou(masks[name] & counted, item.whole & counted) for name in METHODS},
                {name: boundary_f(masks[name], item.whole, diagonal=item.diagonal) for name in METHODS},
            )


def soft_masks(segment: Segment, items: Sequence[EvaluationObject]) -> np.ndarray:
    """Return the model's masks of the objects' crops, float32 [N, S, S, 1]."""
    soft = segment(np.stack([item.image for item in items]), np.stack([item.limits for item in items]))
    may_grow = [not np.array_equal(item.box, item.limits) for item in items]
    return np.stack(
        [
            connected(mask[..., 0], item.box)[..., None] if grows else mask
            for mask, item, grows in zip(soft, items, may_grow, strict=True)
        ]
    )


def grabcut_masks(item: EvaluationObject) -> dict[str, np.ndarray]:
    """Return GrabCut's mask and the stronger "grabcut_or_box", which is the filled box if GrabCut finds NOTHING.

    On photographs of cats that was a fifth of the cases.
    """
    mask, box = grabcut.from_box(item.original, item.box), box_to_mask(item.box, *item.truth.shape)
    return {"grabcut": mask, "grabcut_or_box": mask if mask.sum() >= NOTHING * box.sum() else box}


def grabcut_iou(data: DataConfig, progress: Progress | None = None) -> dict[str, float]:
    """Return the mean IoU of both GrabCut methods on the validation objects at original resolution, by method.

    Without photographs the result is empty, as the original resolution is unknown; errors as `split_objects`.
    """
    if not data.reads_annotations:
        return {}
    scores: dict[str, list[float]] = {}
    for item in split_objects(data, "val", 16, Tally(data.max_bad), progress):
        for name, mask in grabcut_masks(item).items():
            scores.setdefault(name, []).append(iou(mask, item.truth))
    return {name: float(np.mean(values)) for name, values in scores.items()}


def mask_means(scores: Sequence[ObjectScores]) -> dict[str, Any]:
    """Return {"count", "iou": {method: mean}, "boundary": {method: mean}} as plain JSON values."""
    means = {
        measured: {name: float(np.mean([getattr(row, measured)[name] for row in scores])) for name in METHODS}
        for measured in ("iou", "boundary")
    }
    return {"count": len(scores), **means}


def class_means(scores: Sequence[ObjectScores]) -> dict[str, dict[str, Any]]:
    """Return `mask_means` by the name of the class, for classes of at least FEWEST objects, the best IoU first."""
    classes: dict[str, list[ObjectScores]] = {}
    for row in scores:
        classes.setdefault(row.category, []).append(row)
    means = {name: mask_means(rows) for name, rows in sorted(classes.items()) if len(rows) >= FEWEST}
    return dict(sorted(means.items(), key=lambda item: -item[1]["iou"][MODEL]))


def write_scores(scores: Sequence[ObjectScores], path: Path) -> None:
    """Write a CSV file with one row per object: photo, id, class, iou_METHOD ..., boundary_METHOD ..."""
    columns = [(measured, name) for measured in ("iou", "boundary") for name in METHODS]
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["photo", "id", "class", *(f"{measured}_{name}" for measured, name in columns)])
        for row in scores:
            values = (f"{getattr(row, kind)[name]:.6f}" for kind, name in columns)
            writer.writerow([row.photo, row.id, row.category, *values])
