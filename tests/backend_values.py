"""All that test_backends.py compares: `python -m tests.backend_values FOLDER [INITIAL]`, under either backend.

FOLDER gets an npz file for each case of backend_steps.py, gradients.npz of backend_gradients.py and reached.json of
gradients_by_term.py, {scale of gradients: {term: generators}}. The initial states are those of the folder INITIAL.
"""

import json
import sys
from pathlib import Path

import numpy as np

from tests import backend_gradients, backend_steps, gradients_by_term


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
    reached = {str(scale): gradients_by_term.reached(scale) for scale in gradients_by_term.SCALES}
    (Path(out) / "reached.json").write_text(json.dumps(reached))


if __name__ == "__main__":
    main(*sys.argv[1:])
