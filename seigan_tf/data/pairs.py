"""Feeds crops to `fit` with Grain: unpaired, shuffled and augmented for training, in order for evaluation.

Every batch is a function of the seed and its number alone, so that a run continues exactly where it was stopped.
"""

import grain
import numpy as np
from PIL import Image

from seigan_tf.data.crop_set import Crops
from seigan_tf.pixels import to_float

Batch = dict[str, dict[str, np.ndarray]]

READ_AHEAD = grain.ReadOptions(num_threads=1, prefetch_buffer_size=4)
"""Grain's own default holds 500 batches: 400 MB at batch 8 and 64 pixels, made on the cores that train."""


def training_pairs(crops: Crops, batch_size: int, seed: int, jitter: float, start: int = 0) -> grain.IterDataset[Batch]:
    """Endless batches of object crops and background crops, paired at random and augmented, as `fit` takes them.

    A batch is {"object": {"image": [B, S, S, 3], "box": [B, 4]}, "background": {"image": [B, S, S, 3]}}, all float32,
    images in [-1, 1], boxes ymin, xmin, ymax, xmax relative to the crop. Both kinds are drawn in an order of their own
    that is new in each pass. Augmented by horizontal flips, boxes included, and by `jitter`.

    Args:
        seed: decides order, pairing and augmentation.
        jitter: largest relative change of brightness, contrast and saturation, in [0, 1).
        start: batches to skip, at no cost: batch k is the same whether it is reached by iterating or by start=k.

    Raises:
        ValueError: batch_size below 1, jitter out of range or start below 0.
    """
    if batch_size < 1:
        raise ValueError(f"training.batch_size is {batch_size}, expected at least 1")
    if not 0 <= jitter < 1:
        raise ValueError(f"data.jitter is {jitter}, expected 0 to less than 1")
    if start < 0:
        raise ValueError(f"training_pairs: start is {start}, expected at least 0")
    seeds = np.random.SeedSequence(seed).generate_state(3)

    def order(count: int, order_seed: int) -> grain.MapDataset:
        numbers = grain.MapDataset.range(count).seed(int(order_seed)).shuffle().repeat()
        # An endless dataset has no remainder, but Grain overflows when it counts one in batches of 1.
        return numbers.batch(batch_size, drop_remainder=True)

    def augmented(indices: tuple[np.ndarray, np.ndarray], generator: np.random.Generator) -> Batch:
        objects, boxes = _augment(
            crops.objects.images[indices[0]],
            crops.objects.boxes[indices[0]],
            jitter,
            generator,
        )
        backgrounds, _ = _augment(crops.backgrounds.images[indices[1]], None, jitter, generator)
        return {
            "object": {"image": objects, "box": boxes},
            "background": {"image": backgrounds},
        }

    indices = grain.experimental.ZipMapDataset(
        [
            order(len(crops.objects.images), seeds[0]),
            order(len(crops.backgrounds.images), seeds[1]),
        ]
    )
    return indices.random_map(augmented, seed=int(seeds[2]))[start:].to_iter_dataset(READ_AHEAD)


def evaluation_pairs(crops: Crops, batch_size: int) -> grain.IterDataset[Batch]:
    """All evaluation crops once, in order and as they are, with backgrounds of the training set in turn.

    A batch is {"object": {"image", "box", "mask"}, "background": {"image"}} as in `training_pairs`, with "mask" float32
    [B, S, S, 1]: the true mask at the size of the crop, the covered fraction of each pixel. The last batch may be
    smaller.

    Raises:
        ValueError: there are no evaluation crops, or batch_size is below 1.
    """
    evaluation = crops.evaluation
    if evaluation is None:
        raise ValueError("evaluation_pairs: the crops hold no object with a mask, expected at least one")
    if batch_size < 1:
        raise ValueError(f"evaluation_pairs: batch_size is {batch_size}, expected at least 1")
    size = evaluation.images.shape[1]
    masks = np.stack([_resize_mask(mask, size) for mask in evaluation.masks])

    def batch(indices: np.ndarray) -> Batch:
        backgrounds = crops.backgrounds.images[indices % len(crops.backgrounds.images)]
        return {
            "object": {
                "image": to_float(evaluation.images[indices]),
                "box": evaluation.boxes[indices],
                "mask": masks[indices],
            },
            "background": {"image": to_float(backgrounds)},
        }

    return grain.MapDataset.range(len(evaluation.images)).batch(batch_size).map(batch).to_iter_dataset(READ_AHEAD)


def _resize_mask(mask: np.ndarray, size: int) -> np.ndarray:
    """bool [h, w] to float32 [size, size, 1]."""
    image = Image.fromarray(mask.astype(np.float32))
    return np.asarray(image.resize((size, size), Image.Resampling.BOX))[..., None]


def _augment(
    images: np.ndarray,
    boxes: np.ndarray | None,
    jitter: float,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Flips and changes colours; uint8 images in, float32 in [-1, 1] out."""
    flipped = generator.random(len(images)) < 0.5
    images = to_float(np.where(flipped[:, None, None, None], images[:, :, ::-1], images))
    if boxes is not None:
        boxes = np.where(flipped[:, None], flip_boxes(boxes), boxes)
    if jitter:
        changes = generator.uniform(-jitter, jitter, (3, len(images), 1, 1, 1)).astype(np.float32)
        brightness, contrast, saturation = changes
        # mean + (1 + contrast) ((grey - mean) + (1 + saturation) (image - grey)) + brightness, multiplied out.
        grey = images @ np.full((3, 1), 1 / 3, np.float32)
        mean = grey.mean(axis=(1, 2), keepdims=True)
        images *= (1 + contrast) * (1 + saturation)
        images += brightness - contrast * mean - (1 + contrast) * saturation * grey
        np.clip(images, -1, 1, out=images)
    return images, boxes


def flip_boxes(boxes: np.ndarray) -> np.ndarray:
    """Boxes [., 4] of ymin, xmin, ymax, xmax after their images are mirrored left to right."""
    ymin, xmin, ymax, xmax = np.moveaxis(boxes, -1, 0)
    return np.stack([ymin, 1 - xmax, ymax, 1 - xmin], axis=-1)
