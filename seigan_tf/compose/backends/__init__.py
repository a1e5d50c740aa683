"""The three networks that full-size photographs need, run by Keras or by LiteRT."""

from pathlib import Path
from typing import Protocol

import numpy as np

from seigan_tf import pretrained
from seigan_tf.compose.backends.litert_backend import MODEL_JSON, LiteRTBackend


class Backend(Protocol):
    """Segmenter, inpainter and enhancer of crops [N, S, S, 3], uint8 or float32 in [-1, 1]."""

    name: str
    """Name of the weights."""
    size: int
    """S, the side of the crops in pixels."""
    object_fraction: float
    """Long side of the object's box, as a fraction of the crop's side."""
    confine_mask: bool
    """Whether masks are 0 outside the box."""

    def segment(self, images: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Masks, float32 [N, S, S, 1] in [0, 1], of crops with boxes [N, 4]: relative [ymin, xmin, ymax, xmax]."""

    def inpaint(self, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Crops restored inside masks [N, S, S, 1]: float32 [N, S, S, 3] in [-1, 1]."""

    def enhance(self, images: np.ndarray) -> np.ndarray:
        """Coarse pastes with natural light and colours: float32 [N, S, S, 3] in [-1, 1]."""


def load_backend(weights: str | Path) -> Backend:
    """LiteRT for an export folder, without TensorFlow and Keras; Keras for all other weights.

    Args:
        weights: an export folder, a shipped name, a run folder or a .keras file.

    Raises:
        ValueError: there are no such weights, or they cannot be used.
    """
    if str(weights) not in pretrained.names() and (Path(weights) / MODEL_JSON).is_file():
        return LiteRTBackend(weights)
    from seigan_tf.compose.backends.keras_backend import KerasBackend
    from seigan_tf.inference import loading

    found = loading.find(weights)
    return KerasBackend(loading.load_model(weights), found.object_fraction, found.name)
