"""All that test_backends.py compares: `python -m tests.backend_values FOLDER [INITIAL]`, under either backend.

FOLDER gets an npz file for each case of backend_steps.py, and gradients.npz of backend_gradients.py. The initial states
are those of the folder INITIAL.
"""

import sys
from pathlib import Path

import numpy as np

from tests import backend_gradients, backend_steps


def main(out, initial=None):
    backend_steps.start_from_zeros()
    models = backend_steps.make_models()
    states = backend_steps.initial_states(models)
    for case, state in states.items():
        if initial is not None:
            with np.load(Path(initial) / f"{case}.npz") as file:
                state = {n.removeprefix("initial/"): file[n] for n in file.files if n.startswith("initial/")}
        np.savez(Path(out) / f"{case}.npz", **backend_steps.take_steps(case, models[backend_steps.CASES[case]], state))
    np.savez(Path(out) / "gradients.npz", **backend_gradients.all_gradients())


if __name__ == "__main__":
    main(*sys.argv[1:])
