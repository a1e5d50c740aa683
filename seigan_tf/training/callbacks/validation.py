"""Validation IoU at original resolution."""

from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.evaluation.iou import per_image_iou
from seigan_tf.inference import arrays
from seigan_tf.seigan import SEIGAN
from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback


class Validation(RunCallback):
    """Add `val_iou`, the mean IoU over the evaluation crops at original resolution, to the logs of each epoch.

    Args:
        seigan: the model to measure; `fit` trains it, or its segmenter.
        evaluation: crops with true masks.
        start: position of the run before the first `fit`.
    """

    def __init__(self, seigan: SEIGAN, evaluation: EvaluationCrops, start: Position = BEGINNING):
        super().__init__(start)
        self.seigan = seigan
        self.evaluation = evaluation

    def on_epoch_end(self, epoch, logs=None):
        logs["val_iou"] = float(model_iou(self.seigan, self.evaluation).mean())


def model_iou(model: SEIGAN, evaluation: EvaluationCrops):
    """IoU of the model's mask on each evaluation crop at its original resolution: float64 [N]."""
    return per_image_iou(arrays.segment(model, evaluation.images, evaluation.boxes), evaluation)
