"""The cycle of the paper (figure 2): a batch and the networks make the images of two swaps and two identity passes.

An image is made when it is first read, so that a loss term that is switched off costs nothing: the networks that only
this term needs are not run.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from keras import ops

from seigan_tf.config import NetworksConfig
from seigan_tf.losses import boxes
from seigan_tf.networks import Enhancer, Inpainter, Segmenter, VGG19Features
from seigan_tf.utils.tensor import Tensor

NOISE_NAMES = (
    "background", "composite", "object_back", "background_back", "background_identity", "object_identity",
)  # fmt: skip
"""Names of the passes through G_inp and G_enh, each of which has its own noise."""


def fixed_noise(images: Tensor, seed: int = 0) -> Tensor:
    """Return standard normal noise from a seed, the same at every call: [N, S, S, 1] for images [N, S, S, C].

    Zeros would not do, as the networks are trained with noise: with zeros an inpainter filled holes too dark by 0.04 of
    [0, 1] on average, with noise by 0.002.
    """
    size = images.shape[1]
    noise = np.random.default_rng(seed).standard_normal((1, size, size, 1)).astype("float32")
    return ops.broadcast_to(ops.cast(noise, images.dtype), ops.shape(images[..., :1]))


class Generators(NamedTuple):
    """The three networks that are kept after training."""

    segmenter: Segmenter
    inpainter: Inpainter
    enhancer: Enhancer


def dilate_mask(settings: NetworksConfig, mask: Tensor, least: int = 0) -> Tensor:
    """Return the mask dilated as in the inpainter's training, so that no rim of the object is left.

    Args:
        settings: `mask_dilation` is read.
        mask: [N, S, S, 1].
        least: least dilation, in pixels.
    """
    pixels = max(settings.mask_dilation, least)
    return ops.max_pool(mask, 2 * pixels + 1, strides=1, padding="same") if pixels else mask


def inpaint(inpainter: Inpainter, settings: NetworksConfig, images: Tensor, mask: Tensor, noise: Tensor) -> Tensor:
    """Return G_inp((1 - m) x), or (1 - m) x + m G_inp with `composite_inpainting`: [N, S, S, 3] in [-1, 1].

    The mask is not dilated here; see `dilate_mask`.

    Args:
        inpainter: G_inp.
        settings: `composite_inpainting` is read.
        images: [N, S, S, 3] in [-1, 1].
        mask: area to restore, [N, S, S, 1] in [0, 1].
        noise: standard normal, [N, S, S, 1].
    """
    holed = (1.0 - mask) * images
    filled = inpainter((holed, noise, mask))
    return holed + mask * filled if settings.composite_inpainting else filled


@dataclass(frozen=True, eq=False)
class Cycle:
    """Images of one batch in the cycle, made on demand: [N, S, S, 3] in [-1, 1], masks [N, S, S, 1] in [0, 1].

    Args:
        generators: G_seg, G_inp and G_enh.
        settings: treatment of the mask in the cycle.
        object_image: x, [N, S, S, 3] in [-1, 1].
        box: box of the object in x, relative [ymin, xmin, ymax, xmax], [N, 4].
        background_image: y, [N, S, S, 3] in [-1, 1].
        noise: standard normal, [N, S, S, 1] for each of NOISE_NAMES.
        vgg: frozen VGG-19; None if neither a loss nor the segmenter reads it.
        object_layers, background_layers: VGG-19 layers of x and of y that the losses read.
    """

    generators: Generators
    settings: NetworksConfig
    object_image: Tensor
    box: Tensor
    background_image: Tensor
    noise: dict[str, Tensor]
    vgg: VGG19Features | None = None
    object_layers: tuple[str, ...] = ()
    background_layers: tuple[str, ...] = ()

    # The first swap.

    @cached_property
    def box_mask(self):
        """The box of x as a mask, 0 or 1."""
        return boxes.box_to_mask(self.box, self.settings.size)

    @cached_property
    def raw_logits(self):
        """G_seg(x) before its sigmoid."""
        features = self._encoder_features(self.object_features)
        return self.generators.segmenter.logits(self._faded(self.object_image), features)

    @cached_property
    def raw_mask(self):
        """G_seg(x) before `confine_mask` and `hard_mask`."""
        return ops.sigmoid(self.raw_logits)

    @cached_property
    def mask(self):
        """m = G_seg(x)."""
        return self._constrain_mask(self.raw_mask)

    @cached_property
    def coarse(self):
        """z = m x + (1 - m) y."""
        return self.mask * self.object_image + (1.0 - self.mask) * self.background_image

    @cached_property
    def composite(self):
        """y1 = G_enh(z), the object on the new background."""
        return self._enhance(self.coarse, "composite")

    @cached_property
    def background(self):
        """x1 = G_inp((1 - m) x), the old background, restored."""
        return self._inpaint(self.object_image, self.mask, "background")

    # The second swap.

    @cached_property
    def mask_back(self):
        """m1 = G_seg(y1)."""
        return self._constrain_mask(self.generators.segmenter(self._faded(self.composite)))

    @cached_property
    def coarse_back(self):
        """z1 = m1 y1 + (1 - m1) x1."""
        return self.mask_back * self.composite + (1.0 - self.mask_back) * self.background

    @cached_property
    def object_back(self):
        """x2 = G_enh(z1), which should equal x."""
        return self._enhance(self.coarse_back, "object_back")

    @cached_property
    def background_back(self):
        """y2 = G_inp((1 - m1) y1), which should equal y."""
        return self._inpaint(self.composite, self.mask_back, "background_back")

    # The identity passes.

    @cached_property
    def background_identity(self):
        """G_inp((1 - G_seg(y)) y), which should equal y."""
        features = self._encoder_features(self.background_features)
        mask = self.generators.segmenter(self._faded(self.background_image), features=features)
        return self._inpaint(self.background_image, self._constrain_mask(mask), "background_identity")

    @cached_property
    def object_identity(self):
        """G_enh(x), which should equal x."""
        return self._enhance(self.object_image, "object_identity")

    # Features of VGG-19; those of the real images once per step and without gradient.

    def features(self, images: Tensor, layers: tuple[str, ...]) -> dict[str, Tensor]:
        """Return VGG-19's features of images [N, S, S, 3] by layer name.

        Raises:
            ValueError: the cycle has no VGG-19.
        """
        if self.vgg is None:
            raise ValueError("the cycle has no VGG-19, expected one for these losses and this segmenter")
        return self.vgg(images, layers=layers)

    @cached_property
    def object_features(self):
        """Features of x by layer name, or None if nothing reads them."""
        return self._real_features(self.object_image, self.object_layers)

    @cached_property
    def background_features(self):
        """Features of y by layer name, or None if nothing reads them."""
        return self._real_features(self.background_image, self.background_layers)

    def _real_features(self, images, layers):
        if self.settings.outside_contrast == 1:
            layers = tuple(dict.fromkeys((*layers, *self.generators.segmenter.encoder_layers)))
        if not layers:
            return None
        return {name: ops.stop_gradient(values) for name, values in self.features(images, layers).items()}

    # Networks with their settings.

    def _faded(self, images):
        """Images as G_seg sees them."""
        return boxes.fade_outside(images, self.box_mask, self.settings.outside_contrast)

    def _encoder_features(self, features):
        """Features for G_seg: those of the images, unless it sees them faded."""
        return features if self.settings.outside_contrast == 1 else None

    def _constrain_mask(self, mask):
        """Confine the mask to the box, threshold it and scale its gradient, each if the settings ask for it."""
        if self.settings.confine_mask:
            mask = mask * self.box_mask
        if self.settings.hard_mask:
            hard = ops.cast(mask > 0.5, mask.dtype)
            mask = mask + ops.stop_gradient(hard - mask)
        scale = self.settings.mask_gradient_scale
        if scale == 1.0:
            return mask
        fixed = ops.stop_gradient(mask)
        return scale * mask + (1.0 - scale) * fixed if scale else fixed

    def _inpaint(self, images, mask, name):
        mask = dilate_mask(self.settings, mask)
        return inpaint(self.generators.inpainter, self.settings, images, mask, self.noise[name])

    def _enhance(self, images, name):
        return self.generators.enhancer((images, self.noise[name]))
