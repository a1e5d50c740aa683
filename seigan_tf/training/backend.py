"""Settings of the Keras backend for a reproducible run, and the choice of its precision."""

import time
from collections.abc import Callable

import keras
import numpy as np
from keras import ops
from rich.console import Console

from seigan_tf.config import Precision
from seigan_tf.utils.quiet import native_messages_hidden

WORTH_IT = 0.8
"""Time of a convolution in bfloat16 by that in float32 below which it is used: casts and other operations cost some."""


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


def chosen_precision(precision: Precision, console: Console, largest: Callable[[int], int] = int) -> Precision:
    """Return the dtype policy; if it is "auto", measure which is faster and print the result.

    Args:
        precision: `training.precision`.
        console: destination of the line.
        largest: function of the largest number among the processes that train together, as of `devices.largest`, so
            that all of them choose the same; default: there is one process.
    """
    if precision != "auto":
        return precision
    ratio = largest(round(1000 * bfloat16_time())) / 1000
    chosen: Precision = "mixed_bfloat16" if ratio < WORTH_IT else "float32"
    line = f"precision: {chosen}, as a convolution in bfloat16 takes {ratio:.2f} of its time in float32"
    console.print(line, soft_wrap=True)
    return chosen


def bfloat16_time(seconds: float = 2.0) -> float:
    """Return the time of a convolution of VGG-19's size in bfloat16 by that in float32.

    Args:
        seconds: time for the measurement, about.
    """
    taken: dict[str, list[float]] = {"float32": [], "bfloat16": []}
    random = np.random.default_rng(0)
    images, kernel = random.standard_normal((8, 32, 32, 128)), random.standard_normal((3, 3, 128, 128))
    arrays = {name: (ops.cast(images, name), ops.cast(kernel, name)) for name in taken}
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(taken["float32"]) < 3:
        for name, (image, weights) in arrays.items():
            start = time.perf_counter()
            ops.convert_to_numpy(ops.cast(ops.conv(image, weights, padding="same")[0, 0, 0], "float32"))
            taken[name].append(time.perf_counter() - start)
    return min(taken["bfloat16"]) / min(taken["float32"])
