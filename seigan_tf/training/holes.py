"""Backgrounds with holes in the shapes of objects, for runs that train the inpainter alone."""

from typing import Any

import grain
import numpy as np
from rich.console import Console

from seigan_tf.config import Config
from seigan_tf.data.augmentation import WHOLE, Augmentation, Part, augment
from seigan_tf.data.crop_set import Crops
from seigan_tf.data.pairs import READ_AHEAD, shuffled
from seigan_tf.training.teachers import Teachers
from seigan_tf.utils.boxes import box_to_mask


def batches(
    images: Any,
    holes: np.ndarray,
    batch_size: int,
    seed: int,
    changes: Augmentation,
    start: int = 0,
    part: Part = WHOLE,
) -> grain.IterDataset:
    """Return endless batches {"image", "hole", "noise"} for `HoleInpainter.fit`, shuffled, paired and augmented.

    Args:
        images: backgrounds, uint8 [N, S, S, 3].
        holes: bool [M, S, S, 1].
        batch_size: number of pairs in a batch, of all processes together.
        seed: seed of orders, pairing, augmentation and noise.
        changes: limits of the backgrounds' augmentation; holes are mirrored only.
        start: number of first batches to leave out, at no cost.
        part: the part of each batch to make, for one of several processes that train together.
    """
    own = part.rows(batch_size)
    seeds = np.random.SeedSequence(seed).generate_state(3).tolist()

    def batch(indices: tuple[np.ndarray, np.ndarray], generator: np.random.Generator):
        image = augment(images[indices[0][own]], None, changes, generator, part=part).images
        hole = holes[indices[1]]
        hole = np.where(generator.random((len(hole), 1, 1, 1)) < 0.5, hole[:, :, ::-1], hole).astype(np.float32)
        noise = generator.standard_normal(hole.shape, np.float32)
        return {"image": image, "hole": hole[own], "noise": noise[own]}

    pairs = grain.experimental.ZipMapDataset(
        [shuffled(len(images), batch_size, seeds[0]), shuffled(len(holes), batch_size, seeds[1])]
    )
    return pairs.random_map(batch, seed=seeds[2])[start:].to_iter_dataset(READ_AHEAD)


def object_holes(config: Config, crops: Crops, console: Console) -> np.ndarray:
    """Return the masks of `training.teachers` for the training objects as holes: bool [N, S, S, 1].

    An object of which the teachers find nothing gives its box. Settings and teachers alone decide: a resumed run makes
    the same holes again.

    Args:
        config: settings of the run. Teachers get crops of the same objects at their own size and scale.
        crops: crops of these settings.
        console: destination of progress.

    Raises:
        ValueError: a teacher cannot be loaded, or prepared crops do not give crops at its size and scale.
    """
    teachers, size, boxes = Teachers(config), config.networks.size, crops.objects.boxes
    masks = np.mean(list(teachers.masks(teachers.read(crops.objects, console), boxes, console)), axis=0) > 0.5
    found = masks.any(axis=(1, 2, 3), keepdims=True)
    return np.where(found, masks, box_to_mask(boxes, size, size)[..., None] > 0.5)
