"""What is compared in Table 1 of the paper, and the ablations: each a change to one configuration."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from seigan_tf.config import BackboneConfig, Config, DiscriminatorConfig
from seigan_tf.objective import BOX_TERMS, TERMS
from seigan_tf.presets import paper

TEACHERS = {
    "self_trained": "seigan",
    "self_trained_twice": "self_trained",
    "self_trained_thrice": "self_trained_twice",
}
"""Of the methods that learn the masks of another one, of the same seed: whose."""
LITERAL_SEGMENTER = BackboneConfig("resnet", 16, 4)
"""The paper's G_seg, as narrow as the other networks of preset boxes."""


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


def _training(**changes) -> Callable[[Config], Config]:
    return lambda config: replace(config, training=replace(config.training, **changes))


def _shallow(config: Config) -> Config:
    discriminator = DiscriminatorConfig(config.networks.discriminator.width, 3)
    return _networks(discriminator=discriminator)(config)


def _without_box_terms(config: Config) -> Config:
    off = _losses(**dict.fromkeys(BOX_TERMS, 0.0))(config)
    return _training(warm_up=0)(off)  # which trains nothing but box terms


def _resnet_enhancer(config: Config) -> Config:
    enhancer = config.networks.enhancer
    return _networks(enhancer=replace(enhancer, backbone="resnet"))(config)


def _literal_vgg(config: Config) -> Config:
    networks = {"confine_mask": False, "composite_inpainting": False, "show_mask_to_inpainter": False, "prefill": False}
    changed = _networks(**networks, inpainting_margin=0, hard_mask=False, mask_gradient=1.0)(config)
    return _training(warm_up=0, start_from=())(replace(changed, losses=paper.config().losses))


def _literal(config: Config) -> Config:
    return _networks(segmenter=LITERAL_SEGMENTER)(_literal_vgg(config))


METHODS: dict[str, Callable[[Config], Config]] = {
    "box_terms": _only(*BOX_TERMS),
    "no_cycle": _only("coarse_gan", *BOX_TERMS),
    "seigan": lambda config: config,
    **dict.fromkeys(TEACHERS, _training(task="distill")),
    "supervised": _training(task="supervised"),
    "literal": _literal,
    "literal_vgg": _literal_vgg,
}
"""Box terms alone; cut-and-paste as the paper's NoCycle, with the same box terms; everything; a new segmenter on the
masks that everything gave, for which boxes are enough too, and so on, each on the masks of the one before; true masks;
and the paper's networks and losses to the letter, with the box used for nothing but cropping, from the segmenter of the
paper or from the one of the configuration."""

ABLATIONS: dict[str, Callable[[Config], Config]] = {
    "no_box_terms": _without_box_terms,
    "no_confinement": _networks(confine_mask=False),
    "no_compositing": _networks(composite_inpainting=False),
    "no_texture": _losses(background_texture=0.0),
    "hard_mask": _networks(hard_mask=True),
    "no_identity": _losses(object_identity=0.0, background_identity=0.0),
    "no_replay": _networks(replay_size=0),
    "resnet_enhancer": _resnet_enhancer,
    "shallow_discriminators": _shallow,
    "full_mask_gradient": _networks(mask_gradient=1.0),
}
"""SEIGAN with one thing changed."""


def configuration(name: str, config: Config, seed: int, runs: Path = Path()) -> Config:
    """The configuration of a method or ablation.

    The seed is that of the networks and, where the validation objects do not depend on it, of the data: photographs
    that are held out, and objects that are drawn, remain those of the seed in `config`.

    Args:
        name: of the method or ablation.
        config: what it changes.
        seed: of the run.
        runs: the folder of the runs, in which a method that learns from another one finds it.

    Raises:
        ValueError: there is no method of that name.
    """
    known = METHODS | ABLATIONS
    if name not in known:
        raise ValueError(f"method {name!r}, expected one of {', '.join(known)}")
    changed = known[name](config)
    if name in TEACHERS:
        changed = _training(teacher=str(runs / f"{TEACHERS[name]}-{seed}"))(changed)
    data = changed.data
    if data.val_images is not None or data.source == "crops":
        data = replace(data, seed=seed)
    return replace(changed, name=f"{name}-{seed}", networks=replace(changed.networks, seed=seed), data=data)
