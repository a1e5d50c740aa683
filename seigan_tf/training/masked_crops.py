"""Training crops with true masks or those of teachers, for runs that train the segmenter alone."""

from operator import itemgetter
from typing import NamedTuple

import grain
import numpy as np
from rich.console import Console

from seigan_tf.config import Config
from seigan_tf.data.augmentation import WHOLE, Augmentation, Part, augment
from seigan_tf.data.crop_set import Crops, ObjectCrops
from seigan_tf.data.pairs import READ_AHEAD, resize_mask, shuffled
from seigan_tf.data.planning.overlapping_objects import overlapping_objects
from seigan_tf.data.planning.report import Tally
from seigan_tf.evaluation.crops import split_objects
from seigan_tf.training.teacher_masks import most_confident, refine
from seigan_tf.training.teachers import Teachers
from seigan_tf.utils.progress import bar


class MaskedCrops(NamedTuple):
    """Training crops with masks: a type of its own, as no SEIGAN is trained on masks."""

    images: np.ndarray
    """uint8 [N, S, S, 3]."""
    boxes: np.ndarray
    """float32 [N, 4], relative [ymin, xmin, ymax, xmax]."""
    masks: np.ndarray
    """float32 [N, S, S, 1] in [0, 1]."""


class Pasting(NamedTuple):
    """Objects that are pasted onto other backgrounds."""

    fraction: float
    """Share of the crops."""
    backgrounds: np.ndarray
    """uint8 [M, S, S, 3]."""


def batches(
    crops: MaskedCrops,
    batch_size: int,
    seed: int,
    changes: Augmentation,
    pasting: Pasting | None = None,
    start: int = 0,
    part: Part = WHOLE,
) -> grain.IterDataset:
    """Return endless batches ({"image", "box"}, mask) for `MaskSegmenter.fit`, shuffled and augmented.

    Args:
        crops: source of the batches.
        batch_size: crops in a batch, of all processes together.
        seed: seed of order and augmentation.
        changes: limits of the augmentation.
        pasting: objects to paste; default: none.
        start: number of first batches to leave out, at no cost.
        part: the part of each batch to make, for one of several processes that train together.
    """
    own = part.rows(batch_size)
    orders, draws = np.random.SeedSequence(seed).generate_state(2).tolist()

    def batch(indices: np.ndarray, generator: np.random.Generator):
        image, box, mask = (values[indices[own]] for values in crops)
        made = augment(image, box, changes, generator, mask, part)
        if pasting is None:
            return {"image": made.images, "box": made.boxes}, made.masks
        pasted = generator.random(batch_size)[own] < pasting.fraction
        places = generator.integers(len(pasting.backgrounds), size=batch_size)[own]
        onto = augment(pasting.backgrounds[places], None, changes, generator, part=part).images
        # The haze of a soft mask would bring the old background along.
        opacity = np.clip((np.asarray(made.masks) - 0.2) / 0.6, 0, 1)
        images = np.where(pasted[:, None, None, None], onto + opacity * (made.images - onto), made.images)
        return {"image": images, "box": made.boxes}, made.masks

    made = shuffled(len(crops.images), batch_size, orders).random_map(batch, seed=draws)
    return made[start:].to_iter_dataset(READ_AHEAD)


def with_true_masks(config: Config, crops: Crops, console: Console) -> MaskedCrops:
    """Return the training objects that have a true mask.

    Args:
        config: settings of the run.
        crops: crops of these settings.
        console: destination of progress.

    Raises:
        ValueError: no object has a mask, no validation object has one, or the data are not photographs.
    """
    data, size = config.data, config.networks.size
    if not data.reads_annotations:
        raise ValueError(
            f"data.source is {data.source}: a supervised run needs photographs with masks to train on, expected"
            " data.images and data.annotations in a format of annotations"
        )
    if crops.evaluation is None:
        raise ValueError(
            "no validation object has a mask to measure a supervised run by, expected masks in data.val_annotations or"
            f" a data.held_out above {data.held_out}"
        )
    with bar(console, "reading masks") as progress:
        # Reduced at once: masks at the resolution of the photographs take more memory than the crops.
        objects = [
            ((item.photo, *item.box), item.image, item.box, resize_mask(item.truth, size))
            for item in split_objects(data, "train", size, Tally(data.max_bad), progress)
        ]
    if not objects:
        raise ValueError(
            f"{data.annotations or data.images}: no object has a mask, expected some for a supervised run to train on"
        )
    objects.sort(key=itemgetter(0))  # so the run does not depend on the order of the annotations
    return MaskedCrops(*(np.stack(values) for values in list(zip(*objects, strict=True))[1:]))


def with_teacher_masks(config: Config, crops: Crops, console: Console) -> MaskedCrops:
    """Return training objects, those that others overlap too, with the most reliable masks of `training.teachers`.

    A mask is the mean of those of the teachers, each refined (`teacher_masks.refine`), and so is its confidence.
    The masks depend on settings and teachers alone: a resumed run makes the same ones again.

    Args:
        config: settings of the run. Teachers get crops of the same objects at their own size and scale.
        crops: crops of these settings.
        console: destination of progress and the number of masks.

    Raises:
        ValueError: a teacher cannot be loaded, prepared crops do not give crops at its size and scale, or the refiner's
            file was changed or damaged.
        OSError: the refiner's file is missing.
    """
    teachers = Teachers(config)
    objects = teachers.read(crops.objects, console)
    with bar(console, "reading objects that others overlap") as progress:
        overlapped = overlapping_objects(config.data, tuple(objects), progress)
    seen = {view: _joined(alone, others) for (view, alone), others in zip(objects.items(), overlapped, strict=True)}
    shown = seen[config.networks.size, config.data.object_fraction]
    masks, confidence = np.zeros((*shown.images.shape[:3], 1), np.float32), np.zeros(len(shown.images))
    for made in teachers.masks(seen, shown.boxes, console):
        # Each by itself: GrabCut follows a mask that is sure and wrong less than the mean of two that differ.
        with bar(console, "refining masks") as progress:
            refined, certain = refine(shown.images, made, shown.boxes, progress)
        masks += refined / len(teachers.views)
        confidence += certain
    chosen = most_confident(confidence)
    console.print(
        f"{len(crops.objects.images)} crops, and {len(overlapped[0].images)} of objects that others overlap; the"
        f" {len(chosen)} most reliable masks are used",
        soft_wrap=True,
    )
    return MaskedCrops(shown.images[chosen], shown.boxes[chosen], masks[chosen])


def _joined(*crops: ObjectCrops) -> ObjectCrops:
    return ObjectCrops(*(np.concatenate(values) for values in zip(*crops, strict=True)))
