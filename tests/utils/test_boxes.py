"""Boxes in NumPy follow the rules of the networks' boxes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seigan_tf.losses import boxes as keras_boxes
from seigan_tf.utils.boxes import box_to_mask, fade_outside


@settings(deadline=None)  # a new size is a new compilation
@given(st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4), st.integers(1, 20))
def test_masks_are_those_of_the_losses(box, size):
    boxes = np.array([box, [0.03125, 0.5, 0.97, 0.5]], np.float32)  # the second has no width
    found = box_to_mask(boxes, size, size)
    np.testing.assert_array_equal(found[..., None], np.asarray(keras_boxes.box_to_mask(boxes, size)) > 0)


def test_one_box_of_an_image_that_is_no_square():
    expected = np.zeros((4, 8), bool)
    expected[1:2, 2:7] = True
    found = box_to_mask(np.array([0.25, 0.25, 0.5, 0.84]), 4, 8)
    np.testing.assert_array_equal(found, expected)


def test_crops_are_faded_as_the_losses_fade_them():
    images = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 3)).astype(np.float32)
    boxes = np.array([[0.25, 0.25, 0.5, 0.84], [0, 0, 1, 1]], np.float32)
    found = fade_outside(images, boxes, 0.3)
    expected = keras_boxes.fade_outside(images, keras_boxes.box_to_mask(boxes, 8), 0.3)
    np.testing.assert_allclose(found, np.asarray(expected), atol=1e-6)
    np.testing.assert_array_equal(found[1], images[1])
    np.testing.assert_allclose(found[0, 0], 0.3 * images[0, 0], rtol=1e-6)
