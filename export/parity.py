"""Every file against the Keras networks that it was made from: parity.json, and a budget for each format."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from seigan_tf.evaluation.boundary import boundary_f
from seigan_tf.evaluation.iou import iou, to_original
from seigan_tf.seigan import SEIGAN

from . import checks
from .crops import Crops, confined
from .graphs import Graph
from .measure import measure
from .running import Runner

MAX_DIFFERENCE = 1e-4
"""Of float32, for any pixel of any output."""
MASK_LOSS = {"float16": 0.002, "int8": 0.01, "dynamic": 0.01}
"""By how much the mean IoU with true masks may differ from Keras'; without true masks, the part of all pixels that may
change sides."""
MIN_PSNR = {"int8": 35.0, "dynamic": 35.0}
"""Of images against Keras', in decibels for a range of 2: the whole validation set as one signal."""


class Compared(NamedTuple):
    """The outputs of one file on all crops, and what was found."""

    outputs: dict[str, np.ndarray]
    report: dict[str, Any]


def reference(graph: Graph, inputs: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What the Keras networks give, [N, S, S, C] by name."""
    compiled = tf.function(graph.function)
    return _stacked([{name: x.numpy() for name, x in compiled(**_constants(example)).items()} for example in inputs])


def compare(
    content: bytes,
    path: Path,
    graph: Graph,
    kind: str,
    inputs: list[dict[str, np.ndarray]],
    expected: Mapping[str, np.ndarray],
    crops: Crops,
    model: SEIGAN,
    runs: int = 30,
) -> Compared:
    """Runs one file on the crops and judges it.

    Args:
        content: of the file.
        path: where it lies, to be measured there.
        graph: whose file it is.
        kind: its format.
        inputs: as `crops.tensors`.
        expected: as `reference`.
        crops: where the inputs come from.
        model: whose networks they are.
        runs: timed calls for each number of threads.
    """
    run = Runner(content, graph)
    outputs = _stacked([run(**example) for example in inputs])
    inspection = checks.inspect(content)
    report: dict[str, Any] = {"graph": graph.name, "format": kind, "bytes": len(content)}
    report["outputs"] = {name: distance(outputs[name], expected[name]) for name in graph.outputs}
    if "mask" in outputs:
        report["masks"] = mask_scores(outputs["mask"], expected["mask"], crops, model)
    report |= measure(path, runs) | inspection.as_report()
    report["problems"] = inspection.problems(kind) + broken(kind, report)
    return Compared(outputs, report)


def broken(kind: str, report: Mapping[str, Any]) -> list[str]:
    """The budgets that a file does not keep, in words."""
    found = []
    for name, difference in report["outputs"].items():
        # Not the smaller of the two, so that a NaN breaks the budget.
        if kind == "float32" and not difference["max"] <= MAX_DIFFERENCE:
            found.append(f"{name} differs by {difference['max']:.2g}; at most {MAX_DIFFERENCE:g}")
        if kind in MIN_PSNR and name != "mask" and not difference["psnr"] >= MIN_PSNR[kind]:
            found.append(f"{name} has a PSNR of {difference['psnr']:.1f} dB; at least {MIN_PSNR[kind]:g}")
    if kind in MASK_LOSS and "masks" in report:
        masks, limit = report["masks"], MASK_LOSS[kind]
        if "iou" in masks and not abs(masks["iou"] - masks["iou_keras"]) <= limit:
            found.append(f"IoU {masks['iou']:.4f}, Keras' {masks['iou_keras']:.4f}; within {limit:g}")
        elif "iou" not in masks and not masks["changed"] <= limit:
            found.append(f"{masks['changed']:.2%} of the mask's pixels change sides; at most {limit:.2%}")
    return found


def distance(values: np.ndarray, expected: np.ndarray) -> dict[str, float]:
    difference = np.abs(values.astype(np.float64) - expected)
    span = 1.0 if values.shape[-1] == 1 else 2.0
    error = float(np.mean(difference**2))
    return {
        "max": float(difference.max()),
        "mean": float(difference.mean()),
        "psnr": float(10 * np.log10(span**2 / max(error, 1e-20))),
    }


def mask_scores(values: np.ndarray, expected: np.ndarray, crops: Crops, model: SEIGAN) -> dict[str, float]:
    ours, theirs = (confined(masks, crops.boxes, model)[..., 0] for masks in (values, expected))
    report = {"changed": float(np.mean((ours > 0.5) != (theirs > 0.5)))}
    if crops.truths is not None:
        for suffix, masks in (("", ours), ("_keras", theirs)):
            full = [to_original(m, *truth.shape) > 0.5 for m, truth in zip(masks, crops.truths, strict=True)]
            for name, score in (("iou", iou), ("boundary", boundary_f)):
                report[name + suffix] = _mean(score, full, crops.truths)
    return report


def _mean(score: Callable, masks: list[np.ndarray], truths: list[np.ndarray]) -> float:
    return float(np.mean([score(mask, truth) for mask, truth in zip(masks, truths, strict=True)]))


def _constants(example: Mapping[str, np.ndarray]) -> dict[str, tf.Tensor]:
    return {name: tf.constant(values) for name, values in example.items()}


def _stacked(results: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([result[name] for result in results]) for name in results[0]}
