"""The bases of the callbacks, which count steps and seconds, and of the errors that stop a run."""

import time
from typing import NamedTuple

import keras


class Stopped(RuntimeError):
    """Error that stops a training early; the message is one line with the reason and what to do."""

    exit_code = 1
    """Exit code of the command."""


class Position(NamedTuple):
    """Progress of a run over all its resumes."""

    step: int = 0
    """Number of finished steps."""
    seconds: float = 0.0
    """Time spent in training, in seconds."""


BEGINNING = Position()


class RunCallback(keras.callbacks.Callback):
    """Callback that counts steps and seconds over any number of calls of `fit`.

    Args:
        start: position of the run before the first `fit`; so for all callbacks here.
    """

    def __init__(self, start: Position = BEGINNING):
        super().__init__()
        self._start = start
        self._steps = 0
        self._steps_before = 0  # those of earlier epochs
        self._began: float | None = None

    @property
    def position(self) -> Position:
        seconds = 0.0 if self._began is None else time.monotonic() - self._began
        return Position(self._start.step + self._steps, self._start.seconds + seconds)

    def on_train_begin(self, logs=None):
        if self._began is None:
            self._began = time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        self._steps_before = self._steps

    def on_train_batch_end(self, batch, logs=None):
        # `batch` is the index of the last step: with `steps_per_execution` Keras calls once for several.
        self._steps = self._steps_before + batch + 1
