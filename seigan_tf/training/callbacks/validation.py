"""Validation IoU at original resolution."""

from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.evaluation.iou import per_image_iou
from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback


class Validation(RunCallback):
    """Adds `val_iou`, the mean IoU over the evaluation crops, to the logs of each epoch."""

    def __init__(self, evaluation: EvaluationCrops, start: Position = BEGINNING):
        super().__init__(start)
        self.evaluation = evaluation

    def on_epoch_end(self, epoch, logs=None):
        logs["val_iou"] = float(model_iou(self.model, self.evaluation).mean())


def model_iou(model, evaluation: EvaluationCrops):
    """IoU of the model's mask on each evaluation crop at its original resolution: float64 [N]."""
    return per_image_iou(model.segment(evaluation.images, evaluation.boxes), evaluation)
