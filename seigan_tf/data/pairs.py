"""Batches of crops for `fit`, by Grain: unpaired, shuffled and augmented for training, in order for evaluation.

Every batch is a function of the seed and its number alone, so that a run continues exactly where it was stopped.
"""

from typing import Any

import grain
import numpy as np
from absl import flags
from PIL import Image

from seigan_tf.data.augmentation import WHOLE, Augmentation, Part, augment
from seigan_tf.data.crop_set import Crops
from seigan_tf.utils.pixels import to_float

Batch = dict[str, dict[str, Any]]

# Grain's own default holds 500 batches: 400 MB at batch 8 and 64 pixels, made on the cores that train.
READ_AHEAD = grain.ReadOptions(num_threads=1, prefetch_buffer_size=4)


def training_pairs(
    crops: Crops,
    batch_size: int,
    seed: int,
    jitter: float,
    start: int = 0,
    *,
    zoom: float = 0.0,
    shift: float = 0.0,
    part: Part = WHOLE,
    workers: int = 0,
) -> grain.IterDataset[Batch]:
    """Yield endless batches of object crops and background crops, paired at random and augmented.

    A batch is {"object": {"image": [B, S, S, 3], "box": [B, 4]}, "background": {"image": [B, S, S, 3]}}, all float32,
    images in [-1, 1], boxes ymin, xmin, ymax, xmax relative to the crop. Each kind is drawn in its own order, which is
    new in each pass. get_state() and set_state() of the iterator continue exactly, given the same number of workers;
    `start` does so for any number.

    Args:
        crops: their images need only len() and indexing by arrays of integers.
        batch_size: number of pairs in a batch, of all processes together.
        seed: decides order, pairing and augmentation.
        jitter, zoom, shift: see `Augmentation`.
        start: batches to skip, at no cost.
        part: the part of each batch to make, for one of several processes that train together.
        workers: processes that make the batches, each with a copy of the crops in memory; 0: a thread of this process,
            with the same result. Processes pay if a step takes less time than making a batch and cores are idle. They
            start as new Python processes: a script needs `if __name__ == "__main__":`, and iterators want close().

    Raises ValueError if a setting is out of its range.
    """
    for name, value, good, expected in (
        ("training.batch_size", batch_size, batch_size >= 1, "at least 1"),
        ("training_pairs: start", start, start >= 0, "at least 0"),
        ("training_pairs: workers", workers, workers >= 0, "at least 0"),
    ):
        if not good:
            raise ValueError(f"{name} is {value}, expected {expected}")
    changes, own = Augmentation(jitter, zoom, shift), part.rows(batch_size)
    seeds = np.random.SeedSequence(seed).generate_state(3)
    # Taken out of `crops`, whose evaluation set must not travel to the workers.
    images, boxes, backgrounds = crops.objects.images, crops.objects.boxes, crops.backgrounds.images

    def batch(indices: tuple[np.ndarray, np.ndarray], generator: np.random.Generator) -> Batch:
        shown, behind = indices[0][own], indices[1][own]
        objects = augment(images[shown], boxes[shown], changes, generator, part=part)
        others = augment(backgrounds[behind], None, changes, generator, part=part)
        return {"object": {"image": objects.images, "box": objects.boxes}, "background": {"image": others.images}}

    indices = grain.experimental.ZipMapDataset(
        [shuffled(len(images), batch_size, seeds[0]), shuffled(len(backgrounds), batch_size, seeds[1])]
    )
    batches = indices.random_map(batch, seed=int(seeds[2]))[start:]
    if not workers:
        return batches.to_iter_dataset(READ_AHEAD)
    if not flags.FLAGS.is_parsed():
        # Grain's own settings are absl flags, which only absl's `app.run` parses.
        flags.FLAGS.mark_as_parsed()
    options = grain.MultiprocessingOptions(num_workers=workers, per_worker_buffer_size=4)
    # A worker needs no thread beside its own: its buffer is read ahead.
    return batches.to_iter_dataset(grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)).mp_prefetch(options)


def shuffled(count: int, batch_size: int, seed: int) -> grain.MapDataset[np.ndarray]:
    """Return endless batches of the numbers from 0 to `count` - 1, in a new random order in each pass."""
    numbers = grain.MapDataset.range(count).seed(int(seed)).shuffle().repeat()
    # An endless dataset has no remainder, but Grain overflows when it counts one in batches of 1.
    return numbers.batch(batch_size, drop_remainder=True)


def evaluation_pairs(crops: Crops, batch_size: int) -> grain.IterDataset[Batch]:
    """Yield all evaluation crops once, in order and unchanged, with backgrounds of the training set in turn.

    A batch is {"object": {"image", "box", "mask"}, "background": {"image"}} as in `training_pairs`, with "mask" float32
    [B, S, S, 1]: the true mask at the size of the crop, the covered fraction of each pixel. The last batch may be
    smaller.

    Raises ValueError if there are no evaluation crops, or batch_size is below 1.
    """
    evaluation = crops.evaluation
    if evaluation is None:
        raise ValueError("evaluation_pairs: the crops hold no object with a mask, expected at least one")
    if batch_size < 1:
        raise ValueError(f"evaluation_pairs: batch_size is {batch_size}, expected at least 1")

    def batch(indices: np.ndarray) -> Batch:
        images = evaluation.images[indices]
        # Resized here and not once for all: kept, they would take more memory than the crops.
        masks = [resize_mask(evaluation.masks[index], images.shape[1]) for index in indices.tolist()]
        backgrounds = crops.backgrounds.images[indices % len(crops.backgrounds.images)]
        return {
            "object": {"image": to_float(images), "box": evaluation.boxes[indices], "mask": np.stack(masks)},
            "background": {"image": to_float(backgrounds)},
        }

    return grain.MapDataset.range(len(evaluation.images)).batch(batch_size).map(batch).to_iter_dataset(READ_AHEAD)


def resize_mask(mask: np.ndarray, size: int) -> np.ndarray:
    """Resize a mask, bool [h, w], to float32 [size, size, 1]: the covered fraction of each pixel."""
    image = Image.fromarray(mask.astype(np.float32))
    return np.asarray(image.resize((size, size), Image.Resampling.BOX))[..., None]
