"""Masks outside a box that was drawn too tight."""

import numpy as np

from seigan_tf.inference.growing import connected

BOX = np.array([0.25, 0.25, 0.75, 0.75], np.float32)


def test_only_parts_that_hang_together_with_the_object_in_the_box_stay():
    mask = np.zeros((64, 64), np.float32)
    mask[20:40, 30:60] = 0.9  # from the box to its right
    mask[2:8, 2:8] = 0.9  # another object
    mask[30:34, 4:12] = 0.4  # no object
    result = connected(mask, BOX)
    expected = mask.copy()
    expected[2:8, 2:8] = expected[30:34, 4:12] = 0
    np.testing.assert_array_equal(result, expected)


def test_a_bridge_outside_the_box_keeps_what_it_joins_and_a_soft_rim_stays():
    mask = np.zeros((64, 64), np.float32)
    mask[30:34, 40:60] = 0.9
    mask[4:34, 56:60] = 0.9
    mask[30:34, 60] = 0.3
    np.testing.assert_array_equal(connected(mask, BOX), mask)


def test_inside_the_box_nothing_changes_and_without_an_object_there_nothing_is_outside():
    mask = np.random.default_rng(0).uniform(0, 0.5, (64, 64)).astype(np.float32)
    mask[:16] = 1
    result = connected(mask, BOX)
    np.testing.assert_array_equal(result[16:48, 16:48], mask[16:48, 16:48])
    result[16:48, 16:48] = 0
    assert not result.any()
