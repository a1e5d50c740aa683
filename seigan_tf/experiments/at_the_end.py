"""Models as they were after the last step, which is what the table measures: no epoch is chosen by what is measured."""

from pathlib import Path

from seigan_tf.evaluation import models
from seigan_tf.seigan import SEIGAN
from seigan_tf.supervised import Supervised
from seigan_tf.training import checkpoint
from seigan_tf.training.run_folder import RunFolder


def load(folder: str | Path) -> SEIGAN | Supervised:
    """The model of a finished run after its last step.

    A SEIGAN keeps the weights of its best epoch, and those of the last step in its checkpoint; where the latter was
    removed, the model is the former.

    Raises:
        ValueError: there is no model in `folder`, or its file is damaged or holds another one.
    """
    model = models.load(str(folder)).model
    if isinstance(model, SEIGAN):
        last = checkpoint.load_latest(RunFolder(Path(folder)).checkpoint)
        if last is not None:
            model.restore(last.state)
    return model
