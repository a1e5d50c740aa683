"""Objects that others touch, which only a student sees."""

import numpy as np
import pytest

from seigan_tf.config import DataConfig
from seigan_tf.data.loading import load_crops
from seigan_tf.data.planning.overlapping_objects import overlapping_objects

ALONE = (20, 20, 40, 40)
BESIDE, NEIGHBOUR = (20, 100, 40, 40), (62, 100, 40, 40)
COVERED, COVERING = (140, 20, 40, 40), (150, 20, 45, 40)


HALF, DEFAULT = 0.5, DataConfig.object_fraction


def test_only_what_others_touch_and_hardly_cover_is_cut_in_each_size(photo_set):
    photo_set.add("a.png", ALONE, BESIDE, NEIGHBOUR, COVERED, COVERING)
    small, large, far = overlapping_objects(photo_set.config(), ((16, DEFAULT), (32, DEFAULT), (16, HALF)))
    assert small.images.shape == (2, 16, 16, 3)
    assert large.images.shape == (2, 32, 32, 3)
    # 40 pixels in the middle of a crop of 51, whose edges are whole pixels.
    np.testing.assert_allclose(small.boxes, [[5 / 51, 5 / 51, 45 / 51, 45 / 51]] * 2, atol=1 / 51)
    np.testing.assert_array_equal(small.boxes, large.boxes)
    np.testing.assert_allclose(far.boxes, [[0.25, 0.25, 0.75, 0.75]] * 2, atol=1 / 80)
    alone = load_crops(photo_set.config(), 16).objects
    assert len(alone.images) == 1
    assert not any(np.array_equal(alone.images[0], image) for image in small.images)


def test_the_order_of_the_annotations_does_not_matter(photo_set):
    for name in ("b.png", "a.png"):
        photo_set.add(name, ALONE, BESIDE, NEIGHBOUR)
    (one,) = overlapping_objects(photo_set.config(), ((8, DEFAULT),))
    for entries in ("images", "annotations"):
        photo_set.content[entries].reverse()
    (other,) = overlapping_objects(photo_set.config(), ((8, DEFAULT),))
    np.testing.assert_array_equal(one.images, other.images)
    assert len(one.images) == 4


def test_held_out_photographs_are_left_out(photo_set):
    for index in range(10):
        photo_set.add(f"{index}.png", BESIDE, NEIGHBOUR, ALONE, segmentation=[[21, 21, 50, 21, 50, 50]])
    everything = len(overlapping_objects(photo_set.config(held_out=0.0), ((8, DEFAULT),))[0].images)
    (kept,) = overlapping_objects(photo_set.config(held_out=0.3), ((8, DEFAULT),))
    assert (everything, len(kept.images)) == (20, 14)


def test_objects_that_the_rules_allow_are_not_cut_twice(photo_set):
    photo_set.add("a.png", ALONE, BESIDE, NEIGHBOUR, COVERED, COVERING)
    for most, trained, further in ((None, 1, 2), (0.01, 3, 0), (0.15, 3, 0), (0.9, 5, 0)):
        config = photo_set.config(max_covered=most)
        assert len(load_crops(config, 8).objects.images) == trained
        (found,) = overlapping_objects(config, ((8, DEFAULT),))
        assert len(found.images) == further


@pytest.mark.parametrize("boxes", [(ALONE,), (ALONE, COVERED, COVERING)])
def test_there_may_be_none(photo_set, boxes):
    photo_set.add("a.png", *boxes)
    (none,) = overlapping_objects(photo_set.config(), ((8, DEFAULT),))
    assert none.images.shape == (0, 8, 8, 3)
    assert none.boxes.shape == (0, 4)
    (none,) = overlapping_objects(DataConfig(), ((8, DEFAULT),))
    assert none.images.shape == (0, 8, 8, 3)
