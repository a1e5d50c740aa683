import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seigan_tf.evaluation.agreement import boundary_f, outline


def square(size, start, end):
    mask = np.zeros((size, size), bool)
    mask[start:end, start:end] = True
    return mask


def test_outline_of_a_square_is_its_rim_also_at_the_border_of_the_image():
    assert outline(square(10, 2, 8)).sum() == 6 * 6 - 4 * 4
    assert outline(np.ones((5, 5), bool)).sum() == 16


def test_equal_masks_score_one_and_disjoint_ones_nothing():
    assert boundary_f(square(100, 20, 60), square(100, 20, 60)) == 1
    assert boundary_f(square(100, 0, 10), square(100, 60, 90)) == 0
    assert boundary_f(np.zeros((9, 9), bool), np.zeros((9, 9), bool)) == 1
    assert boundary_f(np.zeros((9, 9), bool), square(9, 2, 6)) == 0


def test_an_outline_within_the_tolerance_counts_and_one_beyond_does_not():
    # The diagonal of 100 x 100 is 141.4 pixels: 0.008 of it, rounded up, are 2.
    truth = square(100, 20, 60)
    assert boundary_f(square(100, 21, 59), truth) == 1
    assert boundary_f(square(100, 24, 56), truth) < 0.1


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 40), st.integers(41, 80), st.integers(0, 40), st.integers(41, 80))
def test_it_does_not_matter_which_mask_is_the_truth(a, b, c, d):
    first, second = square(80, a, b), square(80, c, d)
    assert boundary_f(first, second) == pytest.approx(boundary_f(second, first))


def test_masks_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="boundary_f"):
        boundary_f(square(10, 2, 8), square(12, 2, 8))
