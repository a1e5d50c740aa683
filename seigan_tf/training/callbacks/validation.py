"""Validation IoU at original resolution, and the weights that are kept."""

import json
from pathlib import Path

from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.evaluation.iou import per_image_iou
from seigan_tf.loading import MODEL_FILE
from seigan_tf.training.callbacks.base import BEGINNING, Position, RunCallback
from seigan_tf.utils.atomic import replacing


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


class WeightsKeeper(RunCallback):
    """Saves the model to `folder`/seigan.keras: the best by `val_iou` where the logs have it, else the last.

    Of equally good ones the last is kept: where the segmenter is not trained, the other networks still are.

    Beside it, weights.json says which: {"step", "iou"}, iou being null without masks.

    Args:
        folder: of the weights.
        warm_up: up to this step nothing is kept, because most networks are not trained yet.
    """

    def __init__(self, folder: Path, start: Position = BEGINNING, warm_up: int = 0):
        super().__init__(start)
        self.folder = Path(folder)
        self.warm_up = warm_up

    def on_epoch_end(self, epoch, logs=None):
        if self.warm_up and self.position.step <= self.warm_up:
            return
        iou = logs.get("val_iou")
        best = self._best()
        if iou is not None and best is not None and iou < best:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self.folder / Path(MODEL_FILE).name) as temporary:
            self.model.save(temporary)
        # Second, so that a kill between the two repeats the saving and never skips it.
        with replacing(self.folder / "weights.json") as temporary:
            temporary.write_text(json.dumps({"step": self.position.step, "iou": iou}) + "\n")

    def _best(self) -> float | None:
        path = self.folder / "weights.json"
        return json.loads(path.read_text())["iou"] if path.exists() else None
