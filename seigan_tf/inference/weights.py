"""Trained weights on disk: shipped ones, run folders and `.keras` files, found without Keras."""

import json
import zipfile
from pathlib import Path
from typing import NamedTuple

from seigan_tf import config, pretrained
from seigan_tf.config import DataConfig
from seigan_tf.utils.text import one_line

MODEL_FILE = "weights/seigan.keras"
"""Path of the model in a run folder."""


class Weights(NamedTuple):
    """A trained model on disk, and facts about its training."""

    name: str
    """Name of the run or of the shipped weights."""
    file: Path
    """The `.keras` file."""
    folder: Path | None
    """The run folder, or that of the shipped weights; None if only a file is given."""
    object_fraction: float
    """Long side of the object's box by the crop's side, as in training."""
    segments_only: bool
    """True after a supervised or distill run, which trains the segmenter alone; False if only a file is given."""


def find(weights: str | Path) -> Weights:
    """Find a trained model by a shipped name, a run folder `runs/NAME`, or a `.keras` file.

    A folder with a shipped name is found by the text "./NAME" or its absolute path, but not by Path("./NAME"), as
    pathlib drops the dot.

    Raises:
        ValueError: there is no trained model, or the file or the folder's config.json cannot be read.
    """
    path = Path(weights)
    if str(weights) in pretrained.names():
        path = pretrained.folder(str(weights))
    folder = path if path.is_dir() else None
    file = path if folder is None else folder / MODEL_FILE
    if not file.is_file():
        if folder is not None and (folder / "recipe.json").is_file():
            raise ValueError(
                f"{weights}: this recipe has not come to the end of its trainings; expected one that has, or the folder"
                f" of a finished stage, such as {Path(weights) / 'segmenter'}"
            )
        shipped = f"shipped weights ({', '.join(pretrained.names())}), " if pretrained.names() else ""
        raise ValueError(
            f"{weights}: no trained model; expected {shipped}a run folder with {MODEL_FILE}, or a .keras file"
        )
    name = path.stem if folder is None else folder.resolve().name
    if folder is None or not (folder / "config.json").is_file():
        return Weights(name, file, folder, _object_fraction(file), segments_only=False)
    settings = config.load_config(folder / "config.json")
    return Weights(
        name, file, folder, settings.data.object_fraction, settings.training.task in ("supervised", "distill")
    )


def _object_fraction(file: Path) -> float:
    """Read the argument of SEIGAN with which a model was saved."""
    try:
        with zipfile.ZipFile(file) as archive:
            saved = json.loads(archive.read("config.json"))
        return saved["config"].get("object_fraction", DataConfig.object_fraction)
    except Exception as error:  # zipfile raises many types for damaged files
        raise ValueError(f"{file}: not a model that was saved whole ({one_line(error)})") from None
