"""Settings of the Keras backend for a reproducible run."""

import keras

from seigan_tf.utils.quiet import native_messages_hidden


def prepare(seed: int, precision: str) -> None:
    """Seed the global generators, set the precision, and make TensorFlow's CPU kernels deterministic.

    Args:
        seed: seed of Python's, NumPy's and the backend's global generators.
        precision: name of a Keras dtype policy.
    """
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        with native_messages_hidden():
            on_gpu = bool(tensorflow.config.list_physical_devices("GPU"))
        # This pass of the graph optimizer fails on gradients of LeakyReLU, harmlessly but with an error line.
        tensorflow.config.optimizer.set_experimental_options({"remapping": False})
        # On a GPU this would cost speed and refuse some operations; exact resumes are promised on the CPU.
        if not on_gpu:
            tensorflow.config.experimental.enable_op_determinism()
