"""The same step on one logical CPU device and on two: `python -m tests.two_replicas OUT`, under TensorFlow.

OUT is an npz file with the model's state before ("initial/NAME") and after a step on one ("one/NAME") and two devices.
"""

import sys
from contextlib import nullcontext

import numpy as np
import tensorflow as tf

from seigan_tf.cycle import NOISE_NAMES
from seigan_tf.seigan import Draws
from tests import tiny


def draws(batch):
    """Noise that depends on its own image alone, so that it is the same however the batch is divided."""
    noise = 3.0 * batch["object"]["image"][..., :1] * batch["background"]["image"][..., 1:2]
    return Draws(dict.fromkeys(NOISE_NAMES, noise), {}, {})


def main(out):
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    two_devices = tf.distribute.MirroredStrategy([device.name for device in tf.config.list_logical_devices("CPU")])
    states = {}
    for name, scope in (("one", nullcontext()), ("two", two_devices.scope())):
        with scope:
            model = tiny.seigan(optimizer=tiny.sgd, traced=name == "two", replay_size=0)
        model.draw = draws
        states["initial"] = model.state()
        model.fit(tiny.batch(4), batch_size=4, epochs=1, shuffle=False, verbose=0)
        states[name] = model.state()
    np.savez(out, **{f"{kind}/{name}": value for kind, state in states.items() for name, value in state.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
