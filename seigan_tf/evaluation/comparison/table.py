"""Table 1: mean and spread of the IoU of each method over seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


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
        measured = " and ".join(map(str, sorted(counts)))
        raise ValueError(f"the runs were measured on {measured} objects, expected the same")
    baselines = {name: value for name, value in first["iou"].items() if name != "model"} | dict(references)
    methods = {}
    for name, values in reports.items():
        iou = [report["iou"]["model"] for report in values]
        methods[name] = {
            "iou": float(np.mean(iou)),
            "spread": float(np.std(iou, ddof=1)) if len(iou) > 1 else None,
            "seeds": len(iou),
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
