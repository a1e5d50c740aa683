"""Named settings to start a run from, one module each; every module defines CONFIG."""

from seigan_tf.config import Config
from seigan_tf.presets import boxes, demo, mobile, paper, paper_demo

_PRESETS = {
    "demo": demo.CONFIG,
    "paper-demo": paper_demo.CONFIG,
    "boxes": boxes.CONFIG,
    "paper": paper.CONFIG,
    "mobile": mobile.CONFIG,
}
NAMES = tuple(_PRESETS)


def load_preset(name: str) -> Config:
    """Return the settings of preset `name`.

    Raises:
        ValueError: there is no such preset.
    """
    if name not in _PRESETS:
        raise ValueError(f"--preset: no preset is called {name!r}; there are {', '.join(NAMES)}")
    return _PRESETS[name]
