"""What is compared in Table 1 of the paper, and the ablations: each a change to one configuration."""

from collections.abc import Callable
from dataclasses import replace

from seigan_tf.config import Config, DiscriminatorConfig
from seigan_tf.objective import TERMS

BOX_TERMS = ("box_projection", "box_outside", "box_pairwise")
SUPERVISED = "supervised"


def _only(*kept: str) -> Callable[[Config], Config]:
    """Of the loss terms only these, with their weights."""

    def change(config: Config) -> Config:
        off = {name: 0.0 for name in TERMS if name not in kept}
        return replace(config, losses=replace(config.losses, **off))

    return change


def _losses(**changes: float) -> Callable[[Config], Config]:
    return lambda config: replace(config, losses=replace(config.losses, **changes))


def _networks(**changes) -> Callable[[Config], Config]:
    return lambda config: replace(config, networks=replace(config.networks, **changes))


def _shallow(config: Config) -> Config:
    discriminator = DiscriminatorConfig(config.networks.discriminator.width, 3)
    return _networks(discriminator=discriminator)(config)


METHODS: dict[str, Callable[[Config], Config]] = {
    "box_terms": _only(*BOX_TERMS),
    "no_cycle": _only("coarse_gan", *BOX_TERMS),
    "seigan": lambda config: config,
    SUPERVISED: lambda config: config,
}
"""Box terms alone; cut-and-paste as the paper's NoCycle, with the same box terms; everything; true masks."""

ABLATIONS: dict[str, Callable[[Config], Config]] = {
    "no_box_terms": _losses(**dict.fromkeys(BOX_TERMS, 0.0)),
    "no_confinement": _networks(confine_mask=False),
    "no_compositing": _networks(composite_inpainting=False),
    "no_texture": _losses(background_texture=0.0),
    "hard_mask": _networks(hard_mask=True),
    "no_identity": _losses(object_identity=0.0, background_identity=0.0),
    "no_replay": _networks(replay_size=0),
    "shallow_discriminators": _shallow,
    "full_mask_gradient": _networks(mask_gradient=1.0),
}
"""SEIGAN with one thing changed."""


def configuration(name: str, config: Config, seed: int) -> Config:
    """The configuration of a method or ablation.

    Raises:
        ValueError: there is no method of that name.
    """
    known = METHODS | ABLATIONS
    if name not in known:
        raise ValueError(f"method {name!r}, expected one of {', '.join(known)}")
    changed = known[name](config)
    return replace(
        changed,
        name=f"{name}-{seed}",
        networks=replace(changed.networks, seed=seed),
        data=replace(changed.data, seed=seed),
    )
