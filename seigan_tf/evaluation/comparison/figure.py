"""The figure beside Table 1, like figure 6 of the paper: photo, true mask and the mask of each method."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from seigan_tf.config import Config
from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.data.loading import load_crops
from seigan_tf.evaluation import pictures
from seigan_tf.evaluation.iou import iou, to_original
from seigan_tf.evaluation.pictures import Picture
from seigan_tf.inference import arrays, loading

TITLES = {"no_cycle": "NoCycle", "seigan": "SEIGAN", "supervised": "Supervised"}
"""The methods of the paper's figure."""
ROWS = 8


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
        row = [
            Picture(pictures.photo(evaluation.images[index], evaluation.boxes[index])),
            Picture(pictures.mask(evaluation.masks[index])),
        ]
        row += [Picture(pictures.mask(masks[name][index]), f"IoU {scores[name][index]:.3f}") for name in runs]
        rows.append(("", row))
    return pictures.sheet(["photo", "true mask", *(TITLES.get(name, name) for name in runs)], rows)


def run_masks(folder: Path, evaluation: EvaluationCrops) -> list[np.ndarray]:
    """Return the masks of a finished run, bool at original resolution."""
    soft = arrays.segment(loading.load_model(folder), evaluation.images, evaluation.boxes)
    return [to_original(mask, *truth.shape) > 0.5 for mask, truth in zip(soft[..., 0], evaluation.masks, strict=True)]
