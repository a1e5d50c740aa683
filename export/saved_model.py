"""Trained networks as a SavedModel for TensorFlow Serving: saved_model/NAME/VERSION, and what serving it takes."""

import re
from pathlib import Path

import keras
import tensorflow as tf

from seigan_tf.seigan import SEIGAN

from . import serving_files, serving_signatures, serving_warmup, versions

FOLDER = "saved_model"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check_name(name: str, what: str = "name") -> None:
    """Raises ValueError for a name that is no path or URL part; `what` begins the message."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{what}: {name!r}; expected letters, digits, '.', '_' and '-', the first a letter or digit")


def write(model: SEIGAN, name: str, object_fraction: float, folder: Path) -> Path:
    """Writes the next version of the model, visible only once it is whole, and the files beside it.

    Args:
        model: trained.
        name: by which clients ask the server for it.
        object_fraction: long side of the object's box by the crop's side, as in training; in (0, 1].
        folder: of the export. Gets saved_model/NAME/VERSION with warm-up requests, and serving/ with the files for the
            server and example clients.

    Returns:
        The folder of the new version.

    Raises:
        ValueError: a name that is no path or URL part, an object_fraction out of its range, or a backend other than
            TensorFlow.
        OSError: the folder cannot be written to.
    """
    check_name(name)
    if not 0 < object_fraction <= 1:
        raise ValueError(f"object_fraction: {object_fraction}; expected more than 0, at most 1")
    if keras.backend.backend() != "tensorflow":
        raise ValueError(f"KERAS_BACKEND: {keras.backend.backend()}; expected tensorflow, which writes SavedModels")
    functions = serving_signatures.make(model, object_fraction)

    def fill(path: Path) -> None:
        module = tf.Module()
        # Only what the signatures read: no discriminators, no optimizer, no layers of VGG-19 that only losses ask for.
        read = {id(variable): variable for function in functions.values() for variable in function.variables}
        module.weights = list(read.values())
        tf.saved_model.save(module, str(path), signatures={"serving_default": functions["segment"], **functions})
        serving_warmup.write(path, name, model.networks.size)

    models = Path(folder) / FOLDER
    version = versions.write(models / name, fill)
    names = sorted(path.name for path in models.iterdir() if path.is_dir() and versions.numbers(path))
    serving = Path(folder) / serving_files.FOLDER
    serving_files.write(serving, name, names, model.networks.size, object_fraction)
    return version
