"""Training of a SEIGAN's segmenter on masks: true ones (Supervised in Table 1) or those of a teacher."""

from seigan_tf.config import DataConfig, NetworksConfig
from seigan_tf.losses import boxes
from seigan_tf.losses.masks import mask_loss
from seigan_tf.training.one_network import OneNetwork


class MaskSegmenter(OneNetwork):
    """Model that trains a SEIGAN's segmenter alone, on masks; `save` writes the whole SEIGAN.

    `fit` takes ({"image", "box"}, masks): images float32 [N, S, S, 3] in [-1, 1], boxes float32 [N, 4] as relative
    [ymin, xmin, ymax, xmax], masks float32 [N, S, S, 1] in [0, 1]. EMA weights and replay pools are left out.

    Args:
        networks, object_fraction: those of the SEIGAN.

    Raises:
        ValueError: the same as SEIGAN.
    """

    def __init__(self, networks: NetworksConfig, object_fraction: float = DataConfig.object_fraction):
        super().__init__("segmenter", networks, object_fraction, name="mask_segmenter")

    def call(self, inputs, training=False):
        return self.seigan.masks(inputs["image"], inputs["box"])

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return `mask_loss` of the segmenter's logits; a compiled step drops the unused masks of `call`."""
        networks = self.seigan.networks
        box_mask = boxes.box_to_mask(x["box"], networks.size)
        seen = boxes.fade_outside(x["image"], box_mask, networks.outside_contrast)
        logits = self.seigan.generators.segmenter.logits(seen, training=training)
        return mask_loss(logits, y, box_mask if networks.confine_mask else None)
