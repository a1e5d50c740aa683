"""metrics.csv: one row per epoch."""

import csv
from pathlib import Path

from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback
from seigan_tf.utils.atomic import replacing


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
    """Read the rows of a metrics.csv by column; none if there is no file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
