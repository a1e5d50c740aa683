"""Reading and assignment of the values of named variables."""

from typing import Any

import numpy as np
from keras import ops


def values(variables: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return copies of the variables' values, by the same names."""
    return {name: np.array(ops.convert_to_numpy(variable)) for name, variable in variables.items()}


def assign(variables: dict[str, Any], state: dict[str, np.ndarray]) -> None:
    """Assign every variable its value in `state`; nothing is changed if one does not fit.

    Raises:
        ValueError: names the first variable that is missing, unknown or of another shape.
    """
    for name, variable in variables.items():
        if name not in state:
            raise ValueError(f"{name} is missing; expected shape {tuple(variable.shape)}")
        if tuple(state[name].shape) != tuple(variable.shape):
            raise ValueError(f"{name} has shape {tuple(state[name].shape)}; expected {tuple(variable.shape)}")
    unknown = sorted(set(state) - set(variables))
    if unknown:
        raise ValueError(f"{unknown[0]} is not a variable of this model")
    for name, variable in variables.items():
        variable.assign(state[name])
