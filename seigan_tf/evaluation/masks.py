"""Masks of the model and of what needs no training, measured on the same objects (Table 1 of the paper)."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seigan_tf.evaluation.baselines import BASELINES, box_mask
from seigan_tf.evaluation.boundary import boundary_f
from seigan_tf.evaluation.iou import iou, to_original
from seigan_tf.evaluation.objects import EvaluationObject
from seigan_tf.inference import grabcut
from seigan_tf.utils.atomic import replacing

MODEL = "model"
METHODS = (MODEL, *BASELINES, "grabcut", "grabcut_or_box")
"""In the order of the table."""
BATCH = 32
NOTHING = 0.05
"""Part of the box: where GrabCut calls less than that the object it has found none, but for a few pixels."""

Segment = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Images uint8 [N, S, S, 3] and boxes [N, 4] to soft masks [N, S, S, 1], as SEIGAN.segment."""


class ObjectScores(NamedTuple):
    """What each of METHODS reached on one object."""

    photo: str
    id: int
    iou: dict[str, float]
    boundary: dict[str, float]
    """Boundary F-score."""


def measure(segment: Segment, objects: Iterable[EvaluationObject]) -> Iterator[ObjectScores]:
    """Scores every object at its original resolution, in order; BATCH of them are in memory at a time."""
    batch: list[EvaluationObject] = []
    for item in objects:
        batch.append(item)
        if len(batch) == BATCH:
            yield from _measured(segment, batch)
            batch = []
    if batch:
        yield from _measured(segment, batch)


def _measured(segment: Segment, batch: Sequence[EvaluationObject]) -> Iterator[ObjectScores]:
    soft = segment(np.stack([item.image for item in batch]), np.stack([item.box for item in batch]))
    for item, mask in zip(batch, soft[..., 0], strict=True):
        masks = {MODEL: to_original(mask, *item.truth.shape) > 0.5}
        masks |= {name: draw(item.box, *item.truth.shape) for name, draw in BASELINES.items()}
        masks |= grabcut_masks(item)
        yield ObjectScores(
            item.photo,
            item.id,
            {name: iou(masks[name], item.truth) for name in METHODS},
            {name: boundary_f(masks[name], item.truth) for name in METHODS},
        )


def grabcut_masks(item: EvaluationObject) -> dict[str, np.ndarray]:
    """GrabCut's mask and, as the stronger "grabcut_or_box", the same with the filled box where it is NOTHING.

    On photographs of cats that was a fifth of the cases.
    """
    mask, box = grabcut.from_box(item.original, item.box), box_mask(item.box, *item.truth.shape)
    return {"grabcut": mask, "grabcut_or_box": mask if mask.sum() >= NOTHING * box.sum() else box}


def summary(scores: Sequence[ObjectScores]) -> dict[str, Any]:
    """{"count", "iou": {method: mean}, "boundary": {method: mean}} as plain JSON values."""
    return {
        "count": len(scores),
        **{
            measured: {name: float(np.mean([getattr(row, measured)[name] for row in scores])) for name in METHODS}
            for measured in ("iou", "boundary")
        },
    }


def write_csv(scores: Sequence[ObjectScores], path: Path) -> None:
    """One row per object: photo, id, iou_METHOD ..., boundary_METHOD ..."""
    columns = [(measured, name) for measured in ("iou", "boundary") for name in METHODS]
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["photo", "id", *(f"{measured}_{name}" for measured, name in columns)])
        for row in scores:
            writer.writerow([row.photo, row.id, *(f"{getattr(row, kind)[name]:.6f}" for kind, name in columns)])
