"""The crop rules of the paper, and the pixels that a region gives."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from seigan_tf.config import DataConfig
from seigan_tf.data import BackgroundCrops, Crops, EvaluationCrops, ObjectCrops
from seigan_tf.data.crops import CropRegion, extract, extract_mask, mirrored_depth, relative_box
from seigan_tf.data.pairs import evaluation_pairs
from seigan_tf.data.photos.photo import Object, Photo
from seigan_tf.data.planning.rules import DROP_RULES, PROTOCOLS, CropRules, object_regions
from seigan_tf.evaluation.agreement import to_original

RULES = PROTOCOLS["coco"]
ANYTHING = CropRules(object_fraction=0.5, min_short_side=0, max_object_fraction=1, min_aspect=0)


def photo_of(*boxes, width=400, height=300, crowd=False):
    return Photo(Path("a.png"), width, height, tuple(Object(box, crowd) for box in boxes))


def outcome(*boxes, rules=RULES, **settings):
    return object_regions(photo_of(*boxes, **settings), rules)[0]


@st.composite
def boxes(draw, width=400, height=300):
    x, y = draw(st.floats(0, width - 2)), draw(st.floats(0, height - 2))
    return x, y, draw(st.floats(1, width - x)), draw(st.floats(1, height - y))


@given(boxes(), st.floats(0.1, 1))
def test_object_is_centred_and_of_the_protocols_size_within_a_pixel(box, fraction):
    photo = photo_of(box)
    (region,) = object_regions(photo, CropRules(fraction, 0, 1, 0))
    x, y, width, height = box
    assert abs(region.side * fraction - max(width, height)) <= 1
    assert abs(region.x + region.side / 2 - (x + width / 2)) <= 1
    assert abs(region.y + region.side / 2 - (y + height / 2)) <= 1
    ymin, xmin, ymax, xmax = relative_box(photo.objects[0].box, region)
    assert max(ymax - ymin, xmax - xmin) == pytest.approx(fraction, abs=1.5 / region.side)


@given(boxes(), st.lists(st.tuples(boxes(), st.booleans(), st.sampled_from(["cat", "dog"])), max_size=4))
def test_no_other_box_of_any_class_touches_an_object_crop(box, others):
    objects = [Object(other, crowd, category=category) for other, crowd, category in others]
    photo = Photo(Path("a.png"), 400, 300, (Object(box, category="cat"), *objects))
    region = object_regions(photo, replace(ANYTHING, classes=["cat"]))[0]
    assume(not isinstance(region, str))
    for (x, y, width, height), _, _ in others:
        apart_x = x + width < region.x or x > region.x + region.side
        apart_y = y + height < region.y or y > region.y + region.side
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


def test_a_common_border_is_a_touch():
    side = outcome((100, 100, 50, 50)).side
    assert outcome((100, 100, 50, 50), (93 + side, 100, 30, 30)) == "other_object_touches"
    assert outcome((100, 100, 50, 50), (93 - 30, 100, 30, 30)) == "other_object_touches"
    assert isinstance(outcome((100, 100, 50, 50), (93 + side + 0.01, 100, 30, 30)), CropRegion)


def test_others_may_touch_the_crop_as_far_as_they_cover_the_object():
    photo = photo_of((100, 100, 50, 50), (140, 100, 50, 50), (151, 100, 40, 50))
    covered = 10 * 50 / (50 * 50)
    for most, kept in ((None, 0), (0.0, 0), (covered - 0.01, 0), (covered, 1), (0.99, 3)):
        regions = object_regions(photo, replace(RULES, max_covered=most))
        assert sum(isinstance(region, CropRegion) for region in regions) == kept
    twice = photo_of((100, 100, 50, 50), (100, 100, 50, 50))
    assert object_regions(twice, replace(RULES, max_covered=0.99)) == ["other_object_touches"] * 2


def test_crowds_touch_like_other_objects():
    photo = photo_of((100, 100, 50, 50))
    crowd = Object((150, 100, 30, 30), crowd=True)
    photo = Photo(photo.path, photo.width, photo.height, (*photo.objects, crowd))
    assert object_regions(photo, RULES) == ["other_object_touches", "crowd"]


def test_objects_of_other_classes_make_no_crop_but_still_touch():
    cat, near, far = Object((100, 100, 50, 50), category="cat"), (155, 100, 30, 30), (300, 200, 50, 50)
    rules = replace(RULES, classes=["cat", "cow"])
    for box, expected in ((near, "other_object_touches"), (far, CropRegion(93, 93, 64))):
        photo = Photo(Path("a.png"), 400, 300, (cat, Object(box, category="dog")))
        assert object_regions(photo, rules) == [expected, "other_class"]


def test_class_is_asked_right_after_crowds():
    crowd = Object((0, 0, 0, 0), crowd=True, category="dog")
    photo = Photo(Path("a.png"), 400, 300, (crowd, replace(crowd, crowd=False)))
    assert object_regions(photo, replace(RULES, classes=["cat"])) == ["crowd", "other_class"]
    assert DROP_RULES[:2] == ("crowd", "other_class")


def test_two_annotations_of_one_object_touch_each_other():
    assert object_regions(photo_of((100, 100, 50, 50), (100, 100, 50, 50)), RULES) == ["other_object_touches"] * 2


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
        ("max_mirrored", -0.1),
        ("max_covered", 1.0),
        ("max_covered", float("nan")),
    ],
)
def test_rule_out_of_range_is_named_with_its_value(one_line_error, name, value):
    settings = {"object_fraction": 0.5, "min_short_side": 0, "max_object_fraction": 1, "min_aspect": 0, name: value}
    message = one_line_error(CropRules, **settings)
    assert f"data.{name} is {value}" in message


def test_protocols_are_those_of_the_paper():
    dogs, coco = PROTOCOLS["dogs"], PROTOCOLS["coco"]
    photo = photo_of((400, 300, 64, 128), width=1000, height=1000)
    assert object_regions(photo, dogs) == [CropRegion(304, 236, 256)]
    assert object_regions(photo, coco) == [CropRegion(350, 282, 164)]
    thin, small = photo_of((400, 300, 61, 300), width=1000, height=1000), photo_of((100, 100, 59, 59))
    assert isinstance(object_regions(thin, dogs)[0], CropRegion)
    assert object_regions(thin, coco) == ["min_aspect"]
    assert object_regions(small, dogs) == ["min_short_side"]
    assert isinstance(object_regions(small, coco)[0], CropRegion)
    for rules in PROTOCOLS.values():
        assert object_regions(photo_of((100, 100, 161, 161)), rules) == ["max_object_fraction"]


def test_settings_default_to_the_protocol_of_coco():
    assert CropRules.from_config(DataConfig()) == PROTOCOLS["coco"]


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


@given(st.integers(-30, 60), st.integers(-30, 60), st.integers(1, 50), st.integers(1, 40))
def test_resized_crop_is_that_of_the_mirrored_photo_wherever_the_region_lies(x, y, side, size):
    image = np.random.default_rng(3).integers(0, 256, (45, 37, 3), np.uint8)
    around = np.pad(image, ((40, 120), (40, 120), (0, 0)), mode="symmetric")
    square = Image.fromarray(around[40 + y : 40 + y + side, 40 + x : 40 + x + side])
    expected = np.asarray(square.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0))
    assert (extract(image, CropRegion(x, y, side), size) == expected).all()


@given(st.data(), st.floats(0.05, 1), st.integers(3, 60), st.integers(3, 60))
def test_depth_of_the_mirrored_object_is_that_of_the_pixels_shown_again(data, fraction, width, height):
    x, y = data.draw(st.floats(0, width - 1)), data.draw(st.floats(0, height - 1))
    box = (x, y, data.draw(st.floats(1, width - x)), data.draw(st.floats(1, height - y)))
    (region,) = object_regions(photo_of(box, width=width, height=height), CropRules(fraction, 0, np.inf, 0))
    depths = [0]
    for first, start, extent, length in ((region.x, x, box[2], width), (region.y, y, box[3], height)):
        # Which pixel of the photo each column (row) of the crop shows, those of the first and second strip apart.
        shown = np.pad(np.arange(length), 3000, mode="symmetric")[3000 + first : 3000 + first + region.side]
        places = np.arange(first, first + region.side)
        in_box = (shown + 1 > start) & (shown < start + extent)
        depths += [len(set(shown[in_box & strip].tolist())) for strip in (places < 0, places >= length)]
    assert mirrored_depth(box, region, width, height) * region.side == pytest.approx(max(depths))
    assert mirrored_depth(box, region, width, height) < 1


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


def random_mask(generator, height, width, roughness):
    """Ellipses, with noise on their edges, which may reach past the border."""
    rows, columns = np.indices((height, width))
    rough = generator.random((height, width)) * roughness
    mask = np.zeros((height, width), bool)
    for _ in range(generator.integers(1, 5)):
        row, column = generator.uniform(0, height), generator.uniform(0, width)
        radii = generator.uniform(1, max(height, width) / 2, 2)
        mask |= ((rows - row) / radii[0]) ** 2 + ((columns - column) / radii[1]) ** 2 + rough < 1
    return mask


def distances_to_border(mask, where):
    """Distances of the centres of the pixels `where` from the nearest edge between object and background."""
    below = np.argwhere(mask[1:] != mask[:-1]) + np.array([0.5, 0])
    right = np.argwhere(mask[:, 1:] != mask[:, :-1]) + np.array([0, 0.5])
    border = np.concatenate([below, right])
    return np.sqrt(((np.argwhere(where)[:, None] - border[None]) ** 2).sum(axis=-1)).min(axis=1)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9999), st.integers(20, 90), st.sampled_from([24, 32, 64]), st.integers(-15, 15))
def test_mask_to_crop_and_back_to_the_photo_loses_less_than_a_pixel_at_the_border(seed, side, size, start):
    # Of noise in single pixels a smaller crop can keep nothing.
    mask = random_mask(np.random.default_rng(seed), 80, 100, roughness=0.5 if side <= size else 0)
    region = CropRegion(start, -start, side)
    truth = extract_mask(mask, region)
    evaluation = EvaluationCrops(np.zeros((1, size, size, 3), np.uint8), np.zeros((1, 4), np.float32), [truth])
    backgrounds = BackgroundCrops(evaluation.images)
    crops = Crops(ObjectCrops(evaluation.images, evaluation.boxes), backgrounds, evaluation, {})
    (batch,) = evaluation_pairs(crops, 1)
    back = to_original(batch["object"]["mask"][0, ..., 0], side, side) > 0.5
    # Of the original where the crop has its resolution, of the crop where it has less.
    pixel = max(1, side / size)
    changed = back != truth
    if truth.any() and not truth.all():
        assert (distances_to_border(truth, changed) < pixel).all()
    else:
        assert not changed.any()
    # Laid back where it was cut, it is the photo's mask at all other pixels.
    around = np.pad(mask, 110)
    place = np.s_[110 + region.y : 110 + region.y + side, 110 + region.x : 110 + region.x + side]
    around[place] = np.where(changed, around[place], back)
    assert (around[110:-110, 110:-110] == mask).all()
