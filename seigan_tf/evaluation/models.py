"""Models whose masks are measured: of a SEIGAN or of Supervised."""

from pathlib import Path
from typing import NamedTuple

from seigan_tf import config, loading
from seigan_tf.seigan import SEIGAN
from seigan_tf.supervised import MODEL_FILE, Supervised


class Loaded(NamedTuple):
    """A model to measure."""

    model: SEIGAN | Supervised
    object_fraction: float
    """Long side of the object's box by the crop's side, as in training."""


def load(weights: str) -> Loaded:
    """The model of shipped weights, a run folder (of Supervised too) or a `.keras` file of a SEIGAN.

    Raises:
        ValueError: there is no model at `weights`, or the file is damaged or holds another one.
    """
    folder = Path(weights)
    file = folder / MODEL_FILE
    if not file.is_file():
        return Loaded(loading.load(weights), loading.find(weights).object_fraction)
    return Loaded(loading.read(file, Supervised), config.load(folder / "config.json").data.object_fraction)
