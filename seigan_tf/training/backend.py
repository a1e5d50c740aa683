"""Settings of the Keras backend that a reproducible run needs."""

import keras


def prepare(seed: int, precision: str) -> None:
    """Seeds the global generators, sets the precision, and makes TensorFlow's CPU kernels deterministic.

    Args:
        seed: of Python's, NumPy's and the backend's global generators.
        precision: name of a Keras dtype policy.
    """
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        # On a GPU this would cost speed and refuse some operations; exact resumes are promised on the CPU.
        if not tensorflow.config.list_physical_devices("GPU"):
            tensorflow.config.experimental.enable_op_determinism()
