"""The three networks as full-size photographs need them, from a Keras model or from exported LiteRT files."""

from pathlib import Path
from typing import Protocol

import numpy as np

from seigan_tf import pretrained

MODEL_JSON = "model.json"
"""In an export folder: what its files are."""


class Networks(Protocol):
    """What cuts, restores and harmonises crops. Images come as uint8 or float32 in [-1, 1]."""

    name: str
    size: int
    """Side of the crops in pixels."""
    object_fraction: float
    """Long side of the object's box by the crop's side."""
    confine_mask: bool
    """Masks are 0 outside the box."""

    def segment(self, images: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Masks of crops [N, S, S, 3] with boxes [N, 4] (ymin, xmin, ymax, xmax): float32 [N, S, S, 1] in [0, 1]."""

    def inpaint(self, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Crops restored where masks [N, S, S, 1] are: float32 [N, S, S, 3] in [-1, 1]."""

    def enhance(self, images: np.ndarray) -> np.ndarray:
        """Coarse pastes made natural: float32 [N, S, S, 3] in [-1, 1]."""


def load(weights: str | Path) -> Networks:
    """The networks of an export folder (by LiteRT, without TensorFlow and Keras) or of trained weights (by Keras).

    Args:
        weights: an export folder, a shipped name, a run folder or a .keras file.

    Raises:
        ValueError: there are none, or they cannot be used.
    """
    if str(weights) not in pretrained.names() and (Path(weights) / MODEL_JSON).is_file():
        from seigan_tf.compose.litert_networks import LiteRTNetworks

        return LiteRTNetworks(weights)
    from seigan_tf.compose.keras_networks import KerasNetworks

    return KerasNetworks.load(weights)
