"""The layers that every network is made of, against the NumPy reference and against tensorflow-addons."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from seigan_tf.networks.blocks import ConvBlock, InstanceNormalization, ResidualBlock, reflect
from tests.reference import layers as reference
from tests.reference.weights import randomise, weights_of

TFA_VALUES = Path(__file__).parent.parent / "reference" / "tfa_instance_norm.npz"
ACTIVATIONS = {"relu": reference.relu, "leaky_relu": reference.leaky_relu, None: None}


def random_images(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


@pytest.mark.parametrize("case", ["plain", "large_epsilon", "far_from_zero", "constant"])
def test_instance_normalization_gives_what_tensorflow_addons_gave(case):
    with np.load(TFA_VALUES) as file:
        inputs, gamma, beta, epsilon, expected = (
            file[f"{case}/{key}"] for key in ("input", "gamma", "beta", "epsilon", "output")
        )
    layer = InstanceNormalization(epsilon=float(epsilon))
    layer.build(inputs.shape)
    layer.set_weights([gamma, beta])
    np.testing.assert_allclose(np.asarray(layer(inputs)), expected, rtol=2e-4, atol=2e-4)


def test_instance_normalization_agrees_with_the_reference():
    layer = InstanceNormalization()
    layer.build((None, 5, 7, 3))
    randomise(layer.weights)
    inputs = random_images(2, 5, 7, 3)
    expected = reference.instance_norm(inputs.astype("float64"), *(np.asarray(w.value) for w in layer.weights))
    np.testing.assert_allclose(np.asarray(layer(inputs)), expected, rtol=1e-4, atol=1e-5)


def test_instance_normalization_takes_its_moments_in_float32_under_mixed_precision():
    layer = InstanceNormalization(dtype="mixed_float16")
    inputs = 100.0 + 10.0 * random_images(1, 64, 64, 1)  # their squares' sum leaves float16 by far
    outputs = np.asarray(layer(inputs))
    assert outputs.dtype == np.float16
    np.testing.assert_allclose(
        outputs, reference.instance_norm(inputs.astype("float16").astype("float64"), 1.0, 0.0), atol=5e-3
    )


def gradients(function, *arguments):
    """The gradients of a weighted sum of the function's values."""
    arguments = [tf.constant(argument) for argument in arguments]
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        values = function(*arguments)
    return tape.gradient(values, arguments, output_gradients=random_images(*values.shape, seed=9))


def test_the_gradient_of_instance_normalization_is_that_of_its_formula():
    layer = InstanceNormalization()
    layer.build((None, 5, 7, 3))

    def formula(images, gamma, beta):
        mean, variance = tf.nn.moments(images, (1, 2), keepdims=True)
        return (images - mean) / tf.sqrt(variance + 1e-5) * gamma + beta

    def ours(images, gamma, beta):
        with keras.StatelessScope([(layer.gamma, gamma), (layer.beta, beta)]):
            return layer(images)

    arguments = random_images(2, 5, 7, 3), random_images(3, seed=1), random_images(3, seed=2)
    for made, expected in zip(gradients(ours, *arguments), gradients(formula, *arguments), strict=True):
        np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("size", "border"), [(2, 1), (3, 1), (4, 1), (9, 1), (5, 3), (9, 3)])
