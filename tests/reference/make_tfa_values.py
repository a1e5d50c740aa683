"""Writes tfa_instance_norm.npz: what tensorflow-addons' InstanceNormalization makes of random inputs.

tensorflow-addons has reached its end and cannot be imported beside Keras 3, so this was run once, in an environment of
its own (Python 3.10, tensorflow-cpu 2.15.1, tensorflow-addons 0.23.0, NumPy 1.26.4), from the repository's root:

    python3.10 -m venv tfa
    tfa/bin/pip install "tensorflow-cpu<2.16" "tensorflow-addons==0.23.0" "numpy<2"
    tfa/bin/python tests/reference/make_tfa_values.py
"""

from pathlib import Path

import numpy as np
import tensorflow_addons as tfa

CASES = {
    "plain": dict(shape=(2, 5, 4, 3), offset=0.0, scale=1.0, epsilon=1e-5),
    "large_epsilon": dict(shape=(2, 4, 4, 2), offset=0.5, scale=0.1, epsilon=1e-3),
    "far_from_zero": dict(shape=(1, 3, 6, 4), offset=100.0, scale=2.0, epsilon=1e-5),
    "constant": dict(shape=(1, 4, 4, 2), offset=3.0, scale=0.0, epsilon=1e-5),
}


def main():
    random = np.random.default_rng(0)
    values = {}
    for name, case in CASES.items():
        channels = case["shape"][-1]
        inputs = (case["offset"] + case["scale"] * random.standard_normal(case["shape"])).astype("float32")
        gamma, beta = (random.uniform(-2.0, 2.0, channels).astype("float32") for _ in range(2))
        layer = tfa.layers.InstanceNormalization(axis=-1, epsilon=case["epsilon"])
        layer.build(inputs.shape)
        layer.set_weights([gamma, beta])
        made = dict(input=inputs, gamma=gamma, beta=beta, epsilon=case["epsilon"], output=layer(inputs).numpy())
        values.update({f"{name}/{key}": value for key, value in made.items()})
    np.savez(Path(__file__).with_name("tfa_instance_norm.npz"), **values)


if __name__ == "__main__":
    main()
