"""The crop rules of the paper, and the pixels that a region gives."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from seigan_tf.data.annotations import Object, Photo
from seigan_tf.data.crops import (
    DROP_RULES,
    CropRegion,
    CropRules,
    extract,
    extract_mask,
    object_region,
    relative_box,
)

RULES = CropRules(object_fraction=100 / 128, min_short_side=20, max_object_fraction=0.4, min_aspect=0.4)
ANYTHING = CropRules(object_fraction=0.5, min_short_side=0, max_object_fraction=1, min_aspect=0)


def photo_of(*boxes, width=400, height=300, crowd=False):
    return Photo(Path("a.png"), width, height, tuple(Object(box, crowd) for box in boxes))


def outcome(*boxes, rules=RULES, **settings):
    photo = photo_of(*boxes, **settings)
    return object_region(photo, photo.objects[0], rules)


@st.composite
def boxes(draw, width=400, height=300):
    x, y = draw(st.floats(0, width - 2)), draw(st.floats(0, height - 2))
    return x, y, draw(st.floats(1, width - x)), draw(st.floats(1, height - y))


@given(boxes(), st.floats(0.1, 1))
def test_object_is_centred_and_of_the_protocols_size_within_a_pixel(box, fraction):
    photo = photo_of(box)
    region = object_region(photo, photo.objects[0], CropRules(fraction, 0, 1, 0))
    x, y, width, height = box
    assert abs(region.side * fraction - max(width, height)) <= 1
    assert abs(region.x + region.side / 2 - (x + width / 2)) <= 1
    assert abs(region.y + region.side / 2 - (y + height / 2)) <= 1
    ymin, xmin, ymax, xmax = relative_box(photo.objects[0], region)
    assert max(ymax - ymin, xmax - xmin) == pytest.approx(fraction, abs=1.5 / region.side)


@given(boxes(), st.lists(boxes(), max_size=4))
def test_no_other_box_shares_a_pixel_with_an_object_crop(box, others):
    region = outcome(box, *others, rules=ANYTHING)
    assume(not isinstance(region, str))
    for x, y, width, height in others:
        apart_x = x + width <= region.x or x >= region.x + region.side
        apart_y = y + height <= region.y or y >= region.y + region.side
        assert apart_x or apart_y


@pytest.mark.parametrize(
    ("rule", "box", "settings"),
    [
        ("crowd", (100, 100, 60, 60), {"crowd": True}),
        ("degenerate_box", (100, 100, 60, 0), {}),
        ("min_short_side", (100, 100, 40, 19.9), {}),
        ("max_object_fraction", (100, 100, 161, 100), {}),
        ("min_aspect", (100, 100, 100, 39), {}),
    ],
)
def test_each_rule_drops_what_it_is_for_and_is_named(rule, box, settings):
    assert outcome(box, **settings) == rule
    assert rule in DROP_RULES


def test_neighbour_that_reaches_into_the_crop_drops_the_object_even_if_boxes_are_apart():
    assert outcome((100, 100, 50, 50), (155, 100, 30, 30)) == "other_object_touches"
    assert isinstance(outcome((100, 100, 50, 50), (158, 100, 30, 30)), CropRegion)


def test_crowds_touch_like_other_objects():
    photo = photo_of((100, 100, 50, 50))
    crowd = Object((150, 100, 30, 30), crowd=True)
    photo = Photo(photo.path, photo.width, photo.height, (*photo.objects, crowd))
    assert object_region(photo, photo.objects[0], RULES) == "other_object_touches"


def test_objects_at_the_limits_of_the_rules_are_kept():
    assert isinstance(outcome((100, 100, 160, 64)), CropRegion)
    assert isinstance(outcome((100, 100, 20, 20)), CropRegion)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("object_fraction", 0),
        ("object_fraction", 1.1),
        ("min_short_side", -1),
        ("max_object_fraction", float("nan")),
        ("min_aspect", 2),
    ],
)
def test_rule_out_of_range_is_named_with_its_value(one_line_error, name, value):
    settings = {"object_fraction": 0.5, "min_short_side": 0, "max_object_fraction": 1, "min_aspect": 0, name: value}
    message = one_line_error(CropRules, **settings)
    assert f"data.{name} is {value}" in message


def test_crop_shows_the_pixels_of_its_region():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    assert (extract(image, CropRegion(5, 7, 12), 12) == image[7:19, 5:17]).all()


@given(st.integers(-40, 40), st.integers(-40, 40), st.integers(1, 60), st.integers(1, 6), st.integers(1, 6))
def test_past_the_border_the_photo_is_mirrored_however_small_it_is(x, y, side, height, width):
    image = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    margin = 120
    around = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    expected = around[margin + y : margin + y + side, margin + x : margin + x + side]
    assert (extract(image, CropRegion(x, y, side), side) == expected).all()


def test_reduced_crop_is_antialiased():
    checkers = np.indices((128, 128)).sum(axis=0) % 2 * np.uint8(255)
    crop = extract(np.repeat(checkers[..., None], 3, axis=2).astype(np.uint8), CropRegion(0, 0, 128), 16)
    assert crop.shape == (16, 16, 3)
    assert np.abs(crop.astype(int) - 127).max() <= 12


@given(st.integers(-40, 40), st.integers(-40, 40), st.integers(1, 60))
def test_mask_crop_lies_on_the_image_crop_and_is_empty_outside_the_photo(x, y, side):
    mask = np.random.default_rng(2).random((20, 30)) < 0.5
    margin = 120
    expected = np.pad(mask, margin)[margin + y : margin + y + side, margin + x : margin + x + side]
    assert (extract_mask(mask, CropRegion(x, y, side)) == expected).all()
