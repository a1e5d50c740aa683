"""Train a Refiner on composites."""

import cv2
import keras
import numpy as np
from keras import ops

from seigan_tf.networks.refiner import Refiner
from seigan_tf.training.composites import Samples, box_of
from seigan_tf.utils.boxes import box_to_mask
from seigan_tf.utils.pixels import to_float

BATCH = 8
RATE = 3e-3
"""Adam's first learning rate; it falls to a hundredth of that along a cosine."""
EDGE = 9
"""Side in pixels of the windows that hold both object and background: these pixels count four times."""


class Batches(keras.utils.PyDataset):
    """Random batches ((images, coarse masks), truth); each depends on the seed and its number alone.

    Images are float32 [BATCH, S, S, 3] in [-1, 1]; coarse masks [BATCH, S, S, 1] in [0, 1], most of them made worse,
    since those of composites are better than those of photographs. The truth, [BATCH, S, S, 2], has the exact mask and
    the box, outside which nothing counts.
    """

    def __init__(self, samples: Samples, steps: int, seed: int):
        super().__init__()
        self._samples, self._steps, self._seed = samples, steps, seed

    def __len__(self):
        return self._steps

    def __getitem__(self, index):
        random = np.random.default_rng((self._seed, index))
        chosen = random.integers(len(self._samples.images), size=BATCH)
        images, coarse, exact = (values[chosen] for values in self._samples)
        images, coarse, exact = to_float(images), coarse / np.float32(255), exact / np.float32(255)
        for i in np.flatnonzero(random.random(BATCH) < 0.7):
            coarse[i] = _worse(coarse[i], random)
        mirrored = random.random(BATCH) < 0.5
        for values in (images, coarse, exact):
            values[mirrored] = values[mirrored, :, ::-1]
        light = random.uniform(0.85, 1.15, (BATCH, 1, 1, 3)), random.uniform(-0.1, 0.1, (BATCH, 1, 1, 1))
        images = np.clip(images * light[0] + light[1], -1, 1).astype(np.float32)
        boxes = np.stack([box_to_mask(box_of(mask), *mask.shape) for mask in exact])
        return (images, coarse[..., None]), np.stack([exact, boxes], axis=-1)


def _worse(mask: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a mask, float32 [S, S], with other confidence, a smooth field of doubts, and soft edges."""
    mask = np.clip(mask, 0.003, 0.997)
    logits = np.log(mask / (1 - mask)) * random.uniform(0.6, 1.6) + random.uniform(-1.2, 1.2)
    if random.random() < 0.6:
        cells = int(random.integers(3, 9))
        doubts = cv2.resize(random.normal(size=(cells, cells)), mask.shape, interpolation=cv2.INTER_CUBIC)
        logits += random.uniform(0.5, 2.5) * doubts
    if random.random() < 0.4:
        logits = cv2.GaussianBlur(logits, (0, 0), random.uniform(1, 5))
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


def loss(truth, logits):
    """Return the mean of cross-entropy, in which edges count more, and Dice.

    Args:
        truth: exact masks and boxes, [N, S, S, 2] in [0, 1].
        logits: [N, S, S, 1].
    """
    exact, box = truth[..., :1], truth[..., 1:]
    spread = ops.max_pool(exact, EDGE, 1, padding="same") + ops.max_pool(-exact, EDGE, 1, padding="same")
    weight = box * (1 + 3 * spread)
    entropy = ops.softplus(logits) - logits * exact
    mask = ops.sigmoid(logits) * box
    overlap, total = (ops.sum(values, axis=(1, 2, 3)) for values in (mask * exact, mask + exact))
    return ops.sum(weight * entropy) / (ops.sum(weight) + 1) + ops.mean(1 - 2 * overlap / (total + 1))


def train_refiner(samples: Samples, width: int, steps: int, seed: int, verbose: int = 1) -> Refiner:
    """Return a refiner trained for `steps` batches of BATCH samples; `verbose` is that of Keras' fit."""
    keras.utils.set_random_seed(seed)
    model = Refiner(width)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps, alpha=0.01)
    model.compile(keras.optimizers.Adam(rate), loss)
    model.fit(Batches(samples, steps, seed), verbose=verbose, shuffle=False)
    return model