def test_reflection_and_its_gradient_are_those_of_tensorflow(size, border):
    images, widths = random_images(2, size, size + 1, 3), [[0, 0], [border, border], [border, border], [0, 0]]

    def expected(images):
        return tf.pad(images, widths, "REFLECT")

    np.testing.assert_array_equal(reflect(images, border), expected(images))
    ours = gradients(lambda images: reflect(images, border), images)[0]
    np.testing.assert_allclose(ours, gradients(expected, images)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("separable", [False, True])
@pytest.mark.parametrize(
    ("kernel_size", "strides", "reflect", "normalization", "activation"),
    [
        (3, 1, False, "instance", "relu"),
        (3, 1, True, "instance", None),
        (3, 2, False, "instance", "leaky_relu"),
        (4, 1, False, None, "leaky_relu"),
        (4, 2, False, "instance", "leaky_relu"),
        (7, 1, True, None, None),
        (1, 1, False, "instance", None),
    ],
)
def test_convolution_block_agrees_with_the_reference(
    kernel_size, strides, reflect, normalization, activation, separable
):
    layer = ConvBlock(4, kernel_size, strides, reflect, normalization, activation, separable, name="block")
    inputs = random_images(2, 10, 8, 3)
    layer.build(inputs.shape)
    assert (layer.norm is None, layer.conv.use_bias) == (normalization is None,) * 2
    randomise(layer.weights)
    outputs = np.asarray(layer(inputs))
    expected = reference.conv_block(
        inputs.astype("float64"), weights_of(layer), strides, reflect, ACTIVATIONS[activation]
    )
    assert outputs.shape == (2, 10 // strides, 8 // strides, 4)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("separable", [False, True])
def test_residual_block_agrees_with_the_reference(separable):
    layer = ResidualBlock(3, separable, name="block")
    inputs = random_images(2, 6, 6, 3)
    layer.build(inputs.shape)
    randomise(layer.weights)
    expected = reference.residual_block(inputs.astype("float64"), weights_of(layer))
    np.testing.assert_allclose(np.asarray(layer(inputs)), expected, rtol=1e-4, atol=1e-4)


def test_a_normalised_convolution_has_no_bias_that_normalisation_would_take_away():
    layer = ConvBlock(4, name="block")
    layer.build((None, 8, 8, 3))
    assert set(weights_of(layer)["conv"]) == {"kernel"}


def test_batch_normalization_has_the_batch_in_training_and_its_averages_in_use():
    block = ConvBlock(3, normalization="batch", activation=None)
    block.build((None, 8, 8, 2))
    randomise(block.weights)
    inputs = random_images(4, 8, 8, 2)
    outputs = np.asarray(block.conv(inputs)).astype("float64")
    gamma, beta = (np.asarray(weight) for weight in (block.norm.gamma, block.norm.beta))

    def normalized(mean, variance):
        return (outputs - mean) / np.sqrt(variance + block.norm.epsilon) * gamma + beta

    before = [np.asarray(weight) for weight in (block.norm.moving_mean, block.norm.moving_variance)]
    before[1] = abs(before[1])
    block.norm.moving_variance.assign(before[1])
    np.testing.assert_allclose(np.asarray(block(inputs)), normalized(*before), rtol=1e-4, atol=1e-4)
    batch = outputs.mean((0, 1, 2)), outputs.var((0, 1, 2))
    np.testing.assert_allclose(np.asarray(block(inputs, training=True)), normalized(*batch), rtol=1e-4, atol=1e-4)
    for weight, old, new in zip((block.norm.moving_mean, block.norm.moving_variance), before, batch, strict=True):
        np.testing.assert_allclose(np.asarray(weight), 0.97 * old + 0.03 * new, rtol=1e-4, atol=1e-5)


def test_bilinear_doubling_agrees_with_the_reference():
    inputs = random_images(2, 5, 3, 2)
    outputs = keras.layers.UpSampling2D(interpolation="bilinear")(inputs)
    np.testing.assert_allclose(np.asarray(outputs), reference.double(inputs.astype("float64")), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "layer",
    [
        InstanceNormalization(epsilon=1e-3),
        ConvBlock(4, 4, 2, activation="leaky_relu", separable=True),
        ConvBlock(2, 7, reflect=True, normalization=None, activation=None, kernel_initializer="zeros", dtype="float32"),
        ResidualBlock(3, separable=True),
        ResidualBlock(3, normalization="batch"),
    ],
    ids=lambda layer: layer.name,
)
def test_blocks_come_back_from_their_configuration(layer):
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert type(copy) is type(layer)
    assert copy.get_config() == layer.get_config()
