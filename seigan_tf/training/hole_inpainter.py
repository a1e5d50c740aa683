"""Training of a SEIGAN's inpainter alone, on backgrounds with holes, of which the truth is known."""

from keras import ops

from seigan_tf.config import DataConfig, LossesConfig, NetworksConfig
from seigan_tf.cycle import dilate_mask, inpaint
from seigan_tf.losses import reconstruction
from seigan_tf.networks.vgg19 import PERCEPTUAL_LAYERS, TEXTURE_LAYERS
from seigan_tf.objective import background_layers
from seigan_tf.training.one_network import OneNetwork


class HoleInpainter(OneNetwork):
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
        if not background_layers(losses) and not losses.background_mae:
            raise ValueError(
                "losses.background_mae, background_texture, background_perceptual: all are 0, expected one above 0"
            )
        super().__init__("inpainter", networks, object_fraction, name="hole_inpainter")
        if self.seigan.vgg is None and background_layers(losses):
            raise ValueError("losses.background_perceptual, background_texture: need VGG-19; give --vgg-weights")
        self.losses_config = losses

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
