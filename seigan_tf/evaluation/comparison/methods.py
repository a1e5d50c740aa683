"""The methods of Table 1 of the paper and the ablations, each as a change of one configuration."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from seigan_tf.config import Config, DataConfig
from seigan_tf.losses.terms import BOX_TERMS, active_terms

TEACHERS = {
    "self_trained": "seigan",
    "self_trained_twice": "self_trained",
    "self_trained_thrice": "self_trained_twice",
}
"""Methods that learn the masks of another one with the same seed, and that one."""


def _changed(**sections: dict[str, Any]) -> Callable[[Config], Config]:
    """Return a function that changes fields in sections of a configuration."""
    return lambda config: replace(
        config, **{name: replace(getattr(config, name), **new) for name, new in sections.items()}
    )


def _only(*terms: str) -> Callable[[Config], Config]:
    """Return a function that switches off all other loss terms."""
    return lambda config: replace(config, losses=config.losses.only(*terms))


def _network(name: str, **fields: Any) -> Callable[[Config], Config]:
    """Return a function that changes fields of one network's configuration."""
    return lambda config: _changed(networks={name: replace(getattr(config.networks, name), **fields)})(config)


def _box_terms(config: Config) -> Config:
    made = _only(*BOX_TERMS)(config)
    off = dict.fromkeys(("pretrain_discriminators", "pretrain_identity"), False)  # their terms are
    return _changed(training=off)(made)


def _no_cycle(config: Config) -> Config:
    made = _only("coarse_gan", *BOX_TERMS)(config)
    return _changed(training={"pretrain_identity": False})(made)  # its terms are off


def _no_box_terms(config: Config) -> Config:
    made = _changed(losses=dict.fromkeys(BOX_TERMS, 0.0))(config)
    if config.training.pretrain_discriminators or config.training.pretrain_identity:
        return made
    return _changed(training={"pretrain_steps": 0})(made)  # they use box terms alone


METHODS: dict[str, Callable[[Config], Config]] = {
    "box_terms": _box_terms,
    "no_cycle": _no_cycle,
    "seigan": _changed(),
    **dict.fromkeys(TEACHERS, _changed(training={"task": "distill"})),
    "supervised": _changed(training={"task": "supervised"}),
}
"""box_terms alone, with mask_saturation; no_cycle, the paper's cut-and-paste, with the same terms; seigan, all terms;
self_trained, a new segmenter on the masks of seigan, and twice, thrice, each on the masks of the one before;
supervised, true masks. With preset paper-photos, which has no box terms, seigan and no_cycle have the paper's losses of
the generators alone; the discriminators of both have photographs as fakes."""

ABLATIONS: dict[str, Callable[[Config], Config]] = {
    "no_box_terms": _no_box_terms,
    "no_confinement": _changed(networks={"confine_mask": False}),
    "no_compositing": _changed(networks={"composite_inpainting": False}),
    "no_texture": _changed(losses={"background_texture": 0.0}),
    "hard_mask": _changed(networks={"hard_mask": True}),
    "no_identity": _changed(
        losses={"object_identity": 0.0, "background_identity": 0.0}, training={"pretrain_identity": False}
    ),
    "no_replay": _changed(networks={"replay_size": 0}),
    "resnet_enhancer": _network("enhancer", backbone="resnet"),
    "shallow_discriminators": _network("discriminator", depth=3),
    "full_gradient": _changed(networks={"mask_gradient_scale": 1.0}),
}
"""SEIGAN with one change."""


def check_methods(names: Iterable[str], config: Config, preset: str) -> None:
    """Raise ValueError for the first method that trains nothing, or the same as seigan, with a configuration.

    Args:
        names: keys of METHODS and ABLATIONS.
        config: the settings that all methods change.
        preset: name of the preset that the settings began with, for the message.
    """
    reasons = {name: _uselessness(name, config) for name in names}
    working = [name for name, reason in reasons.items() if not reason]
    for name, reason in reasons.items():
        if reason:
            expected = f"expected --methods {' '.join(working)}" if working else "expected another preset"
            raise ValueError(f"--methods {name}: {reason} with preset {preset}; {expected}")


def _uselessness(name: str, config: Config) -> str:
    """Return the reason why a method is not worth training; empty if it is."""
    made, whole = (method_config(one, config, 0) for one in (name, "seigan"))
    if made.training.task == "supervised" and not config.data.reads_annotations:
        return f"has no photographs with masks to train on (data.source is {config.data.source})"
    if made.training.task == "seigan" and not active_terms(made.losses):
        return "trains nothing, as all of its loss terms are 0"
    if name != "seigan" and replace(made, name=whole.name) == whole:
        return "changes nothing"
    return ""


def seeds_data(data: DataConfig) -> bool:
    """Whether the seed of a run is that of its data too: if validation photographs or prepared crops are given.

    Otherwise the data keep their seed, so that all runs are measured on the same objects.
    """
    return data.val_images is not None or data.source == "crops"


def method_config(name: str, config: Config, seed: int, runs: Path = Path()) -> Config:
    """Return the configuration of a method or ablation.

    The seed is that of the networks and, if `seeds_data`, of the data. `runs` is the folder of all runs, with those of
    the teachers.

    Raises:
        ValueError: `name` is no key of METHODS or ABLATIONS.
    """
    known = METHODS | ABLATIONS
    if name not in known:
        raise ValueError(f"method {name!r}, expected one of {', '.join(known)}")
    changed = known[name](config)
    if name in TEACHERS:
        changed = _changed(training={"teachers": (str(runs / f"{TEACHERS[name]}-{seed}"),)})(changed)
    if seeds_data(changed.data):
        changed = _changed(data={"seed": seed})(changed)
    return replace(_changed(networks={"seed": seed})(changed), name=f"{name}-{seed}")
