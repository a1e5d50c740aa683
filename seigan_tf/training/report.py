"""The end of a training: report.json and the table on the screen."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.evaluation.agreement import BASELINES, baseline_iou
from seigan_tf.training.callbacks.base import Position
from seigan_tf.training.callbacks.monitoring import collapse, model_iou
from seigan_tf.training.callbacks.recording import read_rows


def measure(model, evaluation: EvaluationCrops | None, position: Position, batch_size: int, metrics: Path) -> dict:
    """Return the report of a finished training, as JSON values.

    Args:
        model: the model after its last step.
        evaluation: crops with true masks, or None, which makes "count" 0 and "iou" empty.
        position: number of all steps, and the time they took.
        batch_size: crops per step.
        metrics: the run's metrics.csv, whose last row tells whether the mask has collapsed, if it has "mask_mean".
    """
    values = {}
    if evaluation:
        values = {"model": model_iou(model, evaluation)} | baselines(evaluation)
    result = {
        "count": len(evaluation.masks) if evaluation else 0,
        "iou": {name: float(np.mean(value)) for name, value in values.items()},
        "cost": {
            "steps": position.step,
            "seconds": round(position.seconds, 1),
            "seconds_per_image": position.seconds / (position.step * batch_size),
            "peak_memory_mb": _peak_memory_mb(),
        },
        "weights": {"kept": "last", "step": position.step},
    }
    rows = read_rows(metrics)  # none if the file was removed and no epoch was left to train
    mask_mean = rows[-1].get("mask_mean") if rows else None
    return result | ({"collapsed_at_end": collapse(float(mask_mean)) is not None} if mask_mean else {})


def baselines(evaluation: EvaluationCrops) -> dict[str, np.ndarray]:
    """Return the IoU of every baseline on each crop, by name."""
    return {name: baseline_iou(name, evaluation) for name in BASELINES}


def show(report: dict[str, Any], samples: Path, folder: Path, console: Console) -> None:
    """Print the closing table and the paths of pictures and run folder."""
    if report["iou"]:
        console.print(f"IoU at original resolution, mean of {report['count']} validation crops")
        table = Table("masks", "IoU")
        for name, value in report["iou"].items():
            table.add_row(name, f"{value:.3f}")
        console.print(table)
    cost = report["cost"]
    memory = f", {cost['peak_memory_mb']:.0f} MB of memory at most" if cost["peak_memory_mb"] else ""
    lines = (
        f"{cost['steps']} steps in {cost['seconds']:.0f} s ({cost['seconds_per_image']:.4f} s per image){memory}",
        f"picture of samples: {samples}",
        f"run folder: {folder}",
    )
    for line in lines:
        console.print(line, soft_wrap=True)


def _peak_memory_mb() -> float | None:
    """Return the largest resident size of this process so far in MB; None on Windows, where it is unknown."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)
