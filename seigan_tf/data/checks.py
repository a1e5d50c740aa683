"""Settings and sets of photographs that give no crops, each named in one line."""

from collections.abc import Set
from pathlib import Path
from typing import Any

from seigan_tf.config import DataConfig
from seigan_tf.data.crops import CropRules

CLASSES_LISTED = 20


def settings(config: DataConfig) -> None:
    """Raises ValueError where a setting is out of its range, or one is missing that another needs."""
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


def classes(config: DataConfig, found: Set[str]) -> None:
    """Raises ValueError where no object is of a class that is asked for.

    Args:
        found: names of the classes that occur.
    """
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


def crops_left(config: DataConfig, report: dict[str, Any]) -> None:
    """Raises ValueError, with the reasons, where a split that was asked for has no crops (left).

    Args:
        report: in the form of `plan.Plan.report`.
    """
    _split(report["train"], config.images, config.annotations, ("objects", "backgrounds"))
    if config.val_images is not None:
        _split(report["val"], config.val_images, config.val_annotations, ("objects",))


def _split(counts: dict[str, Any], images: Path, annotations: Path | None, kinds: tuple[str, ...]) -> None:
    where = annotations or images
    lost = next((kind for kind in kinds if not counts[kind]), None)
    if lost and counts["problems"]["photo"]:
        raise ValueError(
            f"{where}: no {lost} left, {counts['problems']['photo']} photos in {images} cannot be used,"
            f" the first problem is {counts['problems']['listed'][0]}"
        )
    if lost == "objects":
        dropped = ", ".join(f"{rule} {number}" for rule, number in counts["dropped"].items() if number)
        raise ValueError(
            f"{where}: no crop left of {counts['annotations']} annotated objects, expected at least one"
            f" (dropped: {dropped or 'none'})"
        )
    if lost == "backgrounds":
        raise ValueError(
            f"{where}: no background found in {counts['photos']} photos, expected a square of the size of an object's"
            " crop that touches no box"
        )
