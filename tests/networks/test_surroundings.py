"""The fill from the colours around a hole: against the NumPy reference, and its properties."""

import numpy as np
import pytest

from seigan_tf.networks.surroundings import fill_from_surroundings
from tests.reference import networks as reference

RANDOM = np.random.default_rng(0)


def square_hole(size, low, high):
    mask = np.zeros((1, size, size, 1), "float32")
    mask[:, low:high, low:high] = 1.0
    return mask


@pytest.mark.parametrize("size", [8, 12, 15])
def test_it_agrees_with_the_reference(size):
    mask = RANDOM.uniform(size=(2, size, size, 1)).astype("float32")
    mask[1, 2:6, 2:6] = 1.0
    holed = (1 - mask) * RANDOM.uniform(-1, 1, (2, size, size, 3)).astype("float32")
    expected = reference.fill_from_surroundings(holed.astype("float64"), mask.astype("float64"))
    np.testing.assert_allclose(np.asarray(fill_from_surroundings(holed, mask)), expected, rtol=1e-4, atol=1e-5)


def test_what_is_no_hole_stays_as_it_is():
    photo, mask = RANDOM.uniform(-1, 1, (1, 16, 16, 3)).astype("float32"), square_hole(16, 4, 12)
    filled = np.asarray(fill_from_surroundings((1 - mask) * photo, mask))
    np.testing.assert_allclose(filled[mask[..., 0] == 0], photo[mask[..., 0] == 0], atol=1e-6)


def test_a_hole_in_a_plain_photo_gets_its_colour():
    photo = np.broadcast_to(np.array([0.7, -0.4, 0.1], "float32"), (1, 16, 16, 3))
    mask = square_hole(16, 3, 13)
    np.testing.assert_allclose(np.asarray(fill_from_surroundings((1 - mask) * photo, mask)), photo, atol=1e-3)


def test_a_half_hidden_object_does_not_show_through():
    mask = 0.6 * square_hole(16, 4, 12)
    fills = []
    for colour in (-1.0, 1.0):
        photo = np.where(mask > 0, colour, 0.3) * np.ones((1, 16, 16, 3), "float32")
        fills.append(np.asarray(fill_from_surroundings(((1 - mask) * photo).astype("float32"), mask)))
    np.testing.assert_allclose(fills[0], fills[1], atol=1e-5)


def test_a_photo_that_is_all_hole_gives_a_finite_fill():
    mask = np.ones((1, 8, 8, 1), "float32")
    assert (np.asarray(fill_from_surroundings(np.zeros((1, 8, 8, 3), "float32"), mask)) == 0).all()
