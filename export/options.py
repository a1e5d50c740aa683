"""Arguments of the export command, read and checked without TensorFlow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from seigan_tf import pretrained

DESCRIPTION = """Convert trained weights to files for phones, browsers and TF Serving.

  python -m export --weights runs/cats --out cats-export

Writes segmenter, inpainter, enhancer and composer as TFLite in float32, float16 and int8; a SavedModel; a page that
runs them in the browser; a README for developers; and parity.json, which compares every file with the Keras networks.
Exit code 1: a file exceeds its error budget.
"""
FORMATS = ("tflite", "saved_model")


@dataclass(frozen=True)
class Options:
    """Arguments of the command; the docstrings of the fields are its help."""

    out: Path
    """Folder to write: a new one, or an earlier export to renew."""
    weights: str = pretrained.DEFAULT
    """A shipped name, a run folder (runs/NAME) or a .keras file."""
    formats: Annotated[str, tyro.conf.arg(metavar="tflite,saved_model")] = ",".join(FORMATS)
    """Formats to write, separated by a comma."""
    dynamic: bool = False
    """Also write TFLite with int8 weights and float32 activations (dynamic range), which needs no calibration."""
    int8_edges: Literal["float", "uint8"] = "float"
    """Images and masks at the edges of int8 files. float: in [-1, 1] and [0, 1], which MediaPipe requires."""
    noise: Annotated[str, tyro.conf.arg(metavar="SEED|input")] = "0"
    """Noise of inpainter and enhancer in TFLite files: a seed for constant noise (0 as in SEIGAN), or one more input.
    The SavedModel always uses seed 0."""
    label: str = "object"
    """Label of the mask in the segmenter's metadata."""
    images: Path | None = None
    """Photographs for the comparison. Default: the run's validation photographs."""
    annotations: Path | None = None
    """File or folder with their boxes, and masks if there are any. Default: the only such file in --images."""
    calibration_images: Path | None = None
    """Photographs to calibrate int8. Default: the run's training photographs."""
    calibration_annotations: Path | None = None
    """File or folder with their boxes. Default: the only such file in --calibration-images."""
    calibration_crops: int = 50
    """Largest number of crops for calibration."""
    crops: int = 200
    """Largest number of crops for the comparison."""
    runs: int = 30
    """Timed calls for each file and number of threads."""

    @property
    def chosen_formats(self) -> tuple[str, ...]:
        """Members of FORMATS; raises ValueError if --formats is empty or names something else."""
        chosen = tuple(filter(None, (part.strip() for part in self.formats.split(","))))
        if not chosen or not set(chosen) <= set(FORMATS):
            raise ValueError(f"--formats {self.formats}: expected {' and '.join(FORMATS)}, or one of them")
        return chosen

    @property
    def noise_source(self) -> str | int:
        """A seed, or "input"; raises ValueError if --noise is neither."""
        if self.noise == "input":
            return self.noise
        if self.noise.isascii() and self.noise.isdigit():
            return int(self.noise)
        raise ValueError(f"--noise {self.noise}: expected input or a seed from 0")


def parse(arguments: Sequence[str]) -> Options:
    """Read and check arguments.

    Raises:
        ValueError: a value is out of its range, or a folder is missing; the message names the option.
        SystemExit: --help, or an option that is unknown or of another type.
    """
    package = "python -m " + __package__
    options = tyro.cli(Options, args=list(arguments), prog=package, description=DESCRIPTION)
    _ = options.chosen_formats, options.noise_source  # raise for bad values
    for name in ("calibration_crops", "crops", "runs"):
        if getattr(options, name) < 1:
            raise ValueError(f"--{name.replace('_', '-')} {getattr(options, name)}: expected at least 1")
    for prefix, images, annotations in (
        ("--", options.images, options.annotations),
        ("--calibration-", options.calibration_images, options.calibration_annotations),
    ):
        if annotations is not None and images is None:
            raise ValueError(f"{prefix}annotations {annotations}: needs {prefix}images too")
        if images is not None and not images.is_dir():
            raise ValueError(f"{prefix}images {images}: no such folder; expected one of photographs")
    if not options.label.strip() or options.label.splitlines() != [options.label]:
        raise ValueError(f"--label {options.label!r}: expected one line of text")
    return options
