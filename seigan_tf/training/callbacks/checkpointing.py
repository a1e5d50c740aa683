"""Checkpoints on schedule and on request."""

from pathlib import Path

import keras
import numpy as np

from seigan_tf.training import checkpoint
from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback
from seigan_tf.training.stops import Interrupted, NotFinite, SignalCatcher


class Checkpointing(RunCallback):
    """Saves a checkpoint at the end of each epoch; after a signal at the end of the running step, then leaves.

    Args:
        folder: where to.
        signals: asked after each step.
        resume_command: told to whoever interrupts.

    Raises:
        Interrupted: in `fit`, when a signal was received.
        NotFinite: a weight is not finite; nothing is saved then.
    """

    def __init__(self, folder: Path, signals: SignalCatcher, resume_command: str, start: Position = BEGINNING):
        super().__init__(start)
        self.folder = Path(folder)
        self.signals = signals
        self.resume_command = resume_command

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        # The last step of an epoch belongs to the epoch's end, whose validation a resume would not repeat.
        if self.signals.received is not None and batch + 1 < self.params["steps"]:
            if hasattr(self.model, "jax_state_sync"):
                self.model.jax_state_sync()
            self._save_and_leave()

    def on_epoch_end(self, epoch, logs=None):
        if self.signals.received is not None:
            self._save_and_leave()
        self._save()

    def _save(self) -> None:
        state = self.model.state()
        for name, array in state.items():
            if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
                raise NotFinite(f"step {self.position.step}: {name} is not finite; the last good checkpoint is kept")
        checkpoint.save(self.folder, state, {**self.position._asdict(), "backend": keras.backend.backend()})

    def _save_and_leave(self) -> None:
        self._save()
        raise Interrupted(
            f"interrupted after step {self.position.step}, which is saved; continue with: {self.resume_command}",
            self.signals.received,
        )
