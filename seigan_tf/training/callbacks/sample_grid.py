"""Pictures of samples on schedule."""

import shutil
from pathlib import Path

from seigan_tf.seigan import SEIGAN
from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback
from seigan_tf.training.samples import Samples, sample_grid
from seigan_tf.utils.atomic import replacing


class SampleGrid(RunCallback):
    """Save `step_000500.png`, and a copy of it as `latest.png`.

    Args:
        seigan: the model to show; `fit` trains it, or its segmenter.
        folder: destination; it is made if it is missing.
        samples: the fixed crops to show.
        every: epochs between two pictures.
        start: position of the run before the first `fit`.
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
