"""Settings and crops that a model cannot work with are named in one line."""

import dataclasses

import numpy as np
import pytest

from seigan_tf import checks
from seigan_tf.config import LossesConfig, NetworksConfig

BOXES = np.tile(np.float32([0.2, 0.2, 0.8, 0.8]), (2, 1))


@pytest.mark.parametrize(
    ("name", "value"), [("mask_gradient", -0.1), ("inpainting_margin", -1), ("replay_size", -1), ("average_decay", 1.0)]
)
def test_numbers_out_of_range_are_named(name, value):
    with pytest.raises(ValueError, match=rf"^networks\.{name}: {value}; expected 0 .*$"):
        checks.networks(dataclasses.replace(NetworksConfig(), **{name: value}))


@pytest.mark.parametrize("value", [-1.0, float("nan")])
def test_a_weight_that_is_negative_or_no_number_is_named(value):
    with pytest.raises(ValueError, match=rf"^losses\.coarse_gan: {value}; expected 0 or more$"):
        checks.losses(LossesConfig(coarse_gan=value))


def test_crops_come_out_as_floats_in_range_whatever_they_came_in_as():
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    floats, boxes = checks.crops(8, images=images, boxes=BOXES.tolist())
    np.testing.assert_allclose(floats, images / 127.5 - 1.0, atol=1e-6)
    np.testing.assert_array_equal(checks.crops(8, images=floats, boxes=BOXES)[0], floats)
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
        checks.crops(8, images=images, boxes=boxes)
