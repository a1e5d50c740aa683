"""Training on several devices, of one process or of many (`training.devices`), by Keras' DataParallel under JAX.

A batch is divided evenly among the devices, and the compiled step is that of the whole batch: losses, replay pools,
averages and metrics are those of one device but for the order of sums.
"""

import contextlib
from collections.abc import Iterator

import keras
import numpy as np

from seigan_tf.data.augmentation import WHOLE, Part
from seigan_tf.training.callbacks.base import Stopped
from seigan_tf.utils import processes
from seigan_tf.utils.text import one_line

CONNECTION = ("Gloo", "NCCL", "coordination", "heartbeat")
"""Words of the backend's errors over processes that cannot be reached."""


def use(devices: str, batch_size: int) -> Part:
    """Divide every batch among the devices, and connect the processes; return the part of this process.

    Call it before anything is computed.

    Args:
        devices: "one" or "all".
        batch_size: crops in a batch of all devices together.

    Raises:
        ValueError: "all" under TensorFlow, several processes without "all", or a batch that cannot be divided.
    """
    if devices == "one":
        if processes.count() > 1:
            raise ValueError(f"training.devices: one, but {processes.COUNT} is {processes.count()}; expected all")
        return WHOLE
    if keras.backend.backend() != "jax":
        raise ValueError("training.devices: all, which works under JAX only; set KERAS_BACKEND=jax")
    if processes.count() > 1:
        keras.distribution.initialize()
    distribution = keras.distribution.DataParallel(auto_shard_dataset=False)
    count = distribution.device_mesh.devices.size
    if batch_size % count:
        raise ValueError(f"training.batch_size: {batch_size}, expected a multiple of the {count} devices")
    keras.distribution.set_distribution(distribution)
    return Part(processes.index(), processes.count())


@contextlib.contextmanager
def stopped_together(resume_command: str) -> Iterator[None]:
    """Turn the backend's error over a process that is gone into one line.

    Raises:
        Stopped: another process ended, or cannot be reached.
    """
    if processes.count() == 1:
        yield
        return
    import jax

    try:
        yield
    except (jax.errors.JaxRuntimeError, ValueError) as error:  # either, by the operation that was waiting
        if not any(word in str(error) for word in CONNECTION):
            raise
        raise Stopped(
            f"lost another process of this training ({one_line(error)}); start all of them again, from the"
            f" last checkpoint, with: {resume_command}"
        ) from None


def largest(number: int) -> int:
    """Return the largest of the numbers that the processes pass at the same step."""
    if processes.count() == 1:
        return number
    from jax.experimental import multihost_utils

    return int(multihost_utils.process_allgather(np.int32(number)).max())
