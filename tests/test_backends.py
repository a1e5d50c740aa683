"""TensorFlow and JAX: the same steps from the same weights, batches and draws; JAX without TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
QUICK_COMPILATION = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"

pytest.importorskip("jax", reason="needs JAX, of requirements-dev.txt")


def run(backend, module, *arguments):
    """Runs a module of the tests under a backend, on the CPU."""
    settings = dict(KERAS_BACKEND=backend, PYTHONPATH=str(ROOT), CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu")
    environment = {**os.environ, **settings, "XLA_FLAGS": QUICK_COMPILATION}
    command = [sys.executable, "-m", f"tests.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]


def parts(values, kind):
    prefix = f"{kind}/"
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


@pytest.mark.parametrize("case", ["literal", "every_setting"])
def test_both_backends_give_the_same_losses_and_the_same_updated_weights(case, tmp_path):
    files = {backend: tmp_path / f"{backend}.npz" for backend in ("tensorflow", "jax")}
    run("tensorflow", "backend_steps", case, files["tensorflow"])
    run("jax", "backend_steps", case, files["jax"], files["tensorflow"])
    one, other = ({**np.load(file)} for file in files.values())
    assert set(one) == set(other)

    logs, initial, final, theirs = parts(one, "logs"), parts(one, "initial"), parts(one, "final"), parts(other, "final")
    assert len(logs) > 3 * 10
    for name, value in logs.items():
        assert value == pytest.approx(other[f"logs/{name}"], rel=1e-3), name

    # A ReLU on the verge, or a hard mask, may switch between the backends and then changes one gradient visibly; over
    # a network's weights such differences stay small beside the update, and those of a wrong step do not.
    update, difference = {}, {}
    for name, value in final.items():
        network = name.split("/")[0]
        change, gap = value.astype("float64") - initial[name], value.astype("float64") - theirs[name]
        update[network] = update.get(network, 0.0) + np.sum(change**2)
        difference[network] = difference.get(network, 0.0) + np.sum(gap**2)
    del update["random"]  # the draws were given
    for network in update:
        assert update[network] > 0, network
        assert np.sqrt(difference[network] / update[network]) < 0.02, network
    # The pool has swapped: what the discriminators saw last is not what the generators made last.
    assert final["coarse_pool/count"] == theirs["coarse_pool/count"] == 4


def test_jax_trains_saves_and_loads_under_mixed_precision_where_tensorflow_is_missing(tmp_path):
    run("jax", "jax_alone", tmp_path)
