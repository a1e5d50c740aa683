"""Table 1 of the paper, the IoU of each method over seeds, and a figure like its figure 6, the masks of each method."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seigan_tf.config import Config
from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.data.loading import load_crops
from seigan_tf.data.planning.report import Tally
from seigan_tf.evaluation import pictures
from seigan_tf.evaluation.agreement import iou, to_original
from seigan_tf.evaluation.crops import split_objects
from seigan_tf.inference import arrays, loading

TITLES = {"no_cycle": "NoCycle", "seigan": "SEIGAN", "supervised": "Supervised"}
"""The methods of the paper's figure."""
ROWS = 8


def check_masks(config: Config, references: Mapping[str, float], supervised: bool) -> None:
    """Raise ValueError if there is no true mask to measure the methods by or, for `supervised`, to train on.

    Args:
        config: settings of all methods.
        references: IoU of GrabCut on the validation objects; none if photographs have no masks.
        supervised: whether a run on true masks is to be trained.
    """
    data = config.data
    measured = bool(references) if data.reads_annotations else load_crops(data, config.networks.size).evaluation
    if not measured:
        place = data.crops or data.val_annotations or data.val_images or data.annotations or data.images
        raise ValueError(
            f"{place}: no validation object has a mask, expected masks to measure the methods by (--data.val-images and"
            " --data.val-annotations, or --data.held-out above 0)"
        )
    if supervised and not any(True for _ in split_objects(data, "train", config.networks.size, Tally(data.max_bad))):
        raise ValueError(
            f"{data.annotations or data.images}: no object has a mask for `supervised` to train on; expected masks, or"
            " --methods without it"
        )


def make_table(reports: Mapping[str, Sequence[Mapping[str, Any]]], references: Mapping[str, float]) -> dict[str, Any]:
    """Return the table as plain JSON values.

    Args:
        reports: method to the reports of its runs, one for each seed.
        references: IoU of further baselines on the same objects, by name.

    Returns:
        {"count": objects measured, "baselines": {name: IoU}, "methods": {name: {"iou": mean, "spread": standard
        deviation over seeds or None for one seed, "seeds": number, "seconds": mean}}}.

    Raises:
        ValueError: the numbers of objects differ between runs.
    """
    first = next(iter(reports.values()))[0]
    counts = {report["count"] for values in reports.values() for report in values}
    if len(counts) > 1:
        numbers = " and ".join(map(str, sorted(counts)))
        raise ValueError(f"the runs were measured on {numbers} objects, expected the same")
    baselines = {name: value for name, value in first["iou"].items() if name != "model"} | dict(references)
    methods = {}
    for name, values in reports.items():
        measured = [report["iou"]["model"] for report in values]
        methods[name] = {
            "iou": float(np.mean(measured)),
            "spread": float(np.std(measured, ddof=1)) if len(measured) > 1 else None,
            "seeds": len(measured),
            "seconds": float(np.mean([report["cost"]["seconds"] for report in values])),
        }
    return {"count": first["count"], "baselines": baselines, "methods": methods}


def to_markdown(table: Mapping[str, Any]) -> str:
    """Return the table as Markdown; its last column is the IoU relative to Supervised, if that was trained."""
    supervised = table["methods"].get("supervised", {}).get("iou")
    lines = ["| | IoU | seeds | minutes | of Supervised |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {value:.3f} | | | |" for name, value in table["baselines"].items()]
    for name, method in table["methods"].items():
        spread = "" if method["spread"] is None else f" ± {method['spread']:.3f}"
        part = f"{method['iou'] / supervised:.3f}" if supervised else ""
        minutes = method["seconds"] / 60
        lines.append(f"| {name} | {method['iou']:.3f}{spread} | {method['seeds']} | {minutes:.0f} | {part} |")
    return "\n".join(lines) + "\n"


def shown_methods(methods: tuple[str, ...]) -> tuple[str, ...]:
    """Return the methods of the paper's figure among `methods` or, if there are none, the first three."""
    return tuple(name for name in TITLES if name in methods) or methods[:3]


def quantile_rows(iou_values: np.ndarray, count: int = ROWS) -> list[int]:
    """Return the objects at evenly spaced quantiles of the IoU, best first: of 8 those at 15/16, 13/16, ..., 1/16."""
    count = min(count, len(iou_values))
    order = np.argsort(iou_values, kind="stable")
    places = ((np.arange(count) + 0.5) / count * len(order)).astype(int)
    return order[places[::-1]].tolist()


def draw_masks(runs: Mapping[str, Path], config: Config) -> Image.Image:
    """Draw the validation objects at evenly spaced quantiles of SEIGAN's IoU.

    Args:
        runs: method to run folder, in the order of the columns. Without "seigan" the first one gives the quantiles.
        config: the settings of one of the runs; the data of all are the same.

    Raises:
        ValueError: weights or data cannot be used, or no validation object has a mask.
    """
    evaluation = load_crops(config.data, config.networks.size).evaluation
    if evaluation is None:
        raise ValueError("no validation object has a mask, expected at least one to draw")
    masks = {name: run_masks(folder, evaluation) for name, folder in runs.items()}
    scores = {
        name: [iou(mask, truth) for mask, truth in zip(values, evaluation.masks, strict=True)]
        for name, values in masks.items()
    }
    rows = []
    for index in quantile_rows(np.array(scores["seigan" if "seigan" in masks else next(iter(masks))])):
        image, box, truth = (values[index] for values in (evaluation.images, evaluation.boxes, evaluation.masks))
        row = [pictures.photo(image, box), pictures.mask(truth)]
        row += [pictures.mask(masks[name][index], f"IoU {scores[name][index]:.3f}") for name in runs]
        rows.append(("", row))
    return pictures.sheet(["photo", "true mask", *(TITLES.get(name, name) for name in runs)], rows)


def run_masks(folder: Path, evaluation: EvaluationCrops) -> list[np.ndarray]:
    """Return the masks of a finished run, bool at original resolution."""
    soft = arrays.segment(loading.load_model(folder), evaluation.images, evaluation.boxes)
    return [to_original(mask, *truth.shape) > 0.5 for mask, truth in zip(soft[..., 0], evaluation.masks, strict=True)]
