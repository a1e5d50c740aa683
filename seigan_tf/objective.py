"""Loss terms of the cycle's images and their weighted totals (section 3.4)."""

import dataclasses
from typing import Any, NamedTuple

from keras import ops

from seigan_tf.config import TERMS, LossesConfig
from seigan_tf.cycle import Cycle
from seigan_tf.losses import adversarial, boxes, reconstruction
from seigan_tf.networks import Discriminator
from seigan_tf.networks.vgg19 import PERCEPTUAL_LAYERS, TEXTURE_LAYERS

FAKES = {
    "background": ("background", "inpaint_gan"),
    "background_back": ("background", "inpaint_gan_back"),
    "coarse": ("object", "coarse_gan"),
    "composite": ("object", "enhance_gan"),
}
"""Discriminator and generator term of each fake, by the fake's name in the cycle."""

IDENTITY_TERMS = ("object_identity", "background_identity")
BOX_TERMS = ("box_projection", "box_outside", "box_pairwise", "mask_saturation")
"""Terms that train the segmenter without the cycle: the box terms, and one that limits the logits that they make."""

_SECOND_SWAP = ("inpainter", "enhancer")
MASK_TERMS = {
    "inpaint_gan": ("inpainter",),
    "inpaint_gan_back": _SECOND_SWAP,
    "background_texture": _SECOND_SWAP,
    "background_perceptual": _SECOND_SWAP,
    "background_mae": _SECOND_SWAP,
    "object_perceptual": _SECOND_SWAP,
    "object_mae": _SECOND_SWAP,
    "coarse_gan": (),
    "enhance_gan": ("enhancer",),
    "background_identity": ("inpainter",),
}
"""Terms that train the segmenter through the cycle's mask, with the other generators that they train."""


class Discriminators(NamedTuple):
    """D_bg and D_obj."""

    background: Discriminator
    object: Discriminator


class Objective(NamedTuple):
    """A weighted total, and its terms before weighting: float32 scalars."""

    total: Any
    terms: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Pretraining:
    """Training without the cycle: the box terms train the segmenter, and other networks are trained if asked for."""

    discriminators: bool = False
    """Train the discriminators on photographs alone: D_obj takes x as real and y as fake, D_bg the other way round,
    which are the paper's losses for an empty mask."""
    identity: bool = False
    """Train G_inp and G_enh on λ10 and λ11."""


def active_terms(losses: LossesConfig) -> tuple[str, ...]:
    """Return the names of the generators' terms that are switched on; `mask_saturation` needs a box term beside it."""
    on = tuple(name for name in TERMS if getattr(losses, name) > 0)
    return tuple(name for name in on if name != "mask_saturation" or len(set(on) & set(BOX_TERMS)) > 1)


def pretraining_terms(losses: LossesConfig, pretraining: Pretraining) -> LossesConfig:
    """Return the weights of the generators' terms in pretraining: those that it leaves out are 0."""
    return losses.only(*BOX_TERMS, *IDENTITY_TERMS * pretraining.identity)


def active_fakes(losses: LossesConfig) -> dict[str, str]:
    """Return the discriminator's name for each fake whose term is switched on, by the fake's name."""
    return {image: discriminator for image, (discriminator, term) in FAKES.items() if getattr(losses, term) > 0}


def trained_generators(losses: LossesConfig, mask_gradient_scale: float) -> set[str]:
    """Return the names of the generators that get a gradient from a term that is switched on.

    Args:
        losses: weights of the terms.
        mask_gradient_scale: `networks.mask_gradient_scale`; at 0 the cycle does not train the segmenter.
    """
    trained: set[str] = set()
    for term in active_terms(losses):
        if term in MASK_TERMS:
            trained.update(MASK_TERMS[term], ("segmenter",) if mask_gradient_scale else ())
        else:
            trained.add("segmenter" if term in BOX_TERMS else "enhancer")  # object_identity: G_enh(x)
    return trained


def trained_networks(
    losses: LossesConfig, mask_gradient_scale: float, pretraining: Pretraining | None = None
) -> set[str]:
    """Return the names of the generators and discriminators that are trained.

    Args:
        losses: weights of the terms in the whole run.
        mask_gradient_scale: as in `trained_generators`; pretraining has 0.
        pretraining: None for training with the cycle.
    """
    discriminators = set(active_fakes(losses).values())
    if pretraining is None:
        return trained_generators(losses, mask_gradient_scale) | discriminators
    generators = trained_generators(pretraining_terms(losses, pretraining), 0.0)
    return generators | discriminators if pretraining.discriminators else generators


