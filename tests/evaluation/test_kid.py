"""The kernel distance against its definition, and its error against repetition."""

import numpy as np
import pytest

from seigan_tf.evaluation.realism import kernel_distance, pair_terms


def naive(real, made):
    """Pair by pair; no image is compared with itself or with the other one of its pair."""

    def kernel(a, b):
        return (np.dot(a, b) / len(a) + 1) ** 3

    values = [
        kernel(real[i], real[j]) + kernel(made[i], made[j]) - kernel(real[i], made[j]) - kernel(real[j], made[i])
        for i in range(len(real))
        for j in range(len(real))
        if i != j
    ]
    return np.mean(values)


def draw(random, count=100, shift=0.0):
    """Real features, and others that share half of each real one, as a paste of the same object does."""
    shared = random.normal(size=(count, 8))
    return shared + random.normal(size=(count, 8)), shared + random.normal(size=(count, 8)) + shift


def test_it_is_the_definition():
    real, made = draw(np.random.default_rng(0), count=7, shift=1.0)
    assert kernel_distance(pair_terms(real, made)).distance == pytest.approx(naive(real, made))


def test_pairs_of_one_distribution_are_at_zero_although_each_resembles_its_own():
    random = np.random.default_rng(1)
    values = [kernel_distance(pair_terms(*draw(random))).distance for _ in range(60)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))
    far = kernel_distance(pair_terms(*draw(random, shift=0.5)))
    assert far.distance > 3 * far.error


def test_images_that_share_a_source_are_not_compared():
    random = np.random.default_rng(4)
    sources = np.arange(60) % 6

    def places(chosen):
        return random.normal(size=(6, 8))[chosen] + random.normal(size=(60, 8))

    drawn = [(draw(random, 60)[0], places(sources)) for _ in range(60)]
    values = [kernel_distance(pair_terms(*images), sources) for images in drawn]
    distances = [value.distance for value in values]
    assert abs(np.mean(distances)) < 3 * np.std(distances) / np.sqrt(60)
    # Too large rather than too small: halves of six sources have three, between which distances vary more.
    assert np.std(distances) < np.mean([value.error for value in values]) < 3 * np.std(distances)
    assert np.mean([kernel_distance(pair_terms(*images)).distance for images in drawn]) > 2 * np.std(distances)


def test_error_is_the_spread_over_new_samples():
    random = np.random.default_rng(2)
    repeated = [kernel_distance(pair_terms(*draw(random, shift=0.5))) for _ in range(60)]
    spread = np.std([value.distance for value in repeated], ddof=1)
    assert np.mean([value.error for value in repeated]) == pytest.approx(spread, rel=0.3)


def test_terms_subtracted_give_the_difference():
    random = np.random.default_rng(3)
    real, near = draw(random)
    far = near + 0.5
    terms = [pair_terms(real, made) for made in (near, far)]
    difference = kernel_distance(terms[1] - terms[0]).distance
    distances = [kernel_distance(values).distance for values in terms]
    assert difference == pytest.approx(distances[1] - distances[0])


@pytest.mark.parametrize("shapes", [((3, 4), (3, 4)), ((5, 3), (5, 4)), ((5, 3), (6, 3)), ((5,), (5,))])
def test_too_few_pairs_and_other_shapes_are_refused(shapes, one_line_error):
    assert "pair_terms" in one_line_error(pair_terms, *map(np.zeros, shapes))
