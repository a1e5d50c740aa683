"""Crops on their way into a model: converted, or named in one line if they do not fit."""

import numpy as np
import pytest

from seigan_tf.inference.arrays import check_crops

BOXES = np.tile(np.float32([0.2, 0.2, 0.8, 0.8]), (2, 1))


def test_crops_of_either_type_become_floats_in_range():
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    floats, boxes = check_crops(8, images=images, boxes=BOXES.tolist())
    np.testing.assert_allclose(floats, images / 127.5 - 1.0, atol=1e-6)
    np.testing.assert_array_equal(check_crops(8, images=floats, boxes=BOXES)[0], floats)
    assert floats.dtype == boxes.dtype == np.float32


@pytest.mark.parametrize(
    ("images", "boxes", "message"),
    [
        (np.zeros((0, 8, 8, 3)), BOXES[:0], "^images: there are none; expected at least one$"),
        (np.zeros((2, 8, 9, 3)), BOXES, r"^images: shape \(2, 8, 9, 3\); expected \(2, 8, 8, 3\)$"),
        (np.zeros((2, 8, 8, 3)), BOXES[:1], r"^boxes: shape \(1, 4\); expected \(2, 4\)$"),
        (np.full((2, 8, 8, 3), 255.0), BOXES, r"^images: values reach 255; expected uint8, or floats in \[-1, 1\]$"),
        (np.full((2, 8, 8, 3), np.nan), BOXES, "^images: values reach nan; expected .*$"),
    ],
)
def test_crops_that_do_not_fit_are_named(images, boxes, message):
    with pytest.raises(ValueError, match=message):
        check_crops(8, images=images, boxes=boxes)
