"""The closing table of a recipe, its picture, and the next command."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.table import Table

from seigan_tf.cli.options import console, say
from seigan_tf.training.recipe import RecipeRun
from seigan_tf.utils.json_file import read_json


def show(run: RecipeRun) -> None:
    """Print one table of masks, holes and files, from what the finished stages wrote, and where their results lie."""
    table = Table("", "", show_header=False)
    for title, text in _rows(run):
        table.add_row(title, text)
    if table.row_count:
        console.print(table)
    trained = run.trained()
    for title, path in (
        ("best, median and worst", run.sheet),
        ("picture of samples", trained.samples / "latest.png" if trained else run.sheet),
        ("files for phones, browsers and servers", run.export),
    ):
        if path.exists():
            say(f"{title}: {path}")
    say(f"run folder: {run.folder.path}")
    weights = run.packed if run.packed.exists() else trained.path if trained else None
    if weights is not None:
        say(f"next: python -m seigan_tf cut PHOTO --box X,Y,W,H --weights {shlex.quote(str(weights))} -o CUTOUT.png")


def _rows(run: RecipeRun) -> Iterator[tuple[str, str]]:
    for stage in run.recipe.stages:
        report = run.stage_folder(stage.name).report() if run.finished(stage.name) else None
        if report is None:
            continue
        values = ", ".join(f"{name} {value:.3f}" for name, value in report["iou"].items())
        yield stage.name, "; ".join(filter(None, (f"{report['cost']['seconds']:.0f} s", values and f"IoU: {values}")))
    scores, parity = _read(run.scores), _read(run.export / "parity.json")
    if boundary := scores.get("boundary"):
        yield "masks, boundary F", _listed(boundary)
    if holes := scores.get("inpainting"):
        yield "holes, L1", _listed(holes["l1"])
        if "vgg" in holes:
            yield "holes, VGG distance", _listed(holes["vgg"])
    for name, entry in parity.get("files", {}).items():
        iou = f", IoU {entry['masks']['iou']:.4f}" if "iou" in entry.get("masks", {}) else ""
        yield name, f"{entry['bytes'] / 1e6:.2f} MB, {entry['latency_ms']['1']['fastest']:.1f} ms{iou}"
    if parity:
        yield "files within their budgets", "yes" if parity["passed"] else "no, see parity.json"


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in values.items())


def _read(path: Path) -> dict[str, Any]:
    """Read a JSON file; empty if there is none. Raises ValueError if it is damaged."""
    return read_json(path) if path.exists() else {}
