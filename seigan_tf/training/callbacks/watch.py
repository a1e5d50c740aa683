"""Callbacks that notice a training gone wrong."""

import logging
from collections.abc import Mapping

import numpy as np

from seigan_tf.training.callbacks.base import RunCallback
from seigan_tf.training.stops import NotFinite

# Means of the mask inside the box beyond which the mask has no shape.
EMPTY = 0.02
FULL = 0.98

ADVICE = {
    "zeros": "lower the weights of object_mae and background_mae, or raise coarse_gan and box_projection",
    "ones": "try --networks.confine-mask, --networks.composite-inpainting, or higher box_outside and box_projection",
}

logger = logging.getLogger(__name__)


def collapse(mask_mean: float) -> str | None:
    """Tell whether the mask has collapsed to "zeros" or "ones"; None if it has not.

    Args:
        mask_mean: mean of the mask inside the box, in [0, 1].
    """
    if mask_mean < EMPTY:
        return "zeros"
    return "ones" if mask_mean > FULL else None


class CollapseWarning(RunCallback):
    """Warning in one line when the masks become all zeros or all ones, with settings to try."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self._state = None

    def on_epoch_end(self, epoch, logs=None):
        if "mask_mean" not in logs:
            return
        state = collapse(logs["mask_mean"])
        if state and state != self._state:
            logger.warning(
                "warning: step %d: the mask has collapsed to all %s (mean inside the box %.3f); %s",
                self.position.step,
                state,
                logs["mask_mean"],
                ADVICE[state],
            )
        self._state = state


class NotFiniteGuard(RunCallback):
    """Guard that raises NotFinite for a step's logs, and at the end of an epoch for the model's state.

    Put it first in the list, before anything is saved.
    """

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        check_finite({name: np.asarray(value) for name, value in (logs or {}).items()}, self.position.step)

    def on_epoch_end(self, epoch, logs=None):
        check_finite(self.model.state(), self.position.step)


def check_finite(values: Mapping[str, np.ndarray], step: int) -> None:
    """Raise NotFinite if a number is NaN or infinite.

    Args:
        values: logs or a model's state, by name.
        step: for the message.
    """
    bad = [name for name, value in values.items() if value.dtype.kind == "f" and not np.isfinite(value).all()]
    if bad:
        raise NotFinite(
            f"step {step}: {_few(bad)} not finite; training has stopped, and the last good weights and checkpoint are"
            " kept; start a new run with lower learning rates (--training.generator-rate)"
        )


def _few(names: list[str]) -> str:
    return f"{names[0]} is" if len(names) == 1 else f"{', '.join(names[:3])}{' and others' * (len(names) > 3)} are"
