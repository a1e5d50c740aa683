"""Pull-push stands twice, in NumPy and in keras.ops; both follow the recursion below and differ in its `saturation`."""

import cv2
import numpy as np
import pytest

from seigan_tf.compose.pull_push import pull_push
from seigan_tf.networks.surroundings import fill_from_surroundings


def reference(values, weights, saturation):
    """Fill a square of 2^k places, [n, n, channels], with weights [n, n, 1]; values are multiplied by their weights.

    The weight of four places together is the mean of theirs times `saturation`, at most 1.
    """
    if len(values) == 1:
        return values / weights
    coarse, known = halved(values), halved(weights)
    weight = np.minimum(saturation * known, 1)
    filled = reference(coarse * weight / np.maximum(known, 1e-9), weight, saturation)
    return values + (1 - weights) * doubled(filled)


def halved(values):
    return (values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]) / 4


def doubled(values):
    """Bilinear: three quarters of the nearest place, a quarter of the next; the border repeats."""
    for axis in (0, 1):
        padded = np.concatenate([values.take([0], axis), values, values.take([-1], axis)], axis)
        places = np.arange(1, values.shape[axis] + 1)
        middle, before, after = (padded.take(places + step, axis) for step in (0, -1, 1))
        pairs = np.stack([0.75 * middle + 0.25 * before, 0.75 * middle + 0.25 * after], axis + 1)
        values = pairs.reshape(*[2 * size if i == axis else size for i, size in enumerate(values.shape)])
    return values


@pytest.fixture
def scene():
    """An image [64, 64, 3] in [-1, 1] and the hole in it, 0 or 1 [64, 64]."""
    random = np.random.default_rng(0)
    image = np.tanh(cv2.GaussianBlur(random.normal(size=(64, 64, 3)), (0, 0), 3) * 5).astype(np.float32)
    y, x = np.mgrid[:64, :64]
    return image, ((x - 20) ** 2 + (y - 30) ** 2 < 300).astype(np.float32)


def test_keras_fills_by_the_reference(scene):
    image, hole = scene
    known = 1 - hole[..., None]
    found = fill_from_surroundings((known * image)[None], hole[None, ..., None])
    np.testing.assert_allclose(np.asarray(found)[0], reference(known * image, known, 1), atol=1e-5)


def test_numpy_fills_by_the_reference_and_smooths(scene):
    image, hole = scene
    known = 1 - hole
    expected = cv2.GaussianBlur(reference(known[..., None] * image, known[..., None], 4), (0, 0), 1)
    np.testing.assert_allclose(pull_push(image, known), expected, atol=1e-4)


@pytest.mark.parametrize("size", [1, 2, 33, 64, 100])
def test_values_of_any_size_are_continued_from_few_places(size):
    weights = np.zeros((size, size), np.float32)
    weights[0, size // 2] = 1
    np.testing.assert_allclose(pull_push(np.full((size, size, 2), 0.3, np.float32), weights), 0.3, atol=1e-5)
