"""The networks of a trained model, run by Keras."""

from functools import partial
from pathlib import Path

from seigan_tf.inference import arrays
from seigan_tf.inference.loading import load_model
from seigan_tf.inference.weights import find
from seigan_tf.seigan import SEIGAN


class KerasBackend:
    """`Backend` of a trained model."""

    def __init__(self, model: SEIGAN, name: str = "model"):
        self.name = name
        self.size = model.networks.size
        self.object_fraction = model.object_fraction
        self.confine_mask = model.networks.confine_mask
        self.outside_contrast = model.networks.outside_contrast
        self.segment = partial(arrays.segment, model)
        self.inpaint = partial(arrays.inpaint, model)
        self.enhance = partial(arrays.enhance, model)


def load(weights: str | Path) -> KerasBackend:
    """The backend of a shipped name, a run folder or a `.keras` file; raises ValueError as `load_model`."""
    return KerasBackend(load_model(weights), find(weights).name)
