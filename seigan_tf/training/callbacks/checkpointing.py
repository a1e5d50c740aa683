"""Checkpoints and weights, on schedule and after a signal."""

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import keras
from keras.src.backend.common import global_state
from keras.src.saving import saving_lib

from seigan_tf.training import checkpoint
from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback, Stopped
from seigan_tf.training.callbacks.monitoring import check_finite
from seigan_tf.utils.atomic import replacing


class Interrupted(Stopped):
    """A signal was received; everything is saved.

    Args:
        message: one line.
        number: of the signal.
    """

    def __init__(self, message: str, number: int):
        super().__init__(message)
        self.exit_code = 128 + number


class SignalCatcher:
    """Context that holds back Ctrl-C and SIGTERM, so that the running step can end and be saved.

    The second signal is not held back: it raises KeyboardInterrupt.

    Args:
        largest: function of the largest number among the processes that train together, so that all of them stop after
            the same step; default: there is one process.
    """

    def __init__(self, largest: Callable[[int], int] = int):
        self._largest = largest
        self.received = 0

    def agreed(self) -> int:
        """Return the number of the signal that this process, or another, received; or 0."""
        return self._largest(self.received)

    def __enter__(self) -> Self:
        self._previous = {number: signal.signal(number, self._receive) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _receive(self, number, _frame):
        if self.received:
            raise KeyboardInterrupt
        self.received = number


class Checkpointing(RunCallback):
    """Saver of the model and a checkpoint of the same step, after each epoch and after a signal.

    After a signal the running step ends, and training then stops. A checkpoint in the middle of an epoch also has the
    sums of its metrics, from which a resumed run continues, so that the row of this epoch covers all of its steps. The
    weights of a finished run are those of its last step; no epoch is chosen by validation masks.

    Args:
        folder: of the checkpoints.
        weights: the `.keras` file of the model.
        signals: read after each step.
        resume_command: for the message after a signal.
        metrics: "metrics" of the progress in the checkpoint of `start`, if that is in the middle of an epoch.
        facts: further JSON values for the progress in every checkpoint.

    Raises:
        Interrupted: in `fit`, when a signal was received.
        NotFinite: a weight is not finite; nothing is saved then.
    """

    def __init__(
        self,
        folder: Path,
        weights: Path,
        signals: SignalCatcher,
        resume_command: str,
        start: Position = BEGINNING,
        metrics: Mapping[str, float] | None = None,
        facts: Mapping[str, Any] | None = None,
    ):
        super().__init__(start)
        self.folder = Path(folder)
        self.weights = Path(weights)
        self.signals = signals
        self.resume_command = resume_command
        self._facts = facts or {}
        self._metrics = dict(metrics or {})
        # At every save Keras 3.15 makes an optimizer to know its attributes, and under TensorFlow not all of it is
        # freed: it keeps the names under another key than it looks for (findings/keras_saving_cache.sh).
        names = saving_lib.get_attr_skipset("Optimizer")
        global_state.set_global_attribute("saving_attr_skiplist_Optimizer", names)

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        # `fit` has just set the metrics to zero.
        for variable in self.model.metrics_variables:
            if variable.path in self._metrics:
                variable.assign(self._metrics[variable.path])
        self._metrics = {}

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        # The last step of an epoch belongs to the epoch's end, whose validation a resume would not repeat.
        if batch + 1 >= self.params["steps"]:
            return
        if received := self.signals.agreed():
            if hasattr(self.model, "jax_state_sync"):
                self.model.jax_state_sync()
            metrics = {variable.path: variable.numpy().item() for variable in self.model.metrics_variables}
            self._save_and_stop(received, metrics)

    def on_epoch_end(self, epoch, logs=None):
        if received := self.signals.agreed():
            self._save_and_stop(received)
        self._save()

    def _save(self, metrics: Mapping[str, float] | None = None) -> None:
        state = self.model.state()
        check_finite(state, self.position.step)
        self.weights.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.weights) as temporary:
            self.model.save(temporary)
        # Second, so that a kill between the two repeats the steps whose weights are saved, and never skips one.
        backend = keras.backend.backend()
        progress = {**self.position._asdict(), "backend": backend, "metrics": metrics or {}, **self._facts}
        checkpoint.save(self.folder, state, progress)

    def _save_and_stop(self, number: int, metrics: Mapping[str, float] | None = None) -> None:
        self._save(metrics)
        raise Interrupted(
            f"interrupted after step {self.position.step}, which is saved; continue with: {self.resume_command}", number
        )
