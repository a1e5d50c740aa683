"""Trains Supervised, the same segmenter on true masks, as a run of its own: the bound in Table 1."""

import time
from typing import NamedTuple

import grain
import keras
import numpy as np
from rich.console import Console

from seigan_tf.atomic import replacing
from seigan_tf.config import Config
from seigan_tf.data import crop_set, readers
from seigan_tf.data.annotations import Photo
from seigan_tf.data.augment import Augmentation, augment
from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.data.crops import CropRules
from seigan_tf.data.pairs import READ_AHEAD, resize_mask
from seigan_tf.data.problems import Tally
from seigan_tf.evaluation.objects import evaluation_objects
from seigan_tf.optimizer import learning_rate
from seigan_tf.progress import bar
from seigan_tf.supervised import Supervised, mask_loss
from seigan_tf.training import backend, callbacks
from seigan_tf.training.callbacks.validation import model_iou
from seigan_tf.training.report import baselines
from seigan_tf.training.run_folder import RunFolder

MODEL_FILE = "weights/supervised.keras"


class SupervisedCrops(NamedTuple):
    """Training crops with true masks: of this baseline only, a type that no SEIGAN is trained on."""

    images: np.ndarray
    """uint8 [N, S, S, 3]."""
    boxes: np.ndarray
    """float32 [N, 4]."""
    masks: np.ndarray
    """float32 [N, S, S, 1], the covered fraction of each pixel."""


def run(config: Config, folder: RunFolder, console: Console | None = None) -> dict:
    """Trains with the steps, batch size and rates of `config`; returns the report, as `session.run` does.

    The weights are those of the last step. A run that was interrupted begins anew.

    Raises:
        ValueError: settings or data that cannot be used, or no training object has a mask.
    """
    console = console or Console()
    backend.prepare(config.networks.seed, config.training.precision)
    with bar(console, "reading photographs") as progress:
        evaluation = crop_set.load(config.data, config.networks.size, progress).evaluation
    crops = load_crops(config, console)
    model = Supervised(config.networks)
    model.build()
    training = config.training
    rate = learning_rate(training.generator_rate, training.steps, training.cooldown)
    model.compile(keras.optimizers.Adam(rate, beta_1=training.beta_1), loss=mask_loss)
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.save_config(config)
    changes = Augmentation(config.data.jitter, config.data.zoom, config.data.shift)
    start = time.monotonic()
    model.fit(
        batches(crops, training.batch_size, config.data.seed, changes),
        epochs=max(training.steps // training.steps_per_epoch, 1),
        steps_per_epoch=min(training.steps_per_epoch, training.steps),
        callbacks=[callbacks.NotFiniteGuard(), callbacks.Validation(evaluation), callbacks.MetricsLog(folder.metrics)],
        shuffle=False,
        verbose=0,
    )
    seconds = time.monotonic() - start
    folder.weights.mkdir(exist_ok=True)
    with replacing(folder.path / MODEL_FILE) as temporary:
        model.save(temporary)
    result = _report(model, evaluation, training.steps, seconds)
    folder.save_report(result)
    return result


def load_crops(config: Config, console: Console) -> SupervisedCrops:
    """The training objects that pass the crop rules and have a mask.

    Raises:
        ValueError: there is none, or the photographs are not given as such, with validation photographs of their own.
    """
    data = config.data
    if data.source not in readers.FORMATS or data.val_images is None:
        raise ValueError(
            f"data.source is {data.source}: Supervised needs photographs with masks to train on, expected data.images,"
            " data.annotations, data.val_images and data.val_annotations in a format of annotations"
        )
    problems = Tally(data.max_bad)
    items = list(readers.read(data.source, data.images, data.annotations))
    photos = [item for item in items if isinstance(item, Photo)]
    rules = CropRules.from_config(data)
    objects = []
    with bar(console, "reading masks") as progress:
        for done, found in enumerate(evaluation_objects(photos, rules, config.networks.size, problems), 1):
            # Reduced at once: masks at the resolution of the photographs would take more room than the crops.
            objects += [(item.image, item.box, resize_mask(item.truth, config.networks.size)) for item in found]
            progress(done, len(photos))
    if not objects:
        raise ValueError(f"{data.annotations}: no object has a mask, expected some for Supervised to train on")
    return SupervisedCrops(*(np.stack(values) for values in zip(*objects, strict=True)))


def batches(crops: SupervisedCrops, batch_size: int, seed: int, changes: Augmentation) -> grain.IterDataset:
    """Endless batches ({"image", "box"}, mask), shuffled and augmented as SEIGAN's are."""
    orders, draws = np.random.SeedSequence(seed).generate_state(2).tolist()

    def batch(indices: np.ndarray, generator: np.random.Generator):
        chosen = (values[indices] for values in crops)
        image, box, mask = chosen
        made = augment(image, box, changes, generator, mask)
        return {"image": made.images, "box": made.boxes}, made.masks

    numbers = grain.MapDataset.range(len(crops.images)).seed(orders).shuffle().repeat()
    return numbers.batch(batch_size, drop_remainder=True).random_map(batch, seed=draws).to_iter_dataset(READ_AHEAD)


def _report(model: Supervised, evaluation: EvaluationCrops, steps: int, seconds: float) -> dict:
    values = {"model": model_iou(model, evaluation)} | baselines(evaluation)
    return {
        "count": len(evaluation.masks),
        "iou": {name: float(np.mean(value)) for name, value in values.items()},
        "cost": {"steps": steps, "seconds": round(seconds, 1)},
    }
