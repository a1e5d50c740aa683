"""D_bg and D_obj: CycleGAN's patch discriminator, deeper (sections 3.2, 3.3), or one on VGG-19 features."""

from typing import Any

import keras
from keras import ops

from seigan_tf.config import DiscriminatorConfig
from seigan_tf.networks.blocks import ConvBlock
from seigan_tf.networks.network import Network
from seigan_tf.networks.vgg19 import ENCODER_LAYERS, VGG19Features
from seigan_tf.utils.serialization import serializable


@serializable
class Discriminator(Network):
    """D_bg and D_obj: scores of overlapping patches, 1 for real and 0 for fake (LSGAN).

    CycleGAN (arXiv 1703.10593, appendix 7.2) has three strided 4 x 4 convolutions, then one of stride 1 and the scores;
    here `depth` is the number of strided ones.

    Input: images [N, S, S, 3] in [-1, 1]. Output: [N, s, s, 1] with s = S / 2^depth.

    Args:
        settings: width and depth.
        size: side S of the images, in pixels.

    Raises:
        ValueError: `size` does not fit the depth.
    """

    settings_type = DiscriminatorConfig

    def __init__(self, settings: DiscriminatorConfig, size: int, **kwargs):
        width, depth = settings.width, settings.depth
        if width < 1 or depth < 1:
            raise ValueError(f"networks.discriminator: width {width} and depth {depth} must be at least 1")
        if size % 2**depth or size < 2 ** (depth + 1):
            raise ValueError(
                f"networks.size: {size} does not fit networks.discriminator of depth {depth}; "
                f"expected a multiple of {2**depth} of at least {2 ** (depth + 1)}"
            )
        super().__init__(settings, size, **kwargs)
        widths = [width * min(2**i, 8) for i in range(depth + 1)]
        leaky: dict[str, Any] = dict(kernel_size=4, activation="leaky_relu")
        self.body = [ConvBlock(widths[0], strides=2, normalization=None, name="down_0", **leaky)]
        self.body += [ConvBlock(widths[i], strides=2, name=f"down_{i}", **leaky) for i in range(1, depth)]
        self.body += [ConvBlock(widths[-1], name="wide", **leaky)]
        self.score = ConvBlock(1, 4, normalization=None, activation=None, dtype="float32", name="score")

    def call(self, images):
        features = images
        for layer in self.body:
            features = layer(features)
        return self.score(features)

    def example(self):
        return keras.KerasTensor((None, self.size, self.size, 3))


@serializable
class FeatureDiscriminator(Network):
    """D_bg and D_obj on frozen VGG-19 features: scores of overlapping patches, 1 for real and 0 for fake (LSGAN).

    The last convolutions of blocks `depth - 1` and `depth` are each followed by a 3 x 3 and a 1 x 1 convolution.
    Projected GANs (arXiv 2111.01007) have larger networks on the features of an EfficientNet.

    Input: images [N, S, S, 3] in [-1, 1]. Output: [N, s, s, 2] with s = S / 2^(depth - 2), one channel for each block;
    the scores of the coarser one are repeated.

    Args:
        settings: width and depth.
        size: side S of the images, in pixels.
        encoder: VGG-19, shared with other networks; default: a new one.

    Raises:
        ValueError: `size` does not fit the depth, or a number is out of its range.
    """

    settings_type = DiscriminatorConfig

    def __init__(self, settings: DiscriminatorConfig, size: int, encoder: VGG19Features | None = None, **kwargs):
        width, depth = settings.width, settings.depth
        if width < 1 or not 2 <= depth <= len(ENCODER_LAYERS):
            raise ValueError(
                f"networks.discriminator: width {width} and depth {depth}; expected at least 1 channel and, on VGG-19,"
                f" depth 2 to {len(ENCODER_LAYERS)}"
            )
        if size % 2 ** (depth - 1):
            raise ValueError(
                f"networks.size: {size} does not fit networks.discriminator of depth {depth} on VGG-19; expected a "
                f"multiple of {2 ** (depth - 1)}"
            )
        super().__init__(settings, size, **kwargs)
        self.encoder = encoder or VGG19Features(name="encoder")
        self.layer_names = ENCODER_LAYERS[depth - 2 : depth]
        self.hidden = [
            ConvBlock(width, normalization=None, activation="leaky_relu", name=f"hidden_{i}") for i in range(2)
        ]
        self.score = [
            ConvBlock(1, 1, normalization=None, activation=None, dtype="float32", name=f"score_{i}") for i in range(2)
        ]

    def call(self, images):
        features = self.encoder(images, layers=self.layer_names)
        fine, coarse = (
            score(hidden(_unit_scale(features[name])))
            for name, hidden, score in zip(self.layer_names, self.hidden, self.score, strict=True)
        )
        for axis in (1, 2):
            coarse = ops.repeat(coarse, 2, axis=axis)
        return ops.concatenate([fine, coarse], axis=-1)

    def example(self):
        return keras.KerasTensor((None, self.size, self.size, 3))


def make_discriminator(settings: DiscriminatorConfig, size: int, vgg: VGG19Features | None, **kwargs) -> Network:
    """Return the discriminator that `settings` describes; the arguments are those of its class.

    Raises:
        ValueError: VGG-19 is needed and missing, or the settings do not fit the class.
    """
    if settings.backbone == "patch":
        return Discriminator(settings, size, **kwargs)
    if vgg is None:
        raise ValueError(
            "networks.discriminator: the vgg19 backbone needs VGG-19; give --vgg-weights imagenet or a path"
        )
    return FeatureDiscriminator(settings, size, vgg, **kwargs)


def _unit_scale(features):
    """Return features [N, h, w, C] divided by the root of the mean of their squares over C, in float32."""
    features = ops.cast(features, "float32")
    return features * ops.rsqrt(ops.mean(ops.square(features), axis=-1, keepdims=True) + 1.0)
