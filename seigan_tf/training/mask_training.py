"""Trains a segmenter on masks that are given: true ones (Supervised), or those of a teacher (distillation)."""

from typing import NamedTuple

import grain
import keras
import numpy as np
from rich.console import Console

from seigan_tf.config import Config
from seigan_tf.data.augment import Augmentation, augment
from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.data.pairs import READ_AHEAD
from seigan_tf.optimizer import learning_rate
from seigan_tf.supervised import Supervised, mask_loss
from seigan_tf.training import callbacks
from seigan_tf.training.callbacks.validation import model_iou
from seigan_tf.training.progress import ProgressDisplay
from seigan_tf.training.report import baselines
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.training.session import stretches


class MaskedCrops(NamedTuple):
    """Training crops with masks: a type of its own, on which no SEIGAN is trained."""

    images: np.ndarray
    """uint8 [N, S, S, 3]."""
    boxes: np.ndarray
    """float32 [N, 4]."""
    masks: np.ndarray
    """float32 [N, S, S, 1] in [0, 1]."""


def batches(crops: MaskedCrops, batch_size: int, seed: int, changes: Augmentation, start: int = 0) -> grain.IterDataset:
    """Endless batches ({"image", "box"}, mask), shuffled and augmented as SEIGAN's are; `start` skips as many."""
    orders, draws = np.random.SeedSequence(seed).generate_state(2).tolist()

    def batch(indices: np.ndarray, generator: np.random.Generator):
        image, box, mask = (values[indices] for values in crops)
        made = augment(image, box, changes, generator, mask)
        return {"image": made.images, "box": made.boxes}, made.masks

    numbers = grain.MapDataset.range(len(crops.images)).seed(orders).shuffle().repeat()
    made = numbers.batch(batch_size, drop_remainder=True).random_map(batch, seed=draws)
    return made[start:].to_iter_dataset(READ_AHEAD)


def fit(
    model: Supervised,
    crops: MaskedCrops,
    evaluation: EvaluationCrops | None,
    config: Config,
    folder: RunFolder,
    console: Console,
) -> dict:
    """Trains with the steps, batch size and rates of `config`; returns the report, without saving it.

    Args:
        model: built; compiled here.
        crops: what to train on.
        evaluation: objects to measure on after each epoch, or None.
        config: of the run; saved in its folder.
        folder: for config.json and metrics.csv.
        console: where progress goes.
    """
    training = config.training
    rate = learning_rate(training.generator_rate, training.steps, training.cooldown)
    model.compile(keras.optimizers.Adam(rate, beta_1=training.beta_1), loss=mask_loss)
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.save_config(config)
    changes = Augmentation(config.data.jitter, config.data.zoom, config.data.shift)
    references = baselines(evaluation) if evaluation else {}
    iou = {name: float(np.mean(values)) for name, values in references.items()}
    with ProgressDisplay(training.steps, console, iou) as display:
        hooks = [callbacks.NotFiniteGuard(), callbacks.MetricsLog(folder.metrics), display]
        if evaluation:
            hooks.insert(0, callbacks.Validation(evaluation))
        for stretch in stretches(0, training.steps, training.steps_per_epoch):
            model.fit(
                batches(crops, training.batch_size, config.data.seed, changes, stretch.start),
                initial_epoch=stretch.initial_epoch,
                epochs=stretch.epochs,
                steps_per_epoch=stretch.steps_per_epoch,
                callbacks=hooks,
                shuffle=False,
                verbose=0,
            )
        seconds = display.position.seconds
    if evaluation:
        iou = {"model": float(model_iou(model, evaluation).mean())} | iou
    return {
        "count": len(evaluation.masks) if evaluation else 0,
        "iou": iou,
        "cost": {"steps": training.steps, "seconds": round(seconds, 1)},
    }
