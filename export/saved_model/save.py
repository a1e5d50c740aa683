"""Trained networks as a SavedModel: saved_model/NAME/VERSION, and serving/ with the files for the server."""

import re
from pathlib import Path

import tensorflow as tf

from seigan_tf.seigan import SEIGAN

from . import serving, signatures, versions

FOLDER = "saved_model"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check_name(name: str, field: str = "name") -> None:
    """Raise ValueError, beginning with `field`, for a name that cannot be part of a path and of a URL."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{field}: {name!r}; expected letters, digits, '.', '_' and '-', the first a letter or digit")


def write(model: SEIGAN, name: str, object_fraction: float, folder: Path) -> Path:
    """Write the next version of a trained model, saved_model/NAME/VERSION, visible only once it is complete.

    The export folder also gets serving/, with settings for the server and an example client. Clients address the model
    by `name`; `object_fraction` is as in training, in (0, 1]. Returns the folder of the new version.

    Raises:
        ValueError: `name` or `object_fraction` is invalid.
    """
    check_name(name)
    if not 0 < object_fraction <= 1:
        raise ValueError(f"object_fraction: {object_fraction}; expected more than 0, at most 1")
    functions = signatures.make(model, object_fraction)

    def fill(path: Path) -> None:
        module = tf.Module()
        # Only the variables that signatures read: no discriminators, no optimizer, no VGG-19 layers of the losses.
        read = {id(variable): variable for function in functions.values() for variable in function.variables}
        module.weights = list(read.values())
        tf.saved_model.save(module, str(path), signatures={"serving_default": functions["segment"], **functions})
        serving.write_warmup(path, name, model.networks.size)

    models = Path(folder) / FOLDER
    version = versions.write(models / name, fill)
    names = sorted(path.name for path in models.iterdir() if path.is_dir() and versions.numbers(path))
    serving.write(Path(folder) / serving.FOLDER, name, names, model.networks.size, object_fraction)
    return version
