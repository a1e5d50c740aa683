"""Loading of trained models: shipped weights, run folders and `.keras` files."""

from pathlib import Path
from typing import NamedTuple

import keras

from seigan_tf import config, pretrained
from seigan_tf.config import Config, DataConfig
from seigan_tf.seigan import SEIGAN

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
    """Long side of the object's box by the crop's side, as in training; the default if only a file is given."""
    segments_only: bool
    """True after a supervised or distill run, which trains the segmenter alone; False if only a file is given."""


def find(weights: str | Path) -> Weights:
    """Find a trained model by a shipped name, a run folder `runs/NAME`, or a `.keras` file.

    A folder with a shipped name is found by the text "./NAME" or its absolute path, but not by Path("./NAME"), as
    pathlib drops the dot.

    Raises:
        ValueError: there is no trained model, or the folder's config.json cannot be read.
    """
    path = Path(weights)
    if str(weights) in pretrained.names():
        path = pretrained.folder(str(weights))
    folder = path if path.is_dir() else None
    file = path if folder is None else folder / MODEL_FILE
    if not file.is_file():
        shipped = f"shipped weights ({', '.join(pretrained.names())}), " if pretrained.names() else ""
        raise ValueError(
            f"{weights}: no trained model; expected {shipped}a run folder with {MODEL_FILE}, or a .keras file"
        )
    if folder is None:
        return Weights(path.stem, file, None, DataConfig().object_fraction, segments_only=False)
    path = folder / "config.json"
    settings = config.load_config(path) if path.is_file() else Config()
    name, fraction = folder.resolve().name, settings.data.object_fraction
    return Weights(name, file, folder, fraction, settings.training.task != "seigan")


def load_model(weights: str | Path) -> SEIGAN:
    """Load shipped weights, a run folder or a `.keras` file; the model is compiled as it was saved.

    Raises:
        ValueError: there is no model at `weights`, or the file is damaged or holds another one.
    """
    file = find(weights).file
    try:
        model = keras.models.load_model(file)
    except Exception as error:  # zipfile, h5py and Keras raise many types for damaged files
        raise ValueError(f"{file}: not a model that was saved whole ({str(error).splitlines()[0]})") from None
    if not isinstance(model, SEIGAN):
        raise ValueError(f"{file}: holds a {type(model).__name__}; expected a SEIGAN")
    return model
