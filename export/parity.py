"""Comparison of every file with its Keras networks: parity.json with a budget for each format, and parity.png."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from seigan_tf.evaluation import pictures
from seigan_tf.evaluation.agreement import boundary_f, iou, to_original
from seigan_tf.inference import arrays
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.pixels import to_float, to_uint8

from .examples import Crops, confined, tensors
from .graphs import Graph
from .tflite.latency import measure
from .tflite.runtime import Runner, inspect

MAX_DIFFERENCE = 1e-4
"""Budget of float32, for any pixel of any output."""
MASK_LOSS = {"float16": 0.002, "int8": 0.01, "dynamic": 0.01}
"""Largest difference between a file's mean IoU with true masks and that of Keras; without true masks, largest share of
pixels that cross 0.5."""
MIN_PSNR = {"int8": 35.0, "dynamic": 35.0}
"""Lowest PSNR of images against Keras, in decibels for a range of 2, over all crops as one signal."""
SHOWN = ("float32", "int8")
"""Formats in parity.png."""
ROWS = 4
"""Crops in parity.png."""


class Comparison:
    """Comparison of an export's files with the exported model, on the same crops; `runs` as in `latency.measure`."""

    def __init__(self, crops: Crops, model: SEIGAN, runs: int):
        self._crops, self._model, self._runs = crops, model, runs
        self._masks = arrays.segment(model, to_float(crops.images), crops.boxes)
        self._files: dict[str, dict[str, Any]] = {}
        self._columns = {"photo": crops.images[:ROWS]}

    def add(self, graph: Graph, files: Mapping[str, Path], progress: Callable[[], None]) -> None:
        """Run a graph in Keras and its files, given by format; `progress` is called after each file."""
        inputs = tensors(graph, self._crops, self._masks, self._model.networks.outside_contrast)
        expected = reference(graph, inputs)
        shown = {"Keras": expected}
        for kind, path in files.items():
            content = path.read_bytes()
            run = Runner(content, graph)
            outputs = _stacked([run(**example) for example in inputs])
            inspection = inspect(content)
            entry: dict[str, Any] = {"graph": graph.name, "format": kind, "bytes": len(content)}
            entry["outputs"] = {name: distance(outputs[name], expected[name]) for name in graph.outputs}
            if "mask" in outputs:
                entry["masks"] = mask_scores(outputs["mask"], expected["mask"], self._crops, self._model)
            entry |= measure(path, self._runs) | inspection.as_report()
            entry["problems"] = inspection.problems(kind) + exceeded(kind, entry)
            self._files[path.name] = entry
            if kind in SHOWN:
                shown[kind] = outputs
            progress()
        # The enhancer's output is the composer's composite; the composer's others are those of the other two graphs.
        for name in {"enhancer": (), "composer": ("composite",)}.get(graph.name, tuple(graph.outputs)):
            for kind, outputs in shown.items():
                values = outputs[name][:ROWS]
                if name == "mask":
                    values = 2 * confined(values, self._crops.boxes[:ROWS], self._model).repeat(3, -1) - 1
                self._columns[f"{name} {kind}"] = to_uint8(values)

    def report(self) -> dict[str, Any]:
        """Contents of parity.json, apart from the names of weights and data."""
        budgets: dict[str, dict[str, float]] = {"float32": {"max_difference": MAX_DIFFERENCE}}
        budgets |= {kind: {"mask": loss} for kind, loss in MASK_LOSS.items()}
        for kind, least in MIN_PSNR.items():
            budgets[kind]["psnr"] = least
        passed = not any(entry["problems"] for entry in self._files.values())
        true_masks = self._crops.truths is not None
        return {"true_masks": true_masks, "budgets": budgets, "files": self._files, "passed": passed}

    def write_picture(self, path: Path) -> None:
        """Write parity.png: a row for each of the first crops, a column for each output of Keras and of SHOWN."""
        rows = [
            ("", [pictures.photo(images[row]) for images in self._columns.values()])
            for row in range(len(self._columns["photo"]))
        ]
        with replacing(path) as temporary:
            pictures.sheet(tuple(self._columns), rows).save(temporary, format="PNG")


def reference(graph: Graph, inputs: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Outputs of the Keras networks by name, [N, S, S, C]."""
    compiled = tf.function(graph.function)
    constants = ({name: tf.constant(values) for name, values in example.items()} for example in inputs)
    return _stacked([{name: x.numpy() for name, x in compiled(**example).items()} for example in constants])


def exceeded(kind: str, entry: Mapping[str, Any]) -> list[str]:
    """Budgets that a file exceeds, in words, given its entry in parity.json."""
    found = []
    for name, difference in entry["outputs"].items():
        # `not <=` rather than `>`, so that NaN exceeds the budget.
        if kind == "float32" and not difference["max"] <= MAX_DIFFERENCE:
            found.append(f"{name} differs by {difference['max']:.2g}; at most {MAX_DIFFERENCE:g}")
        if kind in MIN_PSNR and name != "mask" and not difference["psnr"] >= MIN_PSNR[kind]:
            found.append(f"{name} has a PSNR of {difference['psnr']:.1f} dB; at least {MIN_PSNR[kind]:g}")
    if kind in MASK_LOSS and "masks" in entry:
        masks, limit = entry["masks"], MASK_LOSS[kind]
        if "iou" in masks and not abs(masks["iou"] - masks["iou_keras"]) <= limit:
            found.append(f"IoU {masks['iou']:.4f}, Keras' {masks['iou_keras']:.4f}; within {limit:g}")
        elif "iou" not in masks and not masks["changed"] <= limit:
            found.append(f"{masks['changed']:.2%} of the mask's pixels change sides; at most {limit:.2%}")
    return found


def distance(values: np.ndarray, expected: np.ndarray) -> dict[str, float]:
    """Largest and mean absolute difference, and PSNR in decibels for the range of masks (1) or images (2)."""
    difference = np.abs(values.astype(np.float64) - expected)
    span = 1.0 if values.shape[-1] == 1 else 2.0
    psnr = 10 * np.log10(span**2 / max(float(np.mean(difference**2)), 1e-20))
    return {"max": float(difference.max()), "mean": float(difference.mean()), "psnr": float(psnr)}


def mask_scores(values: np.ndarray, expected: np.ndarray, crops: Crops, model: SEIGAN) -> dict[str, float]:
    """Share of pixels that cross 0.5, and mean IoU and boundary F of the file and of Keras if there are true masks."""
    ours, theirs = (confined(masks, crops.boxes, model)[..., 0] for masks in (values, expected))
    scores = {"changed": float(np.mean((ours > 0.5) != (theirs > 0.5)))}
    if crops.truths is not None:
        for suffix, masks in (("", ours), ("_keras", theirs)):
            pairs = [(to_original(m, *truth.shape) > 0.5, truth) for m, truth in zip(masks, crops.truths, strict=True)]
            scores["iou" + suffix] = float(np.mean([iou(*pair) for pair in pairs]))
            scores["boundary" + suffix] = float(np.mean([boundary_f(*pair) for pair in pairs]))
    return scores


def _stacked(results: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([result[name] for result in results]) for name in results[0]}
