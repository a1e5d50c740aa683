"""The image-to-image backbones that the paper compared (figure 3), and the decoder on pretrained features.

Each maps [N, S, S, C] to [N, S, S, outputs] without a final activation; the last convolution stays in float32 under
mixed precision. Segmenter, inpainter and enhancer are built around them.
"""

import keras
from keras import ops

from seigan_tf.config import BackboneConfig
from seigan_tf.networks.blocks import ConvBlock, ResidualBlock
from seigan_tf.networks.vgg19 import ENCODER_LAYERS
from seigan_tf.utils.serialization import serializable


def check_size(config: BackboneConfig, size: int, name: str) -> None:
    """Raise ValueError if `config` cannot take square images of `size` pixels.

    Args:
        config: form of the backbone.
        size: side of the images, in pixels.
        name: name of the network, for the message.
    """
    if config.width < 1 or config.depth < 1:
        raise ValueError(f"networks.{name}: width {config.width} and depth {config.depth} must be at least 1")
    if config.backbone == "vgg19" and not 2 <= config.depth <= len(ENCODER_LAYERS):
        raise ValueError(f"networks.{name}.depth: {config.depth}; a vgg19 backbone reads 2 to {len(ENCODER_LAYERS)}")
    halvings = {"resnet": 2, "unet": config.depth, "vgg19": config.depth - 1}[config.backbone]
    # Instance normalisation makes a single pixel zero.
    if size % 2**halvings or size < 2 ** (halvings + 1):
        raise ValueError(
            f"networks.size: {size} does not fit networks.{name} ({config.backbone}, depth {config.depth}); "
            f"expected a multiple of {2**halvings} of at least {2 ** (halvings + 1)}"
        )


def make_backbone(config: BackboneConfig, outputs: int, zero_start: bool = False, **kwargs) -> keras.layers.Layer:
    """Return the backbone that `config` describes.

    Args:
        config: form of the backbone, resnet or unet.
        outputs: channels of the output.
        zero_start: start the last convolution at zero, so that all outputs are zero before training.

    Raises:
        ValueError: the backbone is vgg19, which is for the segmenter only.
    """
    if config.backbone == "vgg19":
        raise ValueError("networks: the vgg19 backbone is for the segmenter only; expected resnet or unet")
    kind: type[_Backbone] = {"resnet": ResNet, "unet": UNet}[config.backbone]
    return kind(config.width, config.depth, outputs, config.separable, zero_start, config.normalization, **kwargs)


class _Backbone(keras.layers.Layer):
    """Shared configuration of the backbones.

    Symbolic outputs are made here, as Keras would trace every operation to learn them, twice, whenever a model is made.
    """

    def __init__(self, width, depth, outputs, separable=False, zero_start=False, normalization="instance", **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.depth = depth
        self.outputs = outputs
        self.separable = separable
        self.zero_start = zero_start
        self.normalization = normalization

    def build(self, input_shape):
        self.call(keras.tree.map_shape_structure(keras.KerasTensor, input_shape))

    def compute_output_spec(self, inputs, training=False):
        finest = keras.tree.flatten(inputs)[0]
        return keras.KerasTensor((*finest.shape[:3], self.outputs), self.last.compute_dtype)

    def last_layer(self, kernel_size, reflect):
        initializer = "zeros" if self.zero_start else None
        return ConvBlock(
            self.outputs, kernel_size, reflect=reflect, normalization=None, activation=None,
            kernel_initializer=initializer, dtype="float32", name="last",
        )  # fmt: skip

    def get_config(self):
        names = ("width", "depth", "outputs", "separable", "zero_start", "normalization")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@serializable
class ResNet(_Backbone):
    """CycleGAN's generator (arXiv 1703.10593, appendix 7.2): two halvings, residual blocks, two doublings.

    Doublings are bilinear resizing and a convolution; CycleGAN has transposed convolutions. This makes no checkerboards
    (https://distill.pub/2016/deconv-checkerboard), and every mobile delegate has the operations.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        width, norm = self.width, dict(normalization=self.normalization)
        common = dict(separable=self.separable, **norm)
        self.stem = ConvBlock(width, 7, reflect=True, name="stem", **norm)
        self.down = [ConvBlock(width * 2**i, strides=2, name=f"down_{i}", **common) for i in (1, 2)]
        self.residual = [ResidualBlock(width * 4, name=f"residual_{i}", **common) for i in range(self.depth)]
        self.double = keras.layers.UpSampling2D(interpolation="bilinear", name="double")
        self.up = [ConvBlock(width * 2**i, name=f"up_{i}", **common) for i in (1, 0)]
        self.last = self.last_layer(7, reflect=True)

    def call(self, inputs, training=False):
        features = self.stem(inputs, training=training)
        layers: list[keras.layers.Layer] = [*self.down, *self.residual]
        for layer in layers:
            features = layer(features, training=training)
        for layer in self.up:
            features = layer(self.double(features), training=training)
        return self.last(features)


@serializable
class UNet(_Backbone):
    """U-Net (Ronneberger et al., arXiv 1505.04597): each doubling reads the features of the same size, too."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        widths = [self.width * min(2**i, 8) for i in range(self.depth + 1)]
        norm = dict(normalization=self.normalization)
        common = dict(separable=self.separable, **norm)
        self.stem = ConvBlock(widths[0], activation="leaky_relu", name="stem", **norm)
        self.down = [
            ConvBlock(w, 4, strides=2, activation="leaky_relu", name=f"down_{i}", **common)
            for i, w in enumerate(widths[1:], start=1)
        ]
        self.double = keras.layers.UpSampling2D(interpolation="bilinear", name="double")
        self.up = [ConvBlock(w, name=f"up_{i}", **common) for i, w in reversed(list(enumerate(widths[:-1])))]
        self.last = self.last_layer(3, reflect=False)

    def call(self, inputs, training=False):
        features = self.stem(inputs, training=training)
        skipped = []
        for layer in self.down:
            skipped.append(features)
            features = layer(features, training=training)
        for layer in self.up:
            joined = ops.concatenate([self.double(features), skipped.pop()], axis=-1)
            features = layer(joined, training=training)
        return self.last(features)


@serializable
class FeatureDecoder(_Backbone):
    """Top-down decoder on VGG-19 features, as in feature pyramids (Lin et al., arXiv 1612.03144).

    Input: features of `ENCODER_LAYERS[:depth]`, finest first, a tuple of [N, S / 2^i, S / 2^i, C_i].
    Output: [N, S, S, outputs].
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        levels = range(self.depth)
        norm = dict(normalization=self.normalization)
        # Normalised lateral connections remove the scale of the features, which reach thousands.
        self.lateral = [ConvBlock(self.width, 1, activation=None, name=f"lateral_{i}", **norm) for i in levels]
        self.merge = [ConvBlock(self.width, separable=self.separable, name=f"merge_{i}", **norm) for i in levels]
        self.double = keras.layers.UpSampling2D(interpolation="bilinear", name="double")
        self.last = self.last_layer(3, reflect=False)

    def call(self, features, training=False):
        merged = None
        for level in reversed(range(self.depth)):
            lateral = self.lateral[level](features[level], training=training)
            both = lateral if merged is None else lateral + self.double(merged)
            merged = self.merge[level](both, training=training)
        return self.last(merged)
