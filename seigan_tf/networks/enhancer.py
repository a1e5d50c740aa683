"""G_enh, which makes a coarse paste natural (section 3.3)."""

import keras
from keras import ops

from seigan_tf.config import BackboneConfig
from seigan_tf.networks.backbones import check_size, make_backbone
from seigan_tf.networks.network import Network
from seigan_tf.utils.serialization import serializable


@serializable
class Enhancer(Network):
    """G_enh: small changes to a coarse paste, a gain and an offset for every pixel and colour.

    The paper says that "all outputs of G_enh have been applied to z" (section 3.3). With gain g and offset b that is
    y1 = clip((1 + tanh g) z + tanh b, -1, 1): gains make shadows, offsets reflections and blended edges. The last layer
    starts at zero, so that training starts from the coarse paste itself.

    Input: the paste [N, S, S, 3] in [-1, 1] and Gaussian noise [N, S, S, 1]. Output: [N, S, S, 3] in [-1, 1].
    """

    def __init__(self, settings: BackboneConfig, size: int, **kwargs):
        check_size(settings, size, "enhancer")
        super().__init__(settings, size, **kwargs)
        self.body = make_backbone(settings, 6, zero_start=True, name="body")

    def call(self, inputs):
        """Enhance `inputs`, a tuple (paste, noise)."""
        coarse, noise = inputs
        outputs = ops.tanh(self.body(ops.concatenate([coarse, noise], axis=-1)))
        gain, offset = outputs[..., :3], outputs[..., 3:]
        return ops.hard_tanh((1.0 + gain) * coarse + offset)  # not ops.clip, see Inpainter.call

    def example(self):
        return tuple(keras.KerasTensor((None, self.size, self.size, channels)) for channels in (3, 1))
