"""TensorFlow and JAX: the same steps from the same weights, batches and draws; JAX without TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests import backend_gradients
from tests.backend_steps import CASES
from tests.runs import QUICK_COMPILATION

ROOT = Path(__file__).resolve().parent.parent

pytest.importorskip("jax", reason="needs JAX, of requirements-dev.txt")


def run(backend, module, *arguments):
    """Run a module of the tests under a backend, on the CPU."""
    settings = dict(KERAS_BACKEND=backend, PYTHONPATH=str(ROOT), CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu")
    environment = {**os.environ, **settings, "XLA_FLAGS": QUICK_COMPILATION}
    command = [sys.executable, "-m", f"tests.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]


def parts(values, kind):
    prefix = f"{kind}/"
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders by backend, from backend_values; JAX starts from the weights of TensorFlow."""
    made = {backend: tmp_path_factory.mktemp(backend) for backend in ("tensorflow", "jax")}
    run("tensorflow", "backend_values", made["tensorflow"])
    run("jax", "backend_values", made["jax"], made["tensorflow"])
    return made


@pytest.mark.parametrize("case", list(CASES))
def test_both_backends_give_the_same_losses_and_the_same_updated_weights(case, folders):
    one, other = ({**np.load(folder / f"{case}.npz")} for folder in folders.values())
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
    tolerance = 0.001 if case == "saturated" else 0.02
    for network in update:
        assert update[network] > 0, network
        assert np.sqrt(difference[network] / update[network]) < tolerance, network
    # The pool has swapped: what the discriminators saw last is not what the generators made last.
    assert final["coarse_pool/count"] == theirs["coarse_pool/count"] == 4


@pytest.fixture(scope="module")
def all_gradients(folders):
    """Gradients by backend."""
    return {backend: {**np.load(folder / "gradients.npz")} for backend, folder in folders.items()}


@pytest.fixture(params=["tensorflow", "jax"])
def gradients(request, all_gradients):
    return all_gradients[request.param]


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits.astype("float64")))


def test_losses_have_the_gradients_of_mathematics_at_saturated_masks(gradients):
    logits = backend_gradients.SATURATED
    mask, count = sigmoid(logits), len(logits)
    np.testing.assert_allclose(gradients["outside/0"], mask / count, rtol=1e-4)

    one, other = backend_gradients.PAIRS.T
    both = sigmoid(one + other)  # the part of "both inside" in p(same)
    for i, logit in enumerate((one, other)):
        expected = -(both * sigmoid(-logit) - sigmoid(-one - other) * sigmoid(logit)) / len(one)
        np.testing.assert_allclose(gradients[f"pairwise/{i}"], expected, rtol=1e-4, atol=3e-9)

    for truth in (0.0, 1.0):
        total = np.sum(mask**2) + truth * count
        dice = -2 * truth * (total - 2 * mask * np.sum(mask)) / total**2
        expected = ((1 - truth) * mask - truth * sigmoid(-logits)) / count + dice * mask * sigmoid(-logits)
        np.testing.assert_allclose(gradients[f"mask_loss_{truth:.0f}/0"], expected, rtol=1e-4, atol=2e-9)


def test_a_mask_of_ones_is_undone_outside_its_box(gradients):
    logits = gradients["full_mask"]
    assert (logits[:, :, :2] == 14).all()
    assert (logits[:, :, 2:] < 0).all()


def test_gradients_agree_at_bounds_at_differences_of_zero_and_at_several_largest_values(all_gradients):
    """All that the networks and losses hold of the kind, leaky_relu apart, whose gradient at 0 is 0.2 or 1.

    Training does not meet a leaky_relu of 0: see test_saturated_photographs_give_leaky_relu_no_zeros.
    """
    one, other = (parts(values, "ties") for values in all_gradients.values())
    assert len(one) == 10
    for name, gradient in one.items():
        np.testing.assert_allclose(gradient, other[name], rtol=1e-5, atol=1e-7, err_msg=name)
    np.testing.assert_array_equal(one["clip/0"], [0, 1, 1, 1, 0])
    for name in ("enhancer/0", "inpainter/0"):
        assert one[name].min() >= 0.5, name  # the least weight of the sum: nothing is lost at the bounds
    np.testing.assert_array_equal(one["mae/0"], 0)


def test_jax_trains_saves_and_loads_under_mixed_precision_where_tensorflow_is_missing(tmp_path):
    run("jax", "jax_alone", tmp_path)
