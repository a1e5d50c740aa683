"""Keras callbacks of a training, for train.py and for `model.fit` in a notebook.

Order in the list: NotFiniteGuard comes first, so that nothing is written of an epoch that it stops; Validation adds to
the logs what the others write; Checkpointing comes after them, when the rest of the epoch is on the disk, and a
CollapseWarning that stops the run comes last. No callback changes
the model's random state: a resume repeats the same numbers.
"""

from seigan_tf.training.callbacks.base import Position, RunCallback
from seigan_tf.training.callbacks.checkpointing import Checkpointing
from seigan_tf.training.callbacks.monitoring import CollapseWarning, NotFiniteGuard, Validation
from seigan_tf.training.callbacks.progress import ProgressDisplay
from seigan_tf.training.callbacks.recording import MetricsLog, SampleGrid, TensorBoardLog

__all__ = [
    "Checkpointing",
    "CollapseWarning",
    "MetricsLog",
    "NotFiniteGuard",
    "Position",
    "ProgressDisplay",
    "RunCallback",
    "SampleGrid",
    "TensorBoardLog",
    "Validation",
]
