"""A trained Keras model as a backend."""

from functools import partial

from seigan_tf.inference import arrays
from seigan_tf.seigan import SEIGAN


class KerasBackend:
    """`Backend` of a model.

    Args:
        model: a trained SEIGAN.
        object_fraction: long side of the object's box, as a fraction of the crop's side, as in training.
        name: name of the weights.
    """

    def __init__(self, model: SEIGAN, object_fraction: float, name: str = "model"):
        self.name = name
        self.size = model.networks.size
        self.object_fraction = object_fraction
        self.confine_mask = model.networks.confine_mask
        self.segment = partial(arrays.segment, model)
        self.inpaint = partial(arrays.inpaint, model)
        self.enhance = partial(arrays.enhance, model)
