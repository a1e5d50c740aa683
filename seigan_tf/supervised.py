"""G_seg alone, trained on masks that are given: true ones, the bound of SEIGAN's (Table 1), or those of a teacher."""

import keras
import numpy as np
from keras import ops

from seigan_tf import checks
from seigan_tf import config as configuration
from seigan_tf.config import NetworksConfig
from seigan_tf.losses import boxes
from seigan_tf.networks import Segmenter, VGG19Features
from seigan_tf.utils.serialization import serializable

MODEL_FILE = "weights/supervised.keras"
"""Where a run folder keeps its model."""


@serializable
class Supervised(keras.Model):
    """G_seg alone, on {"image": [N, S, S, 3] in [-1, 1], "box": [N, 4]}; `fit` takes masks [N, S, S, 1] as y.

    Masks are confined to the box where the settings say so, as SEIGAN's are.

    Args:
        networks: of the SEIGAN that it is compared with; of its networks the segmenter is used.
        segmenter: one to train, of the same settings and built; a new one unless given.

    Raises:
        ValueError: a size does not fit the network, or VGG-19 weights are missing.
    """

    def __init__(self, networks: NetworksConfig, segmenter: Segmenter | None = None, **kwargs):
        super().__init__(**{"name": "supervised", "autocast": False, **kwargs})  # boxes are no matter of precision
        checks.networks(networks)
        self.networks = networks
        self._restored = segmenter is not None
        if segmenter is None:
            vgg = VGG19Features(name="vgg19") if networks.segmenter.backbone == "vgg19" else None
            segmenter = Segmenter(networks.segmenter, networks.size, vgg, name="segmenter")
        self.segmenter = segmenter

    def build(self, input_shape=None):
        """Creates every weight; the shape is known, so that nothing has to be passed."""
        if not self.built:
            self.segmenter.build()
            if self.segmenter.encoder is not None and not self._restored:
                self.segmenter.encoder.load(self.networks.vgg_weights)
            self.built = True

    def call(self, inputs, training=False):
        mask = self.segmenter(inputs["image"])
        return mask * boxes.inside(inputs["box"], self.networks.size) if self.networks.confine_mask else mask

    def segment(self, images, boxes, batch_size=32) -> np.ndarray:
        """Masks of photo crops; arguments and result as of `SEIGAN.segment`."""
        image, box = checks.crops(self.networks.size, images=images, boxes=boxes)
        # Not predict: under TensorFlow its pipeline writes error lines that alarm readers.
        starts = range(0, len(image), batch_size)
        parts = [slice(start, start + batch_size) for start in starts]
        return np.concatenate([self.predict_on_batch({"image": image[part], "box": box[part]}) for part in parts])

    def get_config(self):
        return {"networks": configuration.to_dict(self.networks), "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(configuration.from_dict(NetworksConfig, config["networks"]), name=config["name"])

    def get_build_config(self):
        return {"input_shape": None}  # Keras skips build_from_config, and with it the weights, where this is empty

    def build_from_config(self, config):
        self._restored = True  # called for saved files only, which hold VGG-19 too
        self.build()


@serializable
def mask_loss(truth, mask):
    """Binary cross-entropy and 1 - Dice, the usual pair for masks (Milletari et al., arXiv 1606.04797): [N]."""
    mask = ops.clip(mask, 1e-6, 1.0 - 1e-6)
    entropy = -ops.mean(truth * ops.log(mask) + (1.0 - truth) * ops.log(1.0 - mask), axis=(1, 2, 3))
    overlap = ops.sum(truth * mask, axis=(1, 2, 3))
    total = ops.sum(ops.square(truth), axis=(1, 2, 3)) + ops.sum(ops.square(mask), axis=(1, 2, 3))
    return entropy + 1.0 - 2.0 * overlap / ops.maximum(total, 1e-6)
