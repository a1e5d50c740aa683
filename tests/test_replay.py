"""The pool of earlier fakes: against a loop over images, and its invariants."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seigan_tf.replay import ReplayPool
from tests.reference.replay import LoopPool

SIZE = 2


def numbered(numbers):
    """Images that are their number in every value."""
    return np.broadcast_to(np.asarray(numbers, "float32")[:, None, None, None], (len(numbers), SIZE, SIZE, 3))


def numbers_of(images):
    images = np.asarray(images)
    assert (images == images[:, :1, :1, :1]).all()
    return images[:, 0, 0, 0].astype(int).tolist()


def make_pool(capacity):
    pool = ReplayPool(capacity, SIZE)
    pool.build()
    return pool


def stored(pool):
    return numbers_of(pool.images.value)[: int(pool.count.value)]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_pool_does_what_a_loop_over_images_does(data):
    capacity = data.draw(st.integers(1, 7))
    batch = data.draw(st.integers(1, capacity + 3))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    pool, loop = make_pool(capacity), LoopPool(capacity)
    for step in range(data.draw(st.integers(1, 6))):
        images = numbered(range(1 + step * batch, 1 + (step + 1) * batch))
        order, coins = random.uniform(size=capacity).astype("float32"), random.uniform(size=batch).astype("float32")
        shown, expected = pool(images, order=order, coins=coins), loop.show(images, order, coins)
        np.testing.assert_array_equal(np.asarray(shown), expected)
        assert stored(pool) == numbers_of(loop.images)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_all_that_is_shown_is_new_or_was_stored_and_the_capacity_holds_whatever_the_batches(data):
    capacity = data.draw(st.integers(1, 6))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    pool, seen = make_pool(capacity), 0
    for batch in data.draw(st.lists(st.integers(1, capacity + 3), min_size=1, max_size=6)):
        before, new = stored(pool), list(range(seen + 1, seen + batch + 1))
        seen += batch
        order, coins = random.uniform(size=capacity).astype("float32"), random.uniform(size=batch).astype("float32")
        shown, after = numbers_of(pool(numbered(new), order=order, coins=coins)), stored(pool)
        assert len(shown) == batch
        assert set(shown) <= set(new) | set(before)
        assert len(set(shown)) == batch
        assert len(before) <= len(after) <= capacity
        assert len(set(after)) == len(after)
        # What an earlier fake made room for is kept, what was shown instead of it is gone.
        assert set(after) <= set(new) | set(before)
        if len(before) == capacity:
            assert set(after) == (set(before) | set(new)) - set(shown)


def test_a_batch_of_the_pools_own_size_is_stored_and_then_exchanged():
    pool = make_pool(3)
    order = np.array([0.5, 0.1, 0.9], "float32")
    assert numbers_of(pool(numbered([1, 2, 3]), order=order, coins=np.ones(3, "float32"))) == [1, 2, 3]
    assert stored(pool) == [1, 2, 3]
    shown = pool(numbered([4, 5, 6]), order=order, coins=np.array([0.9, 0.1, 0.8], "float32"))
    assert numbers_of(shown) == [2, 5, 3]
    assert stored(pool) == [1, 4, 6]


def test_a_batch_may_be_larger_than_the_pool_also_if_its_size_is_unknown_when_the_step_is_traced():
    pool = make_pool(2)

    def show(images, order, coins):
        return pool(images, order=order, coins=coins)

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        show = tf.function(show, input_signature=[tf.TensorSpec(s) for s in ((None, SIZE, SIZE, 3), (2,), (None,))])
    order, coins = np.array([0.5, 0.1], "float32"), np.ones(5, "float32")
    assert numbers_of(show(numbered(range(1, 6)), order, coins)) == [1, 2, 3, 4, 5]
    assert stored(pool) == [1, 2]
    assert numbers_of(show(numbered(range(6, 11)), order, coins)) == [2, 1, 8, 9, 10]
    assert stored(pool) == [7, 6]


def test_about_half_of_what_a_full_pool_shows_is_earlier():
    pool, random = make_pool(20), np.random.default_rng(0)
    earlier = 0
    for step in range(100):
        new = range(1 + 10 * step, 11 + 10 * step)
        draws = dict(order=random.uniform(size=20).astype("float32"), coins=random.uniform(size=10).astype("float32"))
        shown = numbers_of(pool(numbered(new), **draws))
        earlier += sum(number not in new for number in shown) if step >= 2 else 0
    assert earlier / 980 == pytest.approx(0.5, abs=0.05)


def test_a_pool_comes_back_from_its_configuration():
    pool = make_pool(3)
    assert ReplayPool.from_config(pool.get_config()).get_config() == pool.get_config()


def test_the_pool_keeps_float32_images_under_mixed_precision():
    images = np.random.default_rng(0).uniform(-1, 1, (2, SIZE, SIZE, 3)).astype("float32")
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        pool = make_pool(2)
        shown = pool(images, order=np.zeros(2, "float32"), coins=np.zeros(2, "float32"))
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_array_equal(np.asarray(shown), images)
    np.testing.assert_array_equal(np.asarray(pool.images.value), images)
