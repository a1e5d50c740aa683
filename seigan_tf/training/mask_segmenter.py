"""Training of a SEIGAN's segmenter on masks: true ones (Supervised in Table 1) or those of a teacher."""

from dataclasses import replace

import keras
import numpy as np

from seigan_tf.config import DataConfig, NetworksConfig
from seigan_tf.losses import boxes
from seigan_tf.losses.masks import mask_loss
from seigan_tf.networks.vgg19 import without_vgg
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils import variables


class MaskSegmenter(keras.Model):
    """Model that trains a SEIGAN's segmenter alone, on masks; `save` writes the whole SEIGAN.

    `fit` takes ({"image", "box"}, masks): images float32 [N, S, S, 3] in [-1, 1], boxes float32 [N, 4] as relative
    [ymin, xmin, ymax, xmax], masks float32 [N, S, S, 1] in [0, 1]. EMA weights and replay pools are left out.

    Args:
        networks, object_fraction: those of the SEIGAN.

    Raises:
        ValueError: the same as SEIGAN.
    """

    def __init__(self, networks: NetworksConfig, object_fraction: float = DataConfig.object_fraction):
        super().__init__(name="mask_segmenter", autocast=False)  # see SEIGAN
        self.seigan = SEIGAN(replace(networks, ema_decay=0.0, replay_size=0), object_fraction)
        self.seigan.build()
        for network in (self.seigan.generators.inpainter, self.seigan.generators.enhancer, *self.seigan.discriminators):
            network.trainable = False
        self.built = True

    def compile(self, optimizer, **kwargs):
        """Set the optimizer and create its state for `restore`."""
        super().compile(optimizer, **kwargs)
        self.optimizer.build(self.trainable_variables)

    def call(self, inputs, training=False):
        return self.seigan.masks(inputs["image"], inputs["box"])

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return `mask_loss` of the segmenter's logits; a compiled step drops the unused masks of `call`."""
        networks = self.seigan.networks
        box_mask = boxes.box_to_mask(x["box"], networks.size) if networks.confine_mask else None
        return mask_loss(self.seigan.generators.segmenter.logits(x["image"]), y, box_mask)

    def save(self, filepath, **kwargs):
        self.seigan.save(filepath, **kwargs)

    def _state_variables(self):
        named = {v.path: v for v in without_vgg(self.seigan.variables, self.seigan.vgg)}
        return named | {f"optimizer/{i}/{v.name}": v for i, v in enumerate(self.optimizer.variables)}

    def state(self) -> dict[str, np.ndarray]:
        """Return the values of all variables that an exact resume needs, without the frozen VGG-19."""
        return variables.values(self._state_variables())

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Assign the values that `state` returned.

        Raises:
            ValueError: names the first variable that is missing, unknown or of another shape.
        """
        variables.assign(self._state_variables(), state)
