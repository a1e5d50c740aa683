"""Callbacks that record a run: metrics.csv, TensorBoard scalars and pictures of samples."""

import csv
import shutil
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from seigan_tf.seigan import SEIGAN
from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback
from seigan_tf.training.samples import Samples, sample_grid
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.full_disk import naming_full_disk


class MetricsLog(RunCallback):
    """Writer of step, seconds and all logs of each epoch to a CSV file, which is never torn.

    Args:
        path: the file. Rows up to `start` are kept; later ones come from steps that a resume repeats.
    """

    def __init__(self, path: Path, start: Position = BEGINNING):
        super().__init__(start)
        self.path = Path(path)
        self.rows = [row for row in read_rows(self.path) if int(row["step"]) <= start.step]

    def on_epoch_end(self, epoch, logs=None):
        position = self.position
        values = {name: f"{value:.6g}" for name, value in (logs or {}).items()}
        self.rows.append({"step": str(position.step), "seconds": f"{position.seconds:.1f}", **values})
        # Written anew: a row is never torn, and a column that appears late is no special case.
        columns = list(dict.fromkeys(column for row in self.rows for column in row))
        with replacing(self.path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(self.rows)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read the rows of a metrics.csv by column; none if there is no file.

    Raises ValueError if the file was changed so that a row has no step.
    """
    if not path.exists():
        return []
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows, 1):
        if not (row.get("step") or "").isdecimal():
            raise ValueError(
                f"{path}: row {number} has no step, expected columns with commas between; restore the file"
            )
    return rows


class TensorBoardLog(RunCallback):
    """Writer of the logs of each epoch as scalars to an event file in `folder`.

    `keras.callbacks.TensorBoard` needs TensorFlow, also under JAX; the files are simple enough to write with the
    tensorboard package alone, which numbers them by step, too.
    """

    def __init__(self, folder: Path, start: Position = BEGINNING):
        super().__init__(start)
        self.folder = Path(folder)
        self._writer: RecordWriter | None = None

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if self._writer is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            # TensorBoard looks for names with tfevents; later files sort behind earlier ones.
            self._writer = RecordWriter((self.folder / f"events.out.tfevents.{time.time_ns()}").open("wb"))
            self._write(self._writer, 0, file_version="brain.Event:2")
            # Makes TensorBoard forget what an interrupted run wrote from the next step on.
            self._write(self._writer, self.position.step + 1, session_log=SessionLog(status=SessionLog.START))

    def on_epoch_end(self, epoch, logs=None):
        values = [Summary.Value(tag=name, simple_value=value) for name, value in (logs or {}).items()]
        if self._writer is not None:
            self._write(self._writer, self.position.step, summary=Summary(value=values))

    def _write(self, writer: RecordWriter, step: int, **content) -> None:
        with naming_full_disk(self.folder):
            writer.write(Event(wall_time=time.time(), step=step, **content).SerializeToString())
            writer.flush()


class SampleGrid(RunCallback):
    """Drawer of the samples into `step_000500.png` and `latest.png`, on schedule.

    Args:
        seigan: the model to show; `fit` trains it, or its segmenter.
        folder: destination; it is made if it is missing.
        samples: the fixed crops to show.
        every: epochs between two pictures.
    """

    def __init__(self, seigan: SEIGAN, folder: Path, samples: Samples, every: int = 1, start: Position = BEGINNING):
        super().__init__(start)
        self.seigan = seigan
        self.folder = Path(folder)
        self.samples = samples
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            save_grid(self.seigan, self.samples, self.folder, f"step_{self.position.step:06d}.png")


def save_grid(model: SEIGAN, samples: Samples, folder: Path, name: str) -> Path:
    """Draw the samples into `folder`/`name` and `latest.png`; return the path of the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    latest = folder / "latest.png"
    with replacing(folder / name) as temporary:
        sample_grid(model, samples).save(temporary, format="PNG")
    with replacing(latest) as temporary:
        shutil.copyfile(folder / name, temporary)
    return latest
