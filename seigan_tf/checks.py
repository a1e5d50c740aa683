"""Settings and crops that a model cannot work with, each named in one line."""

import dataclasses

import numpy as np

from seigan_tf.config import LossesConfig, NetworksConfig
from seigan_tf.utils.pixels import to_float


def networks(settings: NetworksConfig) -> None:
    """Raises ValueError where a number is out of its range. Sizes are checked by the networks themselves."""
    ranges = {
        "mask_gradient": (settings.mask_gradient >= 0, "0 or more"),
        "inpainting_margin": (settings.inpainting_margin >= 0, "0 or more"),
        "replay_size": (settings.replay_size >= 0, "0 or more"),
        "average_decay": (0 <= settings.average_decay < 1, "0 to less than 1"),
    }
    for name, (good, expected) in ranges.items():
        if not good:
            raise ValueError(f"networks.{name}: {getattr(settings, name)}; expected {expected}")


def losses(settings: LossesConfig) -> None:
    """Raises ValueError where a weight is negative or not a number."""
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if not value >= 0:
            raise ValueError(f"losses.{field.name}: {value}; expected 0 or more")


def crops(size: int, **arrays) -> list[np.ndarray]:
    """Arrays of crops, "boxes" and "masks", as the networks take them: float32, images in [-1, 1], masks in [0, 1].

    Raises:
        ValueError: an array is empty, or of another shape or range; the message names it.
    """
    count = len(arrays["images"])
    if not count:
        raise ValueError("images: there are none; expected at least one")
    checked = []
    for name, array in arrays.items():
        array = np.asarray(array)
        expected = {"boxes": (count, 4), "masks": (count, size, size, 1)}.get(name, (count, size, size, 3))
        if array.shape != expected:
            raise ValueError(f"{name}: shape {array.shape}; expected {expected}")
        photos = name not in ("boxes", "masks")
        array = to_float(array) if photos and array.dtype == np.uint8 else array.astype("float32")
        if name == "masks" and not (array.min() >= 0.0 and array.max() <= 1.0):
            raise ValueError(f"masks: values from {array.min():g} to {array.max():g}; expected 0 to 1")
        if photos and not np.abs(array).max() <= 1.0:
            raise ValueError(f"{name}: values reach {np.abs(array).max():g}; expected uint8, or floats in [-1, 1]")
        checked.append(array)
    return checked
