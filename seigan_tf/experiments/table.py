"""Table 1: mean and spread of the IoU of each method over seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def summary(
    reports: Mapping[str, Sequence[Mapping[str, Any]]], references: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """What the reports of finished runs say, as plain JSON values.

    Args:
        reports: by method, one report (as of `session.run`) for each seed.
        references: IoU of what needs no training on the same objects, by name, beside what is in the reports.

    Returns:
        {"count": objects measured, "baselines": {name: IoU}, "methods": {name: {"iou": mean, "spread": standard
        deviation over seeds or None for one seed, "seeds": number, "seconds": mean}}}.

    Raises:
        ValueError: the runs were not all measured on equally many objects.
    """
    first = next(iter(reports.values()))[0]
    counts = {report["count"] for values in reports.values() for report in values}
    if len(counts) > 1:
        raise ValueError(
            f"the runs were measured on {' and '.join(map(str, sorted(counts)))} objects, expected the same"
        )
    baselines = {name: value for name, value in first["iou"].items() if name != "model"} | dict(references or {})
    return {
        "count": first["count"],
        "baselines": baselines,
        "methods": {name: _method(values) for name, values in reports.items()},
    }


def _method(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    values = [report["iou"]["model"] for report in reports]
    return {
        "iou": float(np.mean(values)),
        "spread": float(np.std(values, ddof=1)) if len(values) > 1 else None,
        "seeds": len(values),
        "seconds": float(np.mean([report["cost"]["seconds"] for report in reports])),
    }


def markdown(table: Mapping[str, Any]) -> str:
    """The table for people; the last column compares with Supervised, where that was trained."""
    supervised = table["methods"].get("supervised", {}).get("iou")
    lines = ["| | IoU | seeds | minutes | of Supervised |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {value:.3f} | | | |" for name, value in table["baselines"].items()]
    for name, method in table["methods"].items():
        spread = "" if method["spread"] is None else f" ± {method['spread']:.3f}"
        part = f"{method['iou'] / supervised:.3f}" if supervised else ""
        minutes = method["seconds"] / 60
        lines.append(f"| {name} | {method['iou']:.3f}{spread} | {method['seeds']} | {minutes:.0f} | {part} |")
    return "\n".join(lines) + "\n"
