"""What the five networks share: a configuration that serializes and a build that needs no data."""

import dataclasses

import keras

from seigan_tf import config as configuration
from seigan_tf.config import BackboneConfig


class Network(keras.Model):
    """A network of one role, for square images of `size` pixels.

    Subclasses give `example()`, the symbolic input that builds them, and name their dataclass in `settings_type`.
    """

    settings_type = BackboneConfig

    def __init__(self, settings, size: int, **kwargs):
        # Blocks cast for themselves; the images that a network adds its outputs to keep float32 under mixed precision.
        super().__init__(autocast=False, **kwargs)
        self.settings = settings
        self.size = size

    def build(self, input_shape=None):
        """Creates every weight; the shape is known, so that nothing has to be passed."""
        if not self.built:
            self.call(self.example())
            self.built = True

    def get_build_config(self):
        return {"input_shape": None}  # Keras skips build_from_config, and with it the weights, where this is empty

    def build_from_config(self, config):
        self.build()

    def get_config(self):
        return {**super().get_config(), "settings": dataclasses.asdict(self.settings), "size": self.size}

    @classmethod
    def from_config(cls, config):
        return cls(configuration.from_dict(cls.settings_type, config.pop("settings")), **config)
