"""G_seg, which finds the object of a photo as a soft mask (section 3.4)."""

import math

import keras
from keras import ops

from seigan_tf.config import BackboneConfig
from seigan_tf.networks.backbones import FeatureDecoder, check_size, make_backbone
from seigan_tf.networks.network import Network
from seigan_tf.networks.vgg19 import ENCODER_LAYERS, VGG19Features
from seigan_tf.utils.serialization import serializable
from seigan_tf.utils.tensor import Tensor


@serializable
class Segmenter(Network):
    """G_seg: soft masks of images.

    The paper uses CycleGAN's ResNet with a sigmoid. With the vgg19 backbone a small decoder reads frozen ImageNet
    features.

    Input: images [N, S, S, 3] in [-1, 1]. Output: masks [N, S, S, 1] in [0, 1].

    Args:
        settings: form of the network.
        size: side S of the images, in pixels.
        encoder: VGG-19 for the vgg19 backbone, shared with the perceptual losses; default: a new one.
    """

    def __init__(self, settings: BackboneConfig, size: int, encoder: VGG19Features | None = None, **kwargs):
        check_size(settings, size, "segmenter")
        super().__init__(settings, size, **kwargs)
        self.encoder: VGG19Features | None = None
        self.encoder_layers: tuple[str, ...] = ()
        if settings.backbone == "vgg19":
            self.encoder = encoder or VGG19Features(name="encoder")
            self.encoder_layers = ENCODER_LAYERS[: settings.depth]
            form = settings.width, settings.depth, 1, settings.separable
            self.body = FeatureDecoder(*form, normalization=settings.normalization, name="body")
        else:
            self.body = make_backbone(settings, 1, name="body")

    def logits(self, images: Tensor, features: dict[str, Tensor] | None = None, training: bool = False) -> Tensor:
        """Return the mask before its sigmoid: [N, S, S, 1], float32 also under mixed precision.

        Args:
            images: [N, S, S, 3] in [-1, 1].
            features: VGG-19's features of `images` at `encoder_layers`; default: computed here.
            training: batch normalisation uses the statistics of these images, and learns them.
        """
        if self.encoder is None:
            return self.body(images, training=training)
        features = features or self.encoder(images, layers=self.encoder_layers)
        return self.body(tuple(features[name] for name in self.encoder_layers), training=training)

    def call(self, images, features=None):
        """Return the mask; the arguments are those of `logits`."""
        return ops.sigmoid(self.logits(images, features))

    def start_from_mask(self, level: float) -> None:
        """Change the initial weights so that every mask is about `level`, in (0, 1)."""
        last = self.body.last.conv
        last.kernel.assign(0.1 * last.kernel)
        last.bias.assign(ops.full_like(last.bias, math.log(level / (1.0 - level))))

    def example(self):
        return keras.KerasTensor((None, self.size, self.size, 3))
