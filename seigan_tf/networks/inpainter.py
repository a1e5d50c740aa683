"""G_inp: the photo without its object (section 3.2)."""

import keras
from keras import ops

from seigan_tf.config import BackboneConfig
from seigan_tf.networks.backbones import check_size, make_backbone
from seigan_tf.networks.blocks import serializable
from seigan_tf.networks.network import Network


@serializable
class Inpainter(Network):
    """G_inp: two networks in a row that fill what the mask cut out.

    Input: (1 - m) x, [N, S, S, 3] in [-1, 1], Gaussian noise [N, S, S, 1] and, where `sees_mask`, the mask [N, S, S, 1].
    Output: [N, S, S, 3] in [-1, 1]. The first network's picture, a tanh as well, is all that the second one sees.
    """

    def __init__(self, settings: BackboneConfig, size: int, sees_mask: bool = False, **kwargs):
        check_size(settings, size, "inpainter")
        super().__init__(settings, size, **kwargs)
        self.sees_mask = sees_mask
        self.coarse = make_backbone(settings, 3, name="coarse")
        self.fine = make_backbone(settings, 3, name="fine")

    def call(self, inputs):
        """`inputs`: a tuple (holed image, noise, mask); the mask is not read unless the network sees it."""
        holed, noise, mask = inputs
        channels = [holed, noise, mask] if self.sees_mask else [holed, noise]
        return ops.tanh(self.fine(ops.tanh(self.coarse(ops.concatenate(channels, axis=-1)))))

    def example(self):
        return tuple(keras.KerasTensor((None, self.size, self.size, channels)) for channels in (3, 1, 1))

    def get_config(self):
        return {**super().get_config(), "sees_mask": self.sees_mask}
