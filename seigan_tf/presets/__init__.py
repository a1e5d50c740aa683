"""Named starting points for a run, one module each; every one defines `config()`."""

from seigan_tf.config import Config
from seigan_tf.presets import boxes, demo, mobile, paper

_PRESETS = {"demo": demo.config, "boxes": boxes.config, "paper": paper.config, "mobile": mobile.config}
NAMES = tuple(_PRESETS)


def load_preset(name: str) -> Config:
    """The settings of preset `name`.

    Raises:
        ValueError: there is no such preset.
    """
    if name not in _PRESETS:
        raise ValueError(f"--preset: no preset is called {name!r}; there are {', '.join(NAMES)}")
    return _PRESETS[name]()
