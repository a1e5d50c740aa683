"""The train step of each backend; `backend` is the module for the backend that Keras uses.

Raises:
    ValueError: KERAS_BACKEND names another backend.
"""

from types import ModuleType

import keras


def _load() -> ModuleType:
    name = keras.backend.backend()
    if name == "tensorflow":
        from seigan_tf.steps import tensorflow

        return tensorflow
    if name == "jax":
        from seigan_tf.steps import jax

        return jax
    raise ValueError(f"KERAS_BACKEND: {name}; expected tensorflow or jax")


backend = _load()
