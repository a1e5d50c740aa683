"""Checks of the data settings, before and after the annotations are read."""

from collections.abc import Set

from seigan_tf.config import DataConfig
from seigan_tf.data.planning.rules import CropRules

CLASSES_LISTED = 20


def check_settings(config: DataConfig) -> None:
    """Raise ValueError if a setting is out of its range, or missing although another one needs it."""
    CropRules.from_config(config)
    ranges = {
        "backgrounds_per_object": (0 < config.backgrounds_per_object <= 1000, "more than 0, at most 1000"),
        "held_out": (0 <= config.held_out < 1, "0 to less than 1"),
        "max_bad": (0 <= config.max_bad <= 1, "0 to 1"),
        "seed": (config.seed >= 0, "at least 0"),
    }
    for name, (good, expected) in ranges.items():
        if not good:
            raise ValueError(f"data.{name} is {getattr(config, name)}, expected {expected}")
    needed = {"synthetic": None, "crops": "crops"}.get(config.source, "images")
    if needed and getattr(config, needed) is None:
        raise ValueError(f"data.{needed} is not set, expected a path because data.source is {config.source}")
    if config.val_images is None and config.val_annotations is not None:
        raise ValueError("data.val_images is not set, expected a path because data.val_annotations is given")


def check_classes(config: DataConfig, found: Set[str]) -> None:
    """Raise ValueError if one of `config.classes` is not among the classes found in the annotations."""
    missing = sorted(set(config.classes) - found)
    if not missing:
        return
    names = sorted(found - {""})
    known = ", ".join(names[:CLASSES_LISTED]) + (", ..." if len(names) > CLASSES_LISTED else "")
    raise ValueError(
        f"data.classes: no object is of the class {missing[0]!r}, expected one of {known}"
        if names
        else f"data.classes: {missing[0]!r} is asked for, but the annotations name no classes"
    )
