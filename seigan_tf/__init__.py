"""SEIGAN for Keras: cut an object out, erase it from its photo, paste it naturally into another one."""

import importlib

_HOMES = {
    "Composer": "seigan_tf.compose.composer",
    "Config": "seigan_tf.config",
    "SEIGAN": "seigan_tf.seigan",
    "load": "seigan_tf.loading",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    """Imports on first use: `import seigan_tf` and `--help` stay fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'seigan_tf' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
