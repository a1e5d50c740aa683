"""The base of the models that train one network of a SEIGAN alone."""

from dataclasses import replace

import keras
import numpy as np

from seigan_tf.config import NetworksConfig
from seigan_tf.networks.vgg19 import without_vgg
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils import variables


class OneNetwork(keras.Model):
    """Model that trains one generator of a SEIGAN; `save` writes the whole SEIGAN.

    EMA weights and replay pools are left out.

    Args:
        trained: name of the generator: segmenter, inpainter or enhancer.
        networks, object_fraction: those of the SEIGAN.

    Raises:
        ValueError: the same as SEIGAN.
    """

    def __init__(self, trained: str, networks: NetworksConfig, object_fraction: float, **kwargs):
        super().__init__(autocast=False, **kwargs)  # see SEIGAN
        self.trained = trained
        self.seigan = SEIGAN(replace(networks, ema_decay=0.0, replay_size=0), object_fraction)
        self.seigan.build()
        for name, network in (self.seigan.generators._asdict() | self.seigan.discriminators._asdict()).items():
            network.trainable = name == trained
        self.built = True

    def compile(self, optimizer, **kwargs):
        """Set the optimizer and create its state for `restore`."""
        super().compile(optimizer, **kwargs)
        self.optimizer.build(self.trainable_variables)

    def save(self, filepath, **kwargs):
        self.seigan.save(filepath, **kwargs)

    def _state_variables(self):
        named = {v.path: v for v in without_vgg(self.seigan.variables, self.seigan.vgg)}
        return named | {f"optimizer/{i}/{v.name}": v for i, v in enumerate(self.optimizer.variables)}

    def state(self) -> dict[str, np.ndarray]:
        """Return the values of all variables that an exact resume needs, without the frozen VGG-19."""
        return variables.values(self._state_variables())

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Assign the values that `state` returned.

        Raises:
            ValueError: names the first variable that is missing, unknown or of another shape.
        """
        variables.assign(self._state_variables(), state)
