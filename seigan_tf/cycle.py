"""The two swaps and the identity passes: networks and a batch in, the images of PAPER's table out (figure 2).

An image is made when it is first asked for, so that a loss term that is switched off costs nothing: the networks that
only it needs are never run.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from seigan_tf.config import NetworksConfig
from seigan_tf.losses import boxes
from seigan_tf.networks import Enhancer, Inpainter, Segmenter, VGG19Features

NOISE_NAMES = (
    "background", "composite", "object_back", "background_back", "background_identity", "object_identity",
)  # fmt: skip
"""The passes through G_inp and G_enh, each with its own noise."""


def fixed_noise(images, seed=0):
    """Noise that a seed decides, so that use gives the same answer every time: [N, S, S, 1] for images [N, S, S, C].

    Standard normal, as in training: zeros are not what the networks know. An inpainter measured with zeros filled holes
    too dark, by 0.04 of [0, 1] on average, and by 0.002 with noise.
    """
    size = images.shape[1]
    noise = np.random.default_rng(seed).standard_normal((1, size, size, 1)).astype("float32")
    return ops.broadcast_to(ops.cast(noise, images.dtype), ops.shape(images[..., :1]))


class Generators(NamedTuple):
    """The three networks that are kept after training."""

    segmenter: Segmenter
    inpainter: Inpainter
    enhancer: Enhancer


def dilate_mask(settings: NetworksConfig, mask, least: int = 0):
    """The mask grown to all sides as the inpainter was trained to see it, so that no rim of the object is left.

    Args:
        settings: `mask_dilation` is read.
        mask: [N, S, S, 1].
        least: pixels to grow it by where the margin is smaller.
    """
    margin = max(settings.mask_dilation, least)
    return ops.max_pool(mask, 2 * margin + 1, strides=1, padding="same") if margin else mask


def inpaint(inpainter: Inpainter, settings: NetworksConfig, images, mask, noise):
    """G_inp((1 - m) x), which keeps the photo outside the mask where the settings say so.

    The mask is taken as it is: what should be grown is given to `dilate_mask` before.

    Args:
        inpainter: G_inp.
        settings: `composite_inpainting` is read.
        images: [N, S, S, 3] in [-1, 1].
        mask: what to restore, [N, S, S, 1] in [0, 1].
        noise: standard normal, [N, S, S, 1].
    """
    holed = (1.0 - mask) * images
    filled = inpainter((holed, noise, mask))
    return holed + mask * filled if settings.composite_inpainting else filled


@dataclass(frozen=True, eq=False)
class Cycle:
    """One batch on its way through the cycle. Every attribute below the arguments is an image, made on demand.

    Args:
        generators: G_seg, G_inp and G_enh.
        settings: how the mask enters the cycle.
        object_image: x, [N, S, S, 3] in [-1, 1].
        box: of the object in x, [N, 4].
        background_image: y, [N, S, S, 3] in [-1, 1].
        noise: standard normal, [N, S, S, 1] for each of NOISE_NAMES.
        vgg: frozen VGG-19, or None where neither a loss nor the segmenter reads it.
        object_layers, background_layers: the features of the real x and of the real y that the losses will ask for.
    """

    generators: Generators
    settings: NetworksConfig
    object_image: Any
    box: Any
    background_image: Any
    noise: dict[str, Any]
    vgg: VGG19Features | None = None
    object_layers: tuple[str, ...] = ()
    background_layers: tuple[str, ...] = ()

    # The first swap.

    @cached_property
    def box_mask(self):
        return boxes.box_to_mask(self.box, self.settings.size)

    @cached_property
    def raw_logits(self):
        """G_seg(x) before its sigmoid."""
        return self.generators.segmenter.logits(self.object_image, features=self.object_features)

    @cached_property
    def raw_mask(self):
        """G_seg(x) as the network gives it, not confined to the box."""
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
        """y1 = G_enh(z): the object on the new background."""
        return self._enhance(self.coarse, "composite")

    @cached_property
    def background(self):
        """x1 = G_inp((1 - m) x): the old background, restored."""
        return self._inpaint(self.object_image, self.mask, "background")

    # The second swap.

    @cached_property
    def mask_back(self):
        """m1 = G_seg(y1)."""
        return self._constrain_mask(self.generators.segmenter(self.composite))

    @cached_property
    def coarse_back(self):
        """z1 = m1 y1 + (1 - m1) x1."""
        return self.mask_back * self.composite + (1.0 - self.mask_back) * self.background

    @cached_property
    def object_back(self):
        """x2 = G_enh(z1): should equal x."""
        return self._enhance(self.coarse_back, "object_back")

    @cached_property
    def background_back(self):
        """y2 = G_inp((1 - m1) y1): should equal y."""
        return self._inpaint(self.composite, self.mask_back, "background_back")

    # The identity passes.

    @cached_property
    def background_identity(self):
        """G_inp((1 - G_seg(y)) y): should equal y."""
        mask = self.generators.segmenter(self.background_image, features=self.background_features)
        return self._inpaint(self.background_image, self._constrain_mask(mask), "background_identity")

    @cached_property
    def object_identity(self):
        """G_enh(x): should equal x."""
        return self._enhance(self.object_image, "object_identity")

    # VGG-19's view of the real images, once per step and without gradient.

    @cached_property
    def object_features(self):
        return self._real_features(self.object_image, self.object_layers)

    @cached_property
    def background_features(self):
        return self._real_features(self.background_image, self.background_layers)

    def _real_features(self, images, layers):
        layers = tuple(dict.fromkeys((*layers, *self.generators.segmenter.encoder_layers)))
        if not layers:
            return None
        features = self.vgg(images, layers=layers)
        return {name: ops.stop_gradient(values) for name, values in features.items()}

    # What each network does to its input, under the settings.

    def _constrain_mask(self, mask):
        """The mask as the cycle uses it: confined to the box, hard, with its gradient scaled, as the settings say."""
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
