"""The export command: arguments in, an export folder out, one line for every mistake."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console
from rich.table import Table

from seigan_tf.utils.interruption import termination
from seigan_tf.utils.progress import bar

from . import folder

DESCRIPTION = """Turn trained weights into files for phones, browsers and TF Serving.

  python -m export --weights runs/cats --out cats-export

Writes segmenter, inpainter, enhancer and composer as TFLite in float32, float16 and int8, a SavedModel, a page that
runs them in the browser, a README for developers, and parity.json, which compares every file with the Keras networks.
Exit code 1: a file does not keep its budget.
"""
FORMATS = ("tflite", "saved_model")


class BudgetBroken(RuntimeError):
    """The folder is written, but a file in it is not as close to Keras as it has to be."""

    exit_code = 1


@dataclass(frozen=True)
class Options:
    out: Path
    """Folder to write: a new one, or an earlier export."""
    weights: str = "cats"
    """A shipped name, a run folder, runs/NAME, or a .keras file."""
    formats: Annotated[str, tyro.conf.arg(metavar="tflite,saved_model")] = ",".join(FORMATS)
    """Which of the two."""
    dynamic: bool = False
    """TFLite with int8 weights only too (dynamic range), which needs no calibration."""
    int8_edges: Literal["float", "uint8"] = "float"
    """How int8 files take and give images and masks. float is in [-1, 1] and [0, 1]; MediaPipe needs it."""
    noise: Annotated[str, tyro.conf.arg(metavar="SEED|input")] = "0"
    """Noise of inpainter and enhancer: baked in by a seed, 0 as in SEIGAN, or one more input of the graph.
    Of TFLite files only: the SavedModel's is always that of seed 0."""
    label: str = "object"
    """What the mask shows: the segmenter's label."""
    images: Path | None = None
    """Photographs to compare on; the run's validation photographs unless given."""
    annotations: Path | None = None
    """File or folder with their boxes, and masks where there are any; unless given, the one such file in --images."""
    calibration_images: Path | None = None
    """Photographs to calibrate int8 on; the run's training photographs unless given."""
    calibration_annotations: Path | None = None
    """File or folder with their boxes; unless given, the one such file in --calibration-images."""
    calibration_crops: int = 50
    """Crops to calibrate on, at most."""
    crops: int = 200
    """Crops to compare on, at most."""
    runs: int = 30
    """Timed calls of each file and number of threads."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Exports as the arguments say and prints a table of the files.

    Raises:
        ValueError: weights, data or a folder that cannot be used.
        OSError: the folder cannot be written.
        BudgetBroken: a file differs from Keras by more than its budget.
        Terminated: SIGTERM arrived; as after Ctrl-C, what was under way is removed.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    package = "python -m " + __package__
    options = tyro.cli(Options, args=list(arguments), prog=package, description=DESCRIPTION)
    console = console or Console()
    formats, noise = _formats(options.formats), _noise(options.noise)
    for name in ("calibration_crops", "crops", "runs"):
        if getattr(options, name) < 1:
            raise ValueError(f"--{name.replace('_', '-')} {getattr(options, name)}: expected at least 1")
    for prefix in ("", "calibration_"):
        images, annotations = getattr(options, f"{prefix}images"), getattr(options, f"{prefix}annotations")
        if annotations is not None and images is None:
            flag = f"--{prefix.replace('_', '-')}"
            raise ValueError(f"{flag}annotations {annotations}: needs {flag}images too")
        if images is not None and not images.is_dir():
            raise ValueError(
                f"--{prefix.replace('_', '-')}images {images}: no such folder; expected one of photographs"
            )
    if not options.label.strip() or options.label.splitlines() != [options.label]:
        raise ValueError(f"--label {options.label!r}: expected one line of text")
    folder.earlier_export(options.out)  # before anything that takes time
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        raise ValueError(f"KERAS_BACKEND: {os.environ['KERAS_BACKEND']}; expected tensorflow, which writes these files")

    from seigan_tf.utils import quiet

    with quiet.native_messages_hidden():
        from . import writing
    before = folder.contents(options.out)
    with termination(options.out, lambda out: folder.left_behind(out, before)):
        with folder.staged(options.out) as staged, bar(console, "exporting") as progress:
            made = writing.write(options, formats, noise, staged, console, progress)
        writing.finish(options.out)
    _show(made, console)
    console.print(f"written to {options.out}; README.md there says how to use it", highlight=False, soft_wrap=True)
    broken = [f"{name}: {problem}" for name, report in made["files"].items() for problem in report["problems"]]
    if broken:
        more = f" (and {len(broken) - 1} more, see parity.json)" if len(broken) > 1 else ""
        raise BudgetBroken(f"{broken[0]}{more}; {options.out} is written all the same")


def _show(made: dict[str, Any], console: Console) -> None:
    """The files in a table."""
    table = Table("file", "MB", "ms", "memory, MB", "difference", "IoU")
    table.columns[0].no_wrap = True  # nor cut short, for they are looked for in the folder
    for name, report in made["files"].items():
        masks = report.get("masks", {})
        table.add_row(
            name,
            f"{report['bytes'] / 1e6:.2f}",
            f"{report['latency_ms']['1']['fastest']:.1f}",
            "" if report["memory_mb"] is None else f"{report['memory_mb']:.0f}",
            f"{max(output['max'] for output in report['outputs'].values()):.2g}",
            f"{masks['iou']:.4f}" if "iou" in masks else "",
        )
    if made["files"]:
        console.print(
            f"compared with Keras on {made['crops']}; int8 calibrated on {made['calibration']}", highlight=False
        )
        console.print(table)


def _formats(text: str) -> tuple[str, ...]:
    chosen = tuple(filter(None, (part.strip() for part in text.split(","))))
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown or not chosen:
        raise ValueError(f"--formats {text}: expected {' and '.join(FORMATS)}, or one of them")
    return chosen


def _noise(text: str) -> str | int:
    if text == "input":
        return text
    if text.isascii() and text.isdigit():
        return int(text)
    raise ValueError(f"--noise {text}: expected input or a seed from 0")
