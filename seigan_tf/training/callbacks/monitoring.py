"""Callbacks that measure masks and notice a training gone wrong."""

import logging
from collections.abc import Mapping

import numpy as np

from seigan_tf.config import Config
from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.evaluation.agreement import per_image_iou
from seigan_tf.inference import arrays
from seigan_tf.seigan import SEIGAN
from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback, Stopped

EMPTY, FULL = 0.02, 0.98
"""Means of the mask in the box below and above which the mask has no shape."""

logger = logging.getLogger(__name__)


class Validation(RunCallback):
    """Add `val_iou`, the mean IoU over the evaluation crops at original resolution, to the logs of each epoch.

    Args:
        seigan: the model to measure; `fit` trains it, or its segmenter.
        evaluation: crops with true masks.
    """

    def __init__(self, seigan: SEIGAN, evaluation: EvaluationCrops, start: Position = BEGINNING):
        super().__init__(start)
        self.seigan = seigan
        self.evaluation = evaluation

    def on_epoch_end(self, epoch, logs=None):
        logs["val_iou"] = float(model_iou(self.seigan, self.evaluation).mean())


def model_iou(model: SEIGAN, evaluation: EvaluationCrops) -> np.ndarray:
    """Return the IoU of the model's mask on each evaluation crop at its original resolution: float64 [N]."""
    return per_image_iou(arrays.segment(model, evaluation.images, evaluation.boxes), evaluation)


class Collapsed(Stopped):
    """The masks became all zeros or all ones."""


class CollapseWarning(RunCallback):
    """Warning in one line when the masks become all zeros or all ones, with settings to try.

    Args:
        stop: raise Collapsed instead. Put the callback behind those that write the epoch, so that they have done so.
        config: settings of the run; those that are on already are not recommended.
    """

    _state: str | None = None

    def __init__(self, start: Position = BEGINNING, stop: bool = False, config: Config | None = None):
        super().__init__(start)
        self.stop = stop
        self.config = config or Config()

    def on_epoch_end(self, epoch, logs=None):
        if "mask_mean" not in logs:
            return
        state = collapse(logs["mask_mean"])
        if state and state != self._state:
            message = (
                f"step {self.position.step}: the mask has collapsed to all {state} (mean inside the box"
                f" {logs['mask_mean']:.3f}); {advice(state, self.config)}"
            )
            if self.stop:
                raise Collapsed(message)
            logger.warning("warning: %s", message)
        self._state = state


def collapse(mask_mean: float) -> str | None:
    """Tell whether the mask has collapsed to "zeros" or "ones"; None if it has not.

    Args:
        mask_mean: mean of the mask inside the box, in [0, 1].
    """
    if mask_mean < EMPTY:
        return "zeros"
    return "ones" if mask_mean > FULL else None


def advice(state: str, config: Config) -> str:
    """Return what to try after a collapse to `state`, without settings that are on already."""
    losses, networks, training = config.losses, config.networks, config.training
    if state == "zeros":
        lower = [name for name in ("background_identity", "background_mae") if getattr(losses, name)]
        first = f"lower the weights of {' and '.join(lower)}, or raise" if lower else "raise the weights of"
        discriminators = "" if training.pretrain_discriminators else " with --training.pretrain-discriminators"
        return f"{first} coarse_gan and box_projection; try more --training.pretrain-steps{discriminators}"
    flags = {
        "--networks.initial-mask 0.25": networks.initial_mask is not None and networks.initial_mask <= 0.25,
        "--training.pretrain-discriminators": training.pretrain_discriminators,
        "--networks.composite-inpainting": networks.composite_inpainting,
        "--networks.confine-mask": networks.confine_mask,
    }
    off = [flag for flag, on in flags.items() if not on]
    return "raise the weights of background_identity, background_mae and box_projection" + (
        f"; try {' or '.join(off)}" if off else ""
    )


class NotFinite(Stopped):
    """A loss or a weight became NaN or infinite."""


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
        named = f"{bad[0]} is" if len(bad) == 1 else f"{', '.join(bad[:3])}{' and others' * (len(bad) > 3)} are"
        raise NotFinite(
            f"step {step}: {named} not finite; training has stopped, and the last good weights and checkpoint are"
            " kept; start a new run with lower learning rates (--training.generator-rate)"
        )
