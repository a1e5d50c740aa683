"""Layers of all networks: normalisation, the convolution block, the residual block."""

from itertools import pairwise
from typing import Literal

import keras
from keras import ops

from seigan_tf.utils.serialization import serializable
from seigan_tf.utils.tensor import Tensor

MOMENTUM = 0.97
"""Momentum of the moving averages in batch normalisation: a few hundred steps are enough to fill them."""


@serializable
class InstanceNormalization(keras.layers.Layer):
    """Instance normalisation (Ulyanov et al., arXiv 1607.08022) with a scale and an offset for each channel.

    It consists of mean, squared difference and rsqrt on four axes: keras.layers.GroupNormalization(groups=-1) exports a
    reshape to five axes, which the GPU delegates of TFLite refuse. Moments are float32 under mixed precision, too.

    Input and output: [N, H, W, C].
    """

    def __init__(self, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        channels = (input_shape[-1],)
        self.gamma = self.add_weight(name="gamma", shape=channels, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=channels, initializer="zeros")

    def call(self, inputs):
        values, gamma, beta = (ops.cast(value, "float32") for value in (inputs, self.gamma, self.beta))
        return ops.cast(_normalize(self.epsilon)(values, gamma, beta), self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


def _normalize(epsilon):
    """Return instance normalisation as a function of float32 (values, gamma, beta), whose gradient is written out.

    Derived from mean and variance step by step the gradient reads and writes the values about twice as often.
    """

    @ops.custom_gradient
    def normalize(values, gamma, beta):
        centred = values - ops.mean(values, axis=(1, 2), keepdims=True)
        inverse = ops.rsqrt(ops.mean(ops.square(centred), axis=(1, 2), keepdims=True) + epsilon)
        scale = inverse * gamma

        def gradient(upstream):
            mean = ops.mean(upstream, axis=(1, 2), keepdims=True)
            along = ops.mean(upstream * centred, axis=(1, 2), keepdims=True) * inverse
            by_values = scale * upstream - (centred * (scale * along * inverse) + scale * mean)
            positions = ops.cast(ops.shape(values)[1] * ops.shape(values)[2], "float32")
            return by_values, positions * ops.sum(along, axis=(0, 1, 2)), positions * ops.sum(mean, axis=(0, 1, 2))

        return centred * scale + beta, gradient

    return normalize


@serializable
class ConvBlock(keras.layers.Layer):
    """Convolution with optional normalisation and activation.

    Args:
        filters: channels of the output.
        kernel_size: side of the kernel, in pixels.
        strides: 1 keeps the size, 2 halves it.
        reflect: pad by reflection, as CycleGAN's generator does, instead of with zeros.
        normalization: of the output, instance or batch, the convolution then having no bias; None for none.
        activation: name of a Keras activation, or None.
        separable: depthwise-separable convolution (arXiv 1704.04861).
        kernel_initializer: default: CycleGAN's normal distribution with standard deviation 0.02 if normalisation
            follows, which undoes its scale, else Glorot's.
    """

    def __init__(
        self,
        filters,
        kernel_size=3,
        strides=1,
        reflect=False,
        normalization: Literal["instance", "batch"] | None = "instance",
        activation="relu",
        separable=False,
        kernel_initializer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.reflect = reflect
        self.normalization = normalization
        self.activation = activation
        self.separable = separable
        self.kernel_initializer = kernel_initializer
        common = dict(
            strides=strides,
            padding="valid" if reflect else "same",
            use_bias=normalization is None,
            dtype=self.dtype_policy,
            name="conv",
        )
        initializer = kernel_initializer or (
            keras.initializers.RandomNormal(stddev=0.02) if normalization else "glorot_uniform"
        )
        if separable:
            self.conv = keras.layers.SeparableConv2D(
                filters, kernel_size, depthwise_initializer="he_normal", pointwise_initializer=initializer, **common
            )
        else:
            self.conv = keras.layers.Conv2D(filters, kernel_size, kernel_initializer=initializer, **common)
        self.norm = None
        if normalization == "instance":
            self.norm = InstanceNormalization(dtype=self.dtype_policy, name="norm")
        elif normalization == "batch":
            self.norm = keras.layers.BatchNormalization(momentum=MOMENTUM, dtype=self.dtype_policy, name="norm")
        self.activate = keras.activations.get(activation)

    def build(self, input_shape):
        self.conv.build(self._padded(input_shape))
        if self.norm is not None:
            self.norm.build(self.compute_output_shape(input_shape))

    def compute_output_shape(self, input_shape):
        return self.conv.compute_output_shape(self._padded(input_shape))

    def _padded(self, shape):
        side = 2 * (self.kernel_size // 2) if self.reflect else 0
        height, width = (None if length is None else length + side for length in shape[1:3])
        return shape[0], height, width, shape[3]

    def call(self, inputs, training=False):
        if self.reflect and self.kernel_size > 1:
            inputs = reflect(inputs, self.kernel_size // 2)
        outputs = self.conv(inputs)
        if self.norm is not None:
            mode = {"training": training} if self.normalization == "batch" else {}
            outputs = self.norm(outputs, **mode)
        return self.activate(outputs)

    def get_config(self):
        names = ("filters", "kernel_size", "strides", "reflect", "normalization", "activation", "separable")
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in names},
            "kernel_initializer": self.kernel_initializer,
        }


def reflect(images: Tensor, border: int) -> Tensor:
    """Pad images by reflection, without repeating the outermost pixels.

    It consists of slices and concatenations: XNNPACK, the runtime of TFLite files on CPUs, has no reflection, and would
    run a network with nine of them in ten parts. XNNPACK concatenates at most five tensors; three are used at a time.

    Args:
        images: [N, H, W, C].
        border: number of rows and columns to add at each side, less than H and W.

    Returns:
        [N, H + 2 border, W + 2 border, C].
    """

    @ops.custom_gradient
    def pad(images):
        for axis in (1, 2):
            rows = (slice(None),) * axis
            before = [images[*rows, i : i + 1] for i in range(border, 0, -1)]
            after = [images[*rows, -i - 1 : -i] for i in range(1, border + 1)]
            ends = [ops.concatenate(lines, axis=axis) if border > 1 else lines[0] for lines in (before, after)]
            images = ops.concatenate([ends[0], images, ends[1]], axis=axis)
        return images, lambda upstream: _fold(_fold(upstream, 2, border), 1, border)

    return pad(images)


def _fold(values, axis, border):
    """Return the gradient of one axis before its reflection: each border is added to the rows that it repeats.

    TensorFlow's own gradient of the slices in `reflect` fills a tensor of the images' size with zeros for each of them.
    """
    length = values.shape[axis] - 2 * border

    def part(start, stop):  # a slice is 4 operations under TensorFlow, ops.split 24, which take time to compile
        return values[(*(slice(None),) * axis, slice(start, stop))]

    before, after = ops.flip(part(0, border), axis), ops.flip(part(border + length, 2 * border + length), axis)
    if length < 2 * border + 2:  # the two borders repeat some of the same rows
        first, last = [(0, 0)] * 4, [(0, 0)] * 4
        first[axis], last[axis] = (1, length - 1 - border), (length - 1 - border, 1)
        return part(border, border + length) + ops.pad(before, first) + ops.pad(after, last)
    cuts = [border, border + 1, 2 * border + 1, length - 1, length + border - 1, length + border]
    top, upper, middle, lower, bottom = (part(*ends) for ends in pairwise(cuts))
    return ops.concatenate([top, upper + before, middle, lower + after, bottom], axis=axis)


@serializable
class ResidualBlock(keras.layers.Layer):
    """Two reflect-padded 3 x 3 convolutions beside a shortcut (CycleGAN, arXiv 1703.10593, appendix 7.2)."""

    def __init__(self, filters, separable=False, normalization="instance", **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.separable = separable
        self.normalization = normalization
        common = dict(reflect=True, separable=separable, normalization=normalization, dtype=self.dtype_policy)
        self.first = ConvBlock(filters, name="first", **common)
        self.second = ConvBlock(filters, activation=None, name="second", **common)

    def build(self, input_shape):
        self.first.build(input_shape)
        self.second.build(input_shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def call(self, inputs, training=False):
        return inputs + self.second(self.first(inputs, training=training), training=training)

    def get_config(self):
        names = ("filters", "separable", "normalization")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
