"""Trained models from where they were saved."""

from pathlib import Path

import keras

from seigan_tf.seigan import SEIGAN

MODEL_FILE = "weights/seigan.keras"
"""Where a run folder keeps its model."""


def load(path: str | Path) -> SEIGAN:
    """The model of a run folder, `runs/NAME`, or of a `.keras` file, compiled as it was.

    Raises:
        ValueError: there is no model at `path`, or the file is damaged or holds another one.
    """
    file = Path(path) / MODEL_FILE if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise ValueError(f"{path}: no trained model; expected a run folder with {MODEL_FILE}, or a .keras file")
    try:
        model = keras.models.load_model(file)
    except Exception as error:  # zipfile, h5py and Keras raise many types, by what is wrong with the file
        raise ValueError(f"{file}: not a model that was saved whole ({str(error).splitlines()[0]})") from None
    if not isinstance(model, SEIGAN):
        raise ValueError(f"{file}: holds a {type(model).__name__}; expected a SEIGAN")
    return model
