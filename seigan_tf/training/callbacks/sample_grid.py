"""Pictures of samples on schedule."""

import shutil
from pathlib import Path

from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback
from seigan_tf.training.samples import Samples, sample_grid
from seigan_tf.utils.atomic import replacing


class SampleGrid(RunCallback):
    """Saves `step_000500.png` and the same as `latest.png`.

    Args:
        folder: where to; made if it is missing.
        samples: the fixed crops to show.
        every: epochs between two pictures.
    """

    def __init__(self, folder: Path, samples: Samples, every: int = 1, start: Position = BEGINNING):
        super().__init__(start)
        self.folder = Path(folder)
        self.samples = samples
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            save_grid(self.model, self.samples, self.folder, f"step_{self.position.step:06d}.png")


def save_grid(model, samples: Samples, folder: Path, name: str) -> Path:
    """Draws the samples with the model as it is; returns the path of `latest.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    latest = folder / "latest.png"
    with replacing(folder / name) as temporary:
        sample_grid(model, samples).save(temporary, format="PNG")
    with replacing(latest) as temporary:
        shutil.copyfile(folder / name, temporary)
    return latest
