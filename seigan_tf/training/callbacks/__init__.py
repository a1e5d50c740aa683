"""Keras callbacks of a training, for train.py and for `model.fit` in a notebook.

Order in the list: NotFiniteGuard comes first, so that nothing is written of an epoch that it stops; Validation adds to
the logs what the others write; Checkpointing comes last, when the rest of the epoch is on the disk. No callback changes
the model's random state: a resume repeats the same numbers.
"""

from seigan_tf.training.callbacks.base import Position, RunCallback
from seigan_tf.training.callbacks.checkpointing import Checkpointing
from seigan_tf.training.callbacks.metrics_log import MetricsLog
from seigan_tf.training.callbacks.sample_grid import SampleGrid
from seigan_tf.training.callbacks.tensorboard_log import TensorBoardLog
from seigan_tf.training.callbacks.validation import Validation
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
]