def background_layers(losses: LossesConfig) -> tuple[str, ...]:
    """Return the VGG-19 layers at which y and y2 are compared."""
    texture = TEXTURE_LAYERS if losses.background_texture > 0 else ()
    return texture + (PERCEPTUAL_LAYERS if losses.background_perceptual > 0 else ())


def object_layers(losses: LossesConfig) -> tuple[str, ...]:
    """Return the VGG-19 layers at which x and x2 are compared."""
    return PERCEPTUAL_LAYERS if losses.object_perceptual > 0 else ()


def generator_objective(
    cycle: Cycle, discriminators: Discriminators, losses: LossesConfig, scales: dict[str, Any] | None = None
) -> Objective:
    """Return the generators' terms that are switched on, and their sum weighted by λ.

    Args:
        cycle: source of the images.
        discriminators: D_bg and D_obj.
        losses: the weights λ.
        scales: scalars by which the weights of terms are multiplied; default: none.

    Raises:
        ValueError: a term needs VGG-19, which the cycle lacks.
    """
    back_layers = background_layers(losses)
    # One pass of y2 through VGG-19 serves texture and perceptual loss.
    back = cycle.features(cycle.background_back, back_layers) if back_layers else {}

    def gan(image):
        discriminator = getattr(discriminators, FAKES[image][0])
        return adversarial.real_loss(discriminator(getattr(cycle, image)))

    def compared(loss, layers):
        return loss({n: back[n] for n in layers}, {n: cycle.background_features[n] for n in layers})

    makers = {
        "inpaint_gan": lambda: gan("background"),
        "inpaint_gan_back": lambda: gan("background_back"),
        "background_texture": lambda: compared(reconstruction.texture, TEXTURE_LAYERS),
        "background_perceptual": lambda: compared(reconstruction.perceptual, PERCEPTUAL_LAYERS),
        "background_mae": lambda: reconstruction.mae(cycle.background_back, cycle.background_image),
        "object_perceptual": lambda: reconstruction.perceptual(
            cycle.features(cycle.object_back, PERCEPTUAL_LAYERS),
            {name: cycle.object_features[name] for name in PERCEPTUAL_LAYERS},
        ),
        "object_mae": lambda: reconstruction.mae(cycle.object_back, cycle.object_image),
        "coarse_gan": lambda: gan("coarse"),
        "enhance_gan": lambda: gan("composite"),
        "object_identity": lambda: reconstruction.mae(cycle.object_identity, cycle.object_image),
        "background_identity": lambda: reconstruction.mae(cycle.background_identity, cycle.background_image),
        "box_projection": lambda: boxes.projection(cycle.raw_mask, cycle.box_mask),
        "box_outside": lambda: boxes.outside(cycle.raw_logits, cycle.box_mask),
        "box_pairwise": lambda: boxes.pairwise(
            cycle.raw_logits,
            cycle.object_image,
            cycle.box_mask,
            losses.pairwise_threshold,
            losses.pairwise_reach,
        ),
        "mask_saturation": lambda: boxes.saturation(cycle.raw_logits),
    }
    terms = {name: makers[name]() for name in active_terms(losses)}
    weights = {name: getattr(losses, name) * (scales or {}).get(name, 1.0) for name in terms}
    return Objective(_sum([weights[name] * value for name, value in terms.items()]), terms)


def discriminator_objective(
    discriminators: Discriminators, reals: dict, fakes: dict, photos_as_fakes: float = 0.0
) -> Objective:
    """Return both discriminators' losses and their sum; a discriminator without fakes is not run.

    Args:
        discriminators: D_bg and D_obj.
        reals: {"background": y, "object": x}.
        fakes: images of the cycle by name, without gradient, after the replay pool.
        photos_as_fakes: weight of the other discriminator's real images, taken as fakes.
    """
    terms = {}
    for (name, real), other in zip(reals.items(), reversed(reals.values()), strict=True):
        kinds = [image for image, (discriminator, _) in FAKES.items() if discriminator == name and image in fakes]
        if kinds:
            discriminator = getattr(discriminators, name)
            scores = [discriminator(fakes[image]) for image in kinds]
            value = adversarial.discriminator_loss(discriminator(real), scores)
            if photos_as_fakes:
                value += photos_as_fakes * adversarial.fake_loss(discriminator(other))
            terms[f"{name}_discriminator"] = value
    return Objective(_sum(list(terms.values())), terms)


def _sum(terms: list[Any]) -> Any:
    """Add the terms in one operation; TensorFlow adds the parts of a chain of sums in an order that differs by run."""
    return ops.sum(ops.stack(terms)) if terms else 0.0
