"""The train step of each backend. `steps.backend` is the module of the backend that Keras uses.

Raises:
    ValueError: KERAS_BACKEND names another backend.
"""

import keras

if keras.backend.backend() == "tensorflow":
    from seigan_tf.steps import tensorflow as backend
elif keras.backend.backend() == "jax":
    from seigan_tf.steps import jax as backend
else:
    raise ValueError(f"KERAS_BACKEND: {keras.backend.backend()}; expected tensorflow or jax")

__all__ = ["backend"]
