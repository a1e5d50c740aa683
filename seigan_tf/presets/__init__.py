"""Named starting points for a run, one module each; every one defines `config()`."""

import importlib

from seigan_tf.config import Config

NAMES = ("demo", "boxes", "paper", "mobile")


def load(name: str) -> Config:
    """The settings of preset `name`.

    Raises:
        ValueError: there is no such preset.
    """
    if name not in NAMES:
        raise ValueError(f"--preset: no preset is called {name!r}; there are {', '.join(NAMES)}")
    return importlib.import_module(f"seigan_tf.presets.{name}").config()
