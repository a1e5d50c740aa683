"""Progress of a training: a bar on a terminal, a line per epoch elsewhere."""

from datetime import timedelta
from typing import Self

from rich.console import Console
from rich.progress import Progress, TextColumn

from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback
from seigan_tf.training.recipe import Share
from seigan_tf.utils.progress import bar_columns

SHOWN = {"loss": "loss", "discriminator_loss": "discriminators", "mask_mean": "mask", "val_iou": "IoU"}
"""Names in the logs, and on the screen, of the numbers that tell how a training goes."""


class ProgressDisplay(RunCallback):
    """Display of steps, time left and the most important terms; a context.

    Args:
        steps: of the whole training.
        console: destination.
        baselines: IoU of box and ellipse by name, shown beside the model's.
        share: place of the run among the stages of a recipe, shown with the time left for all of them.
    """

    def __init__(
        self,
        steps: int,
        console: Console,
        baselines: dict[str, float],
        start: Position = BEGINNING,
        share: Share | None = None,
    ):
        super().__init__(start)
        self.share = share
        self.steps = steps
        self.console = console
        self.baselines = baselines
        columns = (*bar_columns(f"{share.label}, step" if share else "step"), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task("", total=steps, completed=start.step)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_):
        self._bar.stop()

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        self._bar.update(self._task, completed=self.position.step, description=self._terms(logs) + self._for_all())

    def on_epoch_end(self, epoch, logs=None):
        position = self.position
        line = f"step {position.step}/{self.steps}  {self._terms(logs)}"
        if not self.console.is_terminal:
            line += f"  {_clock(position.seconds)} elapsed, {_clock(self._seconds_left())} left{self._for_all()}"
        self.console.print(line, soft_wrap=True)

    def _terms(self, logs: dict[str, float]) -> str:
        text = "  ".join(f"{shown} {logs[name]:.3f}" for name, shown in SHOWN.items() if name in logs)
        if "val_iou" in logs and self.baselines:
            text += f" ({', '.join(f'{name} {value:.3f}' for name, value in self.baselines.items())})"
        return text

    def _for_all(self) -> str:
        if self.share is None:
            return ""
        left = self.share.seconds_left(self.position.step, self.steps, self.position.seconds)
        return f"  ({self.share.label}; about {_clock(left)} left for all)"

    def _seconds_left(self) -> float:
        """Estimate from the pace since this start: an earlier one may have run on another machine."""
        position = self.position
        done = position.step - self._start.step
        return (position.seconds - self._start.seconds) / done * (self.steps - position.step)


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
