"""Loading of trained models by Keras."""

from pathlib import Path

import keras

from seigan_tf.inference.weights import find
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.text import one_line


def load_model(weights: str | Path) -> SEIGAN:
    """Load shipped weights, a run folder or a `.keras` file; the model is compiled as it was saved.

    Raises:
        ValueError: there is no model at `weights`, the file is damaged or holds another one, or config.json tells
            another scale of its crops.
    """
    found = find(weights)
    file = found.file
    try:
        model = keras.models.load_model(file)
    except Exception as error:  # zipfile, h5py and Keras raise many types for damaged files
        raise ValueError(f"{file}: not a model that was saved whole ({one_line(error)})") from None
    if not isinstance(model, SEIGAN):
        raise ValueError(f"{file}: holds a {type(model).__name__}; expected a SEIGAN")
    if found.object_fraction != model.object_fraction:
        raise ValueError(
            f"{found.folder}: in {file.name} objects take {model.object_fraction:g} of the crops' sides, but in"
            f" config.json {found.object_fraction:g} (data.object_fraction); expected the same"
        )
    return model
