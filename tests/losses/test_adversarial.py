"""Least-squares adversarial losses against their definitions."""

import numpy as np
import pytest

from seigan_tf.losses import adversarial

RANDOM = np.random.default_rng(0)
REAL, FIRST, SECOND = (RANDOM.normal(size=(2, 3, 3, 1)).astype("float32") for _ in range(3))


def test_generators_want_scores_of_one():
    assert float(adversarial.real_loss(REAL)) == pytest.approx(np.mean((1 - REAL) ** 2), rel=1e-5)
    assert float(adversarial.real_loss(np.ones((2, 3, 3, 1), "float32"))) == 0.0


def test_two_kinds_of_fakes_weigh_a_half_each():
    expected = np.mean((1 - REAL) ** 2) + 0.5 * np.mean(FIRST**2) + 0.5 * np.mean(SECOND**2)
    assert float(adversarial.discriminator_loss(REAL, [FIRST, SECOND])) == pytest.approx(expected, rel=1e-5)


def test_one_kind_of_fake_weighs_one():
    expected = np.mean((1 - REAL) ** 2) + np.mean(FIRST**2)
    assert float(adversarial.discriminator_loss(REAL, [FIRST])) == pytest.approx(expected, rel=1e-5)
