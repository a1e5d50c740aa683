"""Comparison of every file with its Keras networks: parity.json with a budget for each format, and parity.png."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from seigan_tf.evaluation.boundary import boundary_f
from seigan_tf.evaluation.iou import iou, to_original
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.pixels import to_uint8

from .examples import Crops, confined
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


class Compared(NamedTuple):
    """Outputs of one file on all crops, and its entry in parity.json."""

    outputs: dict[str, np.ndarray]
    report: dict[str, Any]


def budgets() -> dict[str, dict[str, float]]:
    """The budgets of each format, for parity.json."""
    integer = {kind: {"mask": loss} for kind, loss in MASK_LOSS.items()}
    for kind, least in MIN_PSNR.items():
        integer[kind]["psnr"] = least
    return {"float32": {"max_difference": MAX_DIFFERENCE}} | integer


def reference(graph: Graph, inputs: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Outputs of the Keras networks by name, [N, S, S, C]."""
    compiled = tf.function(graph.function)
    constants = ({name: tf.constant(values) for name, values in example.items()} for example in inputs)
    return _stacked([{name: x.numpy() for name, x in compiled(**example).items()} for example in constants])


def compare(
    path: Path,
    graph: Graph,
    kind: str,
    inputs: Sequence[Mapping[str, np.ndarray]],
    expected: Mapping[str, np.ndarray],
    crops: Crops,
    model: SEIGAN,
    runs: int = 30,
) -> Compared:
    """Run one file on the crops and check it against its budget.

    Args:
        path: the file.
        graph: the graph that it was converted from.
        kind: its format.
        inputs: from `examples.tensors`.
        expected: from `reference`.
        crops: the crops that the inputs come from.
        model: the model that the graph comes from.
        runs: timed calls for each number of threads.
    """
    content = path.read_bytes()
    run = Runner(content, graph)
    outputs = _stacked([run(**example) for example in inputs])
    inspection = inspect(content)
    report: dict[str, Any] = {"graph": graph.name, "format": kind, "bytes": len(content)}
    report["outputs"] = {name: distance(outputs[name], expected[name]) for name in graph.outputs}
    if "mask" in outputs:
        report["masks"] = mask_scores(outputs["mask"], expected["mask"], crops, model)
    report |= measure(path, runs) | inspection.as_report()
    report["problems"] = inspection.problems(kind) + exceeded(kind, report)
    return Compared(outputs, report)


def exceeded(kind: str, report: Mapping[str, Any]) -> list[str]:
    """The budgets that a file exceeds, in words."""
    found = []
    for name, difference in report["outputs"].items():
        # `not <=` rather than `>`, so that NaN exceeds the budget.
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
    """Largest and mean absolute difference, and PSNR in decibels for the range of masks (1) or images (2)."""
    difference = np.abs(values.astype(np.float64) - expected)
    span = 1.0 if values.shape[-1] == 1 else 2.0
    error = float(np.mean(difference**2))
    return {
        "max": float(difference.max()),
        "mean": float(difference.mean()),
        "psnr": float(10 * np.log10(span**2 / max(error, 1e-20))),
    }


def mask_scores(values: np.ndarray, expected: np.ndarray, crops: Crops, model: SEIGAN) -> dict[str, float]:
    """Share of pixels that cross 0.5, and mean IoU and boundary F of the file and of Keras if there are true masks."""
    ours, theirs = (confined(masks, crops.boxes, model)[..., 0] for masks in (values, expected))
    report = {"changed": float(np.mean((ours > 0.5) != (theirs > 0.5)))}
    scores: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {"iou": iou, "boundary": boundary_f}
    if crops.truths is not None:
        for suffix, masks in (("", ours), ("_keras", theirs)):
            pairs = [
                (to_original(mask, *truth.shape) > 0.5, truth) for mask, truth in zip(masks, crops.truths, strict=True)
            ]
            for name, score in scores.items():
                report[name + suffix] = float(np.mean([score(*pair) for pair in pairs]))
    return report


def _stacked(results: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([result[name] for result in results]) for name in results[0]}


class Sheet:
    """parity.png: outputs of Keras for the first crops, and beside them those of some formats.

    Args:
        crops: crops of the comparison.
        model: model that the graphs come from.
    """

    ROWS = 4
    SIDE, MARGIN, TITLE_HEIGHT = 96, 4, 30
    """In pixels."""
    SHOWN = ("Keras", "float32", "int8")

    def __init__(self, crops: Crops, model: SEIGAN):
        self._crops, self._model = crops, model
        self._columns = {"photo": crops.images[: self.ROWS]}

    def add(self, graph: Graph, kind: str, outputs: Mapping[str, np.ndarray]) -> None:
        """Add columns for the outputs of a graph, [N, S, S, C] by name, in a format or from "Keras"."""
        names = {"enhancer": (), "composer": ("composite",)}.get(graph.name, tuple(graph.outputs))  # nothing twice
        for name in names if kind in self.SHOWN else ():
            values = outputs[name][: self.ROWS]
            if name == "mask":
                values = 2 * confined(values, self._crops.boxes[: self.ROWS], self._model).repeat(3, -1) - 1
            self._columns[f"{name} {kind}"] = to_uint8(values)

    def write(self, path: Path) -> None:
        """Write a PNG with a row for each crop."""
        pitch = self.SIDE + self.MARGIN
        size = (
            len(self._columns) * pitch + self.MARGIN,
            len(self._columns["photo"]) * pitch + self.MARGIN + self.TITLE_HEIGHT,
        )
        sheet = Image.new("RGB", size, "white")
        draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
        for column, (title, images) in enumerate(self._columns.items()):
            left = self.MARGIN + column * pitch
            draw.text((left, self.MARGIN), "\n".join(title.split()), fill="black", font=font, spacing=1)
            for row, pixels in enumerate(images):
                image = Image.fromarray(pixels).resize((self.SIDE, self.SIDE), Image.Resampling.NEAREST)
                sheet.paste(image, (left, self.TITLE_HEIGHT + self.MARGIN + row * pitch))
        with replacing(path) as temporary:
            sheet.save(temporary, format="PNG")
