"""Facts about the files that a run reads, by which it notices other ones if it goes on or is compared with runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from seigan_tf.config import Config
from seigan_tf.data.crop_set import Crops
from seigan_tf.data.planning.report import crops_line
from seigan_tf.inference import weights
from seigan_tf.training.masked_crops import MaskedCrops, with_true_masks
from seigan_tf.utils.digest import sha256, sha256_of_arrays

MASKS = {"masks": "validation masks", "training_masks": "training masks"}
"""Facts about masks, in words."""

SAME_AT_ANY_SIZE = ("counts", "masks")
"""Facts that do not depend on the size of the crops."""


def of_crops(crops: Crops) -> dict[str, Any]:
    """Return the numbers of crops, a digest of their pixels and boxes, and one of the validation masks.

    The digest of prepared crops is of their boxes alone.
    """
    arrays = (*crops.objects, *crops.backgrounds, *(crops.evaluation or ())[:2])
    return {
        "counts": crops_line(crops.report),
        "sha256": sha256_of_arrays(values for values in arrays if isinstance(values, np.ndarray)),
        "masks": sha256_of_arrays(np.packbits(mask) for mask in (crops.evaluation.masks if crops.evaluation else ())),
    }


def of_teachers(config: Config) -> dict[str, Any]:
    """Return a digest of each teacher's file. Raises ValueError if there is none."""
    return {"teachers": [sha256(weights.find(teacher).file) for teacher in config.training.teachers]}


def of_training_masks(crops: MaskedCrops) -> dict[str, Any]:
    """Return a digest of true masks to train on."""
    return {"training_masks": sha256_of_arrays([crops.masks])}


def of_files(config: Config, crops: Crops, console: Console) -> dict[str, Any]:
    """Return the facts that a run with these settings would note now, but for that about VGG-19.

    Args:
        config: settings of the run.
        crops: crops of these settings.
        console: destination of progress.

    Raises:
        ValueError: a teacher's file is missing, or there is no true mask for a supervised run.
    """
    found = of_crops(crops) | of_teachers(config)
    if config.training.task == "supervised":
        found |= of_training_masks(with_true_masks(config, crops, console))
    return found


def check_same(noted: Mapping[str, Any], facts: Mapping[str, Any], config: Config, path: Path, remedy: str) -> None:
    """Raise ValueError if files are others than those with which a run began, as far as it noted them.

    Args:
        noted: facts of the run.
        facts: those of the files now.
        config: settings of the run, for the message.
        path: file that has `noted`.
        remedy: what to do, as the end of the message.
    """
    changed = [name for name, then in noted.items() if name in facts and facts[name] != then]
    if not changed:
        return
    named = {
        "teachers": f"training.teachers ({', '.join(config.training.teachers)})",
        "vgg": f"networks.vgg_weights ({config.networks.vgg_weights})",
    }
    since, lines = "have changed since the run began", []
    if crops := set(changed) - named.keys():
        then, now = noted["counts"], facts.get("counts")
        change = f"then {then}; now {now}" if "counts" in crops else f"both times {then}"
        if crops <= MASKS.keys():
            change = f"{' and '.join(MASKS[name] for name in sorted(crops))} alone"
        lines.append(f"photographs, annotations or the packages that read them {since} ({change})")
    if files := [named[name] for name in changed if name in named]:
        lines.append(f"the files of {' and '.join(files)} {since}")
    raise ValueError(f"{path}: {'; '.join(lines)}; {remedy}")
