"""G_inp, which restores the background behind an object (section 3.2)."""

import keras
from keras import ops

from seigan_tf.config import BackboneConfig
from seigan_tf.networks.backbones import check_size, make_backbone
from seigan_tf.networks.network import Network
from seigan_tf.networks.surroundings import fill_from_surroundings
from seigan_tf.utils.serialization import serializable


@serializable
class Inpainter(Network):
    """G_inp: two networks in a row that fill the area cut out by the mask.

    Input: (1 - m) x, [N, S, S, 3] in [-1, 1], Gaussian noise [N, S, S, 1] and the mask [N, S, S, 1].
    Output: [N, S, S, 3] in [-1, 1]. The second network's only input is the first one's output.

    Args:
        settings: form of each of the two networks.
        size: side S of the images, in pixels.
        mask_input: give the first network the mask as one more channel.
        prefill: fill the hole with the colours around it first; each network then adds a tanh, which starts at zero.
            Instance normalisation removes the absolute colours of a photo. The paper's form, in which each tanh is the
            whole image, is therefore slow to learn them.
    """

    def __init__(self, settings: BackboneConfig, size: int, mask_input: bool = False, prefill: bool = False, **kwargs):
        check_size(settings, size, "inpainter")
        super().__init__(settings, size, **kwargs)
        self.mask_input = mask_input
        self.prefill = prefill
        self.coarse = make_backbone(settings, 3, zero_start=prefill, name="coarse")
        self.fine = make_backbone(settings, 3, zero_start=prefill, name="fine")

    def call(self, inputs):
        """Restore `inputs`, a tuple (holed image, noise, mask); `mask_input` and `prefill` read the mask."""
        holed, noise, mask = inputs
        start = fill_from_surroundings(holed, mask) if self.prefill else holed
        channels = [start, noise, mask] if self.mask_input else [start, noise]
        coarse = ops.tanh(self.coarse(ops.concatenate(channels, axis=-1)))
        if not self.prefill:
            return ops.tanh(self.fine(coarse))
        # hard_tanh clips to [-1, 1]. Up to 30 % of a photograph's values are at these bounds, and there its gradient is
        # 1 on both backends; that of ops.clip is 1 under TensorFlow and 1/2 under JAX.
        coarse = ops.hard_tanh(start + coarse)
        return ops.hard_tanh(coarse + ops.tanh(self.fine(coarse)))

    def example(self):
        return tuple(keras.KerasTensor((None, self.size, self.size, channels)) for channels in (3, 1, 1))

    def get_config(self):
        return {**super().get_config(), "mask_input": self.mask_input, "prefill": self.prefill}
