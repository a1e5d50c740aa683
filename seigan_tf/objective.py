"""Loss terms of the cycle's images and their weighted totals (section 3.4)."""

from typing import Any, NamedTuple

from keras import ops

from seigan_tf.config import LossesConfig
from seigan_tf.cycle import Cycle
from seigan_tf.losses import adversarial, boxes, reconstruction
from seigan_tf.losses.terms import FAKES, active_terms
from seigan_tf.networks import Discriminator
from seigan_tf.networks.vgg19 import PERCEPTUAL_LAYERS, TEXTURE_LAYERS


class Discriminators(NamedTuple):
    """D_bg and D_obj."""

    background: Discriminator
    object: Discriminator


class Objective(NamedTuple):
    """A weighted total, and its terms before weighting: float32 scalars."""

    total: Any
    terms: dict[str, Any]


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
