"""SEIGAN for Keras: cut an object out, erase it from its photo, paste it naturally into another one."""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["SEIGAN", "Composer", "Config", "load"]

if TYPE_CHECKING:
    from seigan_tf.compose.composer import Composer
    from seigan_tf.config import Config
    from seigan_tf.inference.loading import load_model as load_model
    from seigan_tf.seigan import SEIGAN


def __getattr__(name):
    """Import on first use, so that `import seigan_tf` and `--help` stay fast."""
    if name == "Composer":
        from seigan_tf.compose.composer import Composer as value
    elif name == "Config":
        from seigan_tf.config import Config as value
    elif name == "SEIGAN":
        from seigan_tf.seigan import SEIGAN as value
    elif name == "load":
        from seigan_tf.inference.loading import load_model as value
    else:
        raise AttributeError(f"module 'seigan_tf' has no attribute {name!r}")
    return value
