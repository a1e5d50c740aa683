"""The tables that `evaluate` prints."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from seigan_tf.cli.options import console, say
from seigan_tf.evaluation.masks import FEWEST, MODEL

COLUMNS = {"l1": ("L1", ".4f"), "psnr": ("PSNR", ".2f"), "ssim": ("SSIM", ".3f"), "vgg": ("VGG distance", ".3f")}
"""Titles and formats of the inpainting table."""
MORE_COLUMNS = {"gram": ("Gram", ".3f"), "detail": ("detail", ".2f")}
"""Those of the table at full size."""


def print_tables(result: dict[str, Any]) -> None:
    """Print the means that `evaluate` writes."""
    say(f"mean of {result['count']} objects at original resolution")
    table = Table("masks", "IoU", "boundary F")
    for name in result["iou"]:
        table.add_row(name, f"{result['iou'][name]:.3f}", f"{result['boundary'][name]:.3f}")
    console.print(table)
    if (classes := result.get("by_class")) is not None:
        _print_classes(classes)
    if values := result["inpainting"]:
        say(f"mean inside {values['count']} holes of the objects' shapes")
        _print_fills("inpainting", values)
    if values := result.get("full_size"):
        say(f"mean inside {values['count']} holes at the photographs' own resolution")
        _print_fills("full size", values)
    if values := result["realism"]:
        say(f"kernel distance of {values['count']} pastes to the objects' photographs")
        table = Table("pastes", "KID", "error")
        for name, value in values["kid"].items():
            table.add_row(name.replace("_", " "), f"{value['distance']:.4f}", f"{value['error']:.4f}")
        console.print(table)


def _print_fills(title: str, values: dict[str, Any]) -> None:
    columns = {name: column for name, column in (COLUMNS | MORE_COLUMNS).items() if name in values}
    kid = values.get("kid", {})
    headings = *(heading for heading, _ in columns.values()), *(("KID", "error") if kid else ())
    table = Table(Column(title, no_wrap=True), *headings, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))  # fits 80 columns
    for method in values["l1"]:
        cells = [f"{values[name][method]:{form}}" for name, (_, form) in columns.items()]
        if kid:
            cells += [f"{kid[method][name]:.3f}" for name in ("distance", "error")]
        table.add_row(method, *cells)
    console.print(table)


def _print_classes(classes: dict[str, dict[str, Any]]) -> None:
    say(
        f"classes of at least {FEWEST} objects: {len(classes)}; IoU of the model and of others, boundary F of the model"
    )
    if not classes:
        return
    others = [name for name in next(iter(classes.values()))["iou"] if name != MODEL]
    headings = "objects", "IoU", "boundary F", *(name.replace("_", " ") for name in others)
    table = Table("class", *headings, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name, means in classes.items():
        values = means["iou"][MODEL], means["boundary"][MODEL], *(means["iou"][other] for other in others)
        table.add_row(name or "(none)", str(means["count"]), *(f"{value:.3f}" for value in values))
    console.print(table)
