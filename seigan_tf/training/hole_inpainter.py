"""Training of a SEIGAN's inpainter alone, on backgrounds with holes, of which the truth is known."""

from dataclasses import replace

import keras
import numpy as np
from keras import ops

from seigan_tf.config import DataConfig, LossesConfig, NetworksConfig
from seigan_tf.cycle import dilate_mask, inpaint
from seigan_tf.losses import reconstruction
from seigan_tf.networks.vgg19 import PERCEPTUAL_LAYERS, TEXTURE_LAYERS, without_vgg
from seigan_tf.objective import background_layers
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils import variables


class HoleInpainter(keras.Model):
    """Model that trains a SEIGAN's inpainter alone, on holes in backgrounds; `save` writes the whole SEIGAN.

    `fit` takes {"image", "hole", "noise"}: images float32 [N, S, S, 3] in [-1, 1], holes float32 [N, S, S, 1], 0 or 1,
    and standard normal noise [N, S, S, 1]. The loss has those terms of the second swap that compare the restored
    background with the true one: `background_mae`, `background_texture` and `background_perceptual`. There is no
    adversary. EMA weights and replay pools are left out.

    Args:
        networks, object_fraction: those of the SEIGAN.
        losses: weights of the three terms; the others are not used.

    Raises:
        ValueError: the three weights are 0, or the same as SEIGAN.
    """

    def __init__(
        self, networks: NetworksConfig, losses: LossesConfig, object_fraction: float = DataConfig.object_fraction
    ):
        super().__init__(name="hole_inpainter", autocast=False)  # see SEIGAN
        if not background_layers(losses) and not losses.background_mae:
            raise ValueError(
                "losses.background_mae, background_texture, background_perceptual: all are 0, expected one above 0"
            )
        self.seigan = SEIGAN(replace(networks, ema_decay=0.0, replay_size=0), object_fraction)
        self.seigan.build()
        if self.seigan.vgg is None and background_layers(losses):
            raise ValueError("losses.background_perceptual, background_texture: need VGG-19; give --vgg-weights")
        for network in (
            self.seigan.generators.segmenter,
            self.seigan.generators.enhancer,
            *self.seigan.discriminators,
        ):
            network.trainable = False
        self.losses_config = losses
        self.built = True

    def compile(self, optimizer, **kwargs):
        """Set the optimizer and create its state for `restore`."""
        super().compile(optimizer, **kwargs)
        self.optimizer.build(self.trainable_variables)

    def call(self, inputs, training=False):
        networks, hole = self.seigan.networks, dilate_mask(self.seigan.networks, inputs["hole"])
        return inpaint(self.seigan.generators.inpainter, networks, inputs["image"], hole, inputs["noise"])

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the weighted sum of the terms."""
        losses, truth = self.losses_config, x["image"]
        terms = [losses.background_mae * reconstruction.mae(y_pred, truth)]
        vgg, layers = self.seigan.vgg, background_layers(losses)
        if vgg is not None and layers:
            ours = vgg(y_pred, layers=layers)
            theirs = {name: ops.stop_gradient(value) for name, value in vgg(truth, layers=layers).items()}
            for weight, loss, names in (
                (losses.background_texture, reconstruction.texture, TEXTURE_LAYERS),
                (losses.background_perceptual, reconstruction.perceptual, PERCEPTUAL_LAYERS),
            ):
                if weight:
                    terms.append(weight * loss(ours, {name: theirs[name] for name in names}))
        return ops.sum(ops.stack(terms))

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
