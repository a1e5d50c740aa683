"""Distances and vectors by VGG-19, against NumPy. Random weights: what is tested is what is made of the features."""

import numpy as np
import pytest
from keras import ops

from seigan_tf.evaluation.vgg import hole_distances, load_vgg, mean_features
from seigan_tf.networks.vgg19 import ENCODER_LAYERS


@pytest.fixture(scope="module")
def vgg():
    return load_vgg("random")


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)


def test_distance_is_that_of_unit_vectors_where_the_hole_is(vgg, images):
    random = np.random.default_rng(1)
    others = random.integers(0, 256, images.shape, np.uint8)
    holes = np.zeros((3, 32, 32), bool)
    holes[0, 4:20, 8:30] = holes[1, :, :] = holes[2, 30:, 30:] = True
    expected = []
    for image, other, hole in zip(images, others, holes, strict=True):
        layers = []
        for name in ENCODER_LAYERS:
            a, b = (
                ops.convert_to_numpy(vgg(each[None] / np.float32(127.5) - 1, layers=(name,))[name])[0]
                for each in (image, other)
            )
            squares = np.zeros(a.shape[:2])
            for place in np.ndindex(*a.shape[:2]):
                u, v = (x[place] / np.sqrt((x[place] ** 2).sum()) for x in (a, b))
                squares[place] = ((u - v) ** 2).sum()
            part = 32 // a.shape[0]
            weights = hole.reshape(a.shape[0], part, a.shape[0], part).mean(axis=(1, 3))
            layers.append((squares * weights).sum() / weights.sum())
        expected.append(np.mean(layers))
    np.testing.assert_allclose(hole_distances(vgg, images, others, holes), expected, rtol=1e-3)


def test_distance_of_equal_images_is_zero(vgg, images):
    np.testing.assert_allclose(hole_distances(vgg, images, images, np.ones((3, 32, 32), bool)), 0, atol=1e-12)


def test_vectors_are_means_over_positions_of_one_length_whatever_the_batch(vgg, images):
    many = np.tile(images, (12, 1, 1, 1))  # more than one batch
    vectors = mean_features(vgg, many)
    assert vectors.shape == (36, 512)
    np.testing.assert_allclose((vectors**2).mean(axis=1), 1)
    features = ops.convert_to_numpy(vgg(images / np.float32(127.5) - 1, layers=("block5_conv4",))["block5_conv4"])
    expected = features.mean(axis=(1, 2))
    expected /= np.sqrt((expected**2).mean(axis=1, keepdims=True))
    np.testing.assert_allclose(vectors[33:], expected, rtol=1e-3, atol=1e-5)


def test_without_weights_there_is_none():
    assert load_vgg("none") is None


def test_weights_that_are_not_there_are_refused(one_line_error):
    assert "nowhere.h5" in one_line_error(load_vgg, "nowhere.h5")
