"""The three networks that full-size photographs need, run by LiteRT or by Keras."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from seigan_tf import pretrained
from seigan_tf.compose.litert_backend import MODEL_JSON, LiteRTBackend
from seigan_tf.inference.weights import Weights, find
from seigan_tf.utils.digest import sha256
from seigan_tf.utils.json_file import read_json

Choice = Literal["auto", "keras"]
"""auto: LiteRT if the weights have TFLite files, Keras otherwise; keras: Keras, to compare the two."""


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
    outside_contrast: float
    """Contrast outside the box in the crop that the segmenter sees, 0 to 1; `segment` fades the crops itself."""

    def segment(self, images: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Masks, float32 [N, S, S, 1] in [0, 1], of crops with boxes [N, 4]: relative [ymin, xmin, ymax, xmax]."""

    def inpaint(self, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Crops restored inside masks [N, S, S, 1]: float32 [N, S, S, 3] in [-1, 1]."""

    def enhance(self, images: np.ndarray) -> np.ndarray:
        """Coarse pastes with natural light and colours: float32 [N, S, S, 3] in [-1, 1]."""


def load_backend(
    weights: str | Path, choice: Choice = "auto", warn: Callable[[str], None] = lambda line: None
) -> Backend:
    """Load the networks of a shipped name, a run folder, a `.keras` file or an export folder.

    Args:
        weights: trained weights. Shipped and packed ones have TFLite files, and an export folder has nothing else.
        choice: LiteRT or Keras.
        warn: receives one line if Keras runs the networks because LiteRT cannot.

    Raises:
        ValueError: there are no such weights, or they cannot be used.
    """
    if str(weights) not in pretrained.names() and (Path(weights) / MODEL_JSON).is_file():
        if choice == "keras":
            raise ValueError(f"{weights}: an export folder, which Keras cannot load; expected a run folder or a name")
        return LiteRTBackend(weights)
    found = find(weights)
    if choice == "keras":
        return _keras_backend(weights)
    obstacle = _obstacle(found)
    if obstacle is None:
        return LiteRTBackend(found.file.parent)
    try:
        backend = _keras_backend(weights)
    except ModuleNotFoundError as error:
        if error.name != "keras":
            raise
        instead = 'Keras, which would run it, is not installed: pip install "seigan-tf[train]" (in a clone ".[train]")'
        raise ValueError(f"{weights}: {obstacle}, and {instead}") from None
    warn(
        f"{weights}: {obstacle}, so Keras runs it; `python -m {_pack_module()} --weights {weights} --out DIR` makes"
        " a folder that runs without TensorFlow, in less time and memory"
    )
    return backend


def _keras_backend(weights: str | Path) -> Backend:
    from seigan_tf.compose import keras_backend

    return keras_backend.load(weights)


def _obstacle(found: Weights) -> str | None:
    """The reason why LiteRT cannot run the weights; None if it can."""
    path = found.file.parent / MODEL_JSON
    if found.folder is None or not path.is_file():
        return "has no TFLite files"
    try:
        digest = read_json(path).get("weights")
    except (ValueError, AttributeError):
        digest = None
    if digest != sha256(found.file):
        return f"its TFLite files are not those of {found.file.name}"
    return None


def _pack_module() -> str:
    """Name of the module that makes TFLite files: one of the repository, or one of the installed package."""
    installed = (Path(__file__).parents[1] / "export").is_dir()
    return "seigan_tf.export.pack" if installed else "export.pack"
