"""D_bg and D_obj: CycleGAN's patch discriminator, deeper (sections 3.2, 3.3)."""

import keras

from seigan_tf.config import DiscriminatorConfig
from seigan_tf.networks.blocks import ConvBlock
from seigan_tf.networks.network import Network
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
        leaky = dict(kernel_size=4, activation="leaky_relu")
        self.body = [ConvBlock(widths[0], strides=2, normalize=False, name="down_0", **leaky)]
        self.body += [ConvBlock(widths[i], strides=2, name=f"down_{i}", **leaky) for i in range(1, depth)]
        self.body += [ConvBlock(widths[-1], name="wide", **leaky)]
        self.score = ConvBlock(1, 4, normalize=False, activation=None, dtype="float32", name="score")

    def call(self, images):
        features = images
        for layer in self.body:
            features = layer(features)
        return self.score(features)

    def example(self):
        return keras.KerasTensor((None, self.size, self.size, 3))
