"""Named settings to start a run from, one module each; every module defines CONFIG, those of recipes also RECIPE."""

from seigan_tf.config import Config, Recipe
from seigan_tf.presets import boxes, demo, mobile, paper, paper_demo, paper_photos, phone

_PRESETS = {
    "demo": demo.CONFIG,
    "paper-demo": paper_demo.CONFIG,
    "paper-photos": paper_photos.CONFIG,
    "boxes": boxes.CONFIG,
    "paper": paper.CONFIG,
    "mobile": mobile.CONFIG,
}
NAMES = tuple(_PRESETS)
RECIPES: dict[str, Recipe] = {"phone": phone.RECIPE}
"""Recipes by name, for train.py alone."""


def load_preset(name: str) -> Config:
    """Return the settings of preset `name`.

    Raises:
        ValueError: there is no such preset.
    """
    if name not in _PRESETS:
        raise ValueError(
            f"--preset: no preset is called {name!r}; there are {', '.join(NAMES)}, and for train.py"
            f" {', '.join(RECIPES)}"
        )
    return _PRESETS[name]
