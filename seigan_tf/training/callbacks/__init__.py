"""Keras callbacks of a training, for train.py as for `model.fit` in a notebook.

Order in the list: Validation adds to the logs what the others write, and Checkpointing comes last, when the rest of the
epoch is on the disk. None of them touches the model's random state, so that a resume repeats the same numbers.
"""

from seigan_tf.training.callbacks.base import Position, RunCallback
from seigan_tf.training.callbacks.checkpointing import Checkpointing
from seigan_tf.training.callbacks.metrics_log import MetricsLog
from seigan_tf.training.callbacks.sample_grid import SampleGrid
from seigan_tf.training.callbacks.tensorboard_log import TensorBoardLog
from seigan_tf.training.callbacks.validation import Validation, WeightsKeeper
from seigan_tf.training.callbacks.watch import CollapseWarning, NotFiniteGuard

__all__ = [
    "Checkpointing",
    "CollapseWarning",
    "MetricsLog",
    "NotFiniteGuard",
    "Position",
    "RunCallback",
    "SampleGrid",
    "TensorBoardLog",
    "Validation",
    "WeightsKeeper",
]
