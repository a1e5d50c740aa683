"""Reconstruction losses against the NumPy reference."""

import numpy as np
import pytest

from seigan_tf.losses import reconstruction
from tests.reference import losses as reference

RANDOM = np.random.default_rng(0)
SHAPES = {"shallow": (2, 4, 6, 3), "deep": (2, 2, 3, 5)}
ONE, OTHER = ({n: RANDOM.normal(size=s).astype("float32") for n, s in SHAPES.items()} for _ in range(2))


def test_mae_is_the_mean_absolute_difference():
    assert float(reconstruction.mae(ONE["deep"], OTHER["deep"])) == pytest.approx(
        reference.mae(ONE["deep"], OTHER["deep"]), rel=1e-5
    )


def test_perceptual_loss_is_the_mean_over_layers():
    assert float(reconstruction.perceptual(ONE, OTHER)) == pytest.approx(
        reference.perceptual(ONE, OTHER, SHAPES), rel=1e-5
    )


def test_texture_loss_compares_gram_matrices():
    assert float(reconstruction.texture(ONE, OTHER)) == pytest.approx(reference.texture(ONE, OTHER, SHAPES), rel=1e-4)


def test_gram_matrix_agrees_with_the_reference():
    np.testing.assert_allclose(
        np.asarray(reconstruction.gram(ONE["shallow"])), reference.gram(ONE["shallow"]), rtol=1e-4, atol=1e-6
    )


def test_texture_does_not_see_where_things_are_but_perceptual_does():
    moved = {name: values[:, ::-1] for name, values in ONE.items()}
    assert float(reconstruction.texture(moved, ONE)) == pytest.approx(0.0, abs=1e-6)
    assert float(reconstruction.perceptual(moved, ONE)) > 0.1


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_losses_are_float32_and_finite_where_half_precision_features_are_large(dtype):
    large = {name: (100.0 * values).astype(dtype) for name, values in ONE.items()}
    other = {name: (100.0 * values).astype(dtype) for name, values in OTHER.items()}
    for loss in (reconstruction.texture, reconstruction.perceptual):
        value = np.asarray(loss(large, other))
        assert value.dtype == np.float32
        assert np.isfinite(value)
