"""TensorBoard scalars.

`keras.callbacks.TensorBoard` needs TensorFlow, also under JAX; the files are simple enough to write with the
tensorboard package alone, which numbers them by step, too.
"""

import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback


class TensorBoardLog(RunCallback):
    """Writer of the logs of each epoch as scalars to an event file in `folder`."""

    def __init__(self, folder: Path, start: Position = BEGINNING):
        super().__init__(start)
        self.folder = Path(folder)
        self._writer = None

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if self._writer is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            # The name's form is what TensorBoard looks for: tfevents, and later files sort behind earlier ones.
            self._writer = RecordWriter((self.folder / f"events.out.tfevents.{time.time_ns()}").open("wb"))
            self._write(0, file_version="brain.Event:2")
            # Tells TensorBoard to forget what an interrupted run wrote from the next step on.
            self._write(self.position.step + 1, session_log=SessionLog(status=SessionLog.START))

    def on_epoch_end(self, epoch, logs=None):
        values = [Summary.Value(tag=name, simple_value=value) for name, value in (logs or {}).items()]
        self._write(self.position.step, summary=Summary(value=values))

    def _write(self, step: int, **content) -> None:
        event = Event(wall_time=time.time(), step=step, **content)
        self._writer.write(event.SerializeToString())
        self._writer.flush()
