"""The base of the five networks: a configuration that serializes and a build that needs no data."""

import dataclasses
from typing import Any

import keras

from seigan_tf import config as configuration
from seigan_tf.config import BackboneConfig


class Network(keras.Model):
    """Base of a network with one role, for square images of `size` pixels.

    Subclasses define `example()`, the symbolic input that builds them, and `settings_type`, the type of their settings.
    """

    settings_type: type = BackboneConfig
    built: bool

    def __init__(self, settings: Any, size: int, **kwargs):
        # Blocks cast for themselves; the images to which a network adds its outputs keep float32 under mixed precision.
        super().__init__(autocast=False, **kwargs)
        self.settings = settings
        self.size = size

    def build(self, input_shape=None):
        """Create every weight; the input's shape is known from `size`."""
        if not self.built:
            self.call(self.example())
            self.built = True

    def get_build_config(self):
        return {"input_shape": None}  # with an empty one Keras skips build_from_config, and with it the weights

    def build_from_config(self, config):
        self.build()

    def get_config(self):
        return {**super().get_config(), "settings": dataclasses.asdict(self.settings), "size": self.size}

    @classmethod
    def from_config(cls, config):
        return cls(configuration.from_dict(cls.settings_type, config.pop("settings")), **config)
