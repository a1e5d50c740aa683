"""SEIGAN for Keras: cut an object out, erase it from its photo, paste it naturally into another one."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["SEIGAN", "Composer", "Config", "load"]

if TYPE_CHECKING:
    from seigan_tf.compose.composer import Composer
    from seigan_tf.config import Config
    from seigan_tf.inference.loading import load_model as load
    from seigan_tf.seigan import SEIGAN


def __getattr__(name: str) -> Any:
    """Import a name of __all__ on first use, so that `import seigan_tf` and `--help` stay fast."""
    if name == "Composer":
        from seigan_tf.compose.composer import Composer

        return Composer
    if name == "Config":
        from seigan_tf.config import Config

        return Config
    if name == "SEIGAN":
        from seigan_tf.seigan import SEIGAN

        return SEIGAN
    if name == "load":
        from seigan_tf.inference.loading import load_model

        return load_model
    raise AttributeError(f"module 'seigan_tf' has no attribute {name!r}")
