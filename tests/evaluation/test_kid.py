import numpy as np
import pytest

from seigan_tf.evaluation.kid import kernel_distance, unbiased_distance


def naive(first, second):
    """By its definition, pair by pair."""

    def kernel(a, b):
        return (np.dot(a, b) / len(a) + 1) ** 3

    same = [
        np.mean([kernel(a, b) for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j])
        for rows in (first, second)
    ]
    return sum(same) - 2 * np.mean([kernel(a, b) for a in first for b in second])


def test_it_is_the_definition():
    random = np.random.default_rng(0)
    first, second = random.normal(size=(5, 3)), random.normal(1, 2, size=(7, 3))
    assert unbiased_distance(first, second) == pytest.approx(naive(first, second))


def test_equal_distributions_are_near_zero_and_others_far_in_terms_of_the_error():
    random = np.random.default_rng(1)
    first, same, other = (random.normal(mean, 1, (400, 16)) for mean in (0, 0, 0.5))
    near, far = kernel_distance(first, same), kernel_distance(first, other)
    assert abs(near.distance) < 0.05
    assert far.distance > near.distance + 10 * far.error
    assert kernel_distance(first, other) == far


def test_too_few_images_and_other_features_are_refused():
    with pytest.raises(ValueError, match="at least 2"):
        kernel_distance(np.zeros((1, 4)), np.zeros((5, 4)))
    with pytest.raises(ValueError, match="features"):
        kernel_distance(np.zeros((5, 3)), np.zeros((5, 4)))
