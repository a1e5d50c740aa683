"""A step of a process that trains with others: `python -m tests.many_devices OUT`, under JAX.

OUT is an npz file with the model's state before ("initial/NAME") and after the step ("final/NAME").
"""

import sys

import grain
import numpy as np

from seigan_tf.config import LossesConfig
from seigan_tf.training import devices
from tests import tiny
from tests.backend_steps import start_from_zeros

COUNT = 4


def main(out, which):
    part = devices.use(which, COUNT)
    start_from_zeros()
    model = tiny.seigan(LossesConfig(**tiny.FIRST_SWAP), optimizer=tiny.sgd, replay_size=4, ema_decay=0.9)
    initial, rows = model.state(), part.rows(COUNT)
    whole = tiny.batch(COUNT)
    own = {kind: {name: values[rows] for name, values in crops.items()} for kind, crops in whole.items()}
    model.fit(grain.MapDataset.source([own]).to_iter_dataset(), steps_per_epoch=1, verbose=0)
    states = {"initial": initial, "final": model.state()}
    np.savez(out, **{f"{kind}/{name}": value for kind, state in states.items() for name, value in state.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
