"""The tables that `python -m seigan_tf evaluate` prints."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

KINDS = {"l1": ("L1", ".4f"), "psnr": ("PSNR", ".2f"), "ssim": ("SSIM", ".3f"), "vgg": ("VGG distance", ".3f")}


def show(result: Mapping[str, Any], console: Console) -> None:
    """Prints what was measured, the keys of evaluate's JSON file."""
    console.print(f"mean of {result['count']} objects at original resolution", highlight=False)
    table = Table("masks", "IoU", "boundary F")
    for name in result["iou"]:
        table.add_row(name, f"{result['iou'][name]:.3f}", f"{result['boundary'][name]:.3f}")
    console.print(table)
    if result["inpainting"]:
        _inpainting(result["inpainting"], console)
    if result["realism"]:
        _realism(result["realism"], console)


def _inpainting(values: Mapping[str, Any], console: Console) -> None:
    console.print(f"mean inside {values['count']} holes of the objects' shapes", highlight=False)
    kinds = [kind for kind in KINDS if kind in values]
    table = Table("inpainting", *(KINDS[kind][0] for kind in kinds))
    for name in values["l1"]:
        table.add_row(name, *(f"{values[kind][name]:{KINDS[kind][1]}}" for kind in kinds))
    console.print(table)


def _realism(values: Mapping[str, Any], console: Console) -> None:
    console.print(f"kernel distance of {values['count']} pastes to the objects' photographs", highlight=False)
    table = Table("pastes", "KID", "error")
    for name, value in values["kid"].items():
        table.add_row(name.replace("_", " "), f"{value['distance']:.4f}", f"{value['error']:.4f}")
    console.print(table)
