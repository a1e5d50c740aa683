"""Loss terms by the networks that they train, without Keras."""

import dataclasses

from seigan_tf.config import TERMS, LossesConfig

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
