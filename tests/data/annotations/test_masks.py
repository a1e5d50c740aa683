"""Masks of annotated objects, in either encoding, sound and damaged."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco_mask

from seigan_tf.data.annotations.masks import mask_area, object_mask, read_counts
from seigan_tf.data.photos.photo import Object, Photo

PHOTO = Photo(Path("folder/a.png"), 8, 6, name="sub/a.png")


def mask_of(segmentation):
    return object_mask(Object((0, 0, 4, 4), segmentation=segmentation, id=17), PHOTO)


def test_a_photo_is_named_after_its_file_unless_told():
    assert Photo(Path("folder/a.png"), 8, 6).name == "a.png"
    assert PHOTO.name == "sub/a.png"


@pytest.mark.parametrize(
    "segmentation",
    [
        [[2, 1, 6, 1, 6, 4, 2, 4]],
        [[2, 1, 4, 1, 4, 4, 2, 4], [4, 1, 6, 1, 6, 4, 4, 4]],
        {"size": [6, 8], "counts": [13, 3, 3, 3, 3, 3, 3, 3, 14]},
        {"size": [6, 8], "counts": "=3300000;"},
        {"size": [6, 8], "counts": b"=3300000;"},
    ],
    ids=["polygon", "two polygons", "run lengths", "compressed", "compressed bytes"],
)
def test_mask_of_either_encoding_covers_the_annotated_pixels(segmentation):
    expected = np.zeros((6, 8), bool)
    expected[1:4, 2:6] = True
    mask = mask_of(segmentation)
    assert mask.dtype == bool
    assert (mask == expected).all()


def test_polygon_of_two_points_and_nothing_at_all_are_no_mask():
    assert mask_of([[1, 1, 4, 4]]) is None
    assert mask_of([]) is None
    assert mask_of(None) is None


@pytest.mark.parametrize(
    "segmentation",
    [
        {"size": [6, 8], "counts": [48]},
        {"size": [6, 8], "counts": "`1"},
        [[1, 1, 1, 1, 1, 1]],
        [[2, 2, 5, 2, 3, 2], [1, 1, 1, 1, 1, 1]],
        [[9, 1, 12, 1, 12, 4]],
    ],
    ids=["run lengths", "compressed", "a point", "a line and a point", "outside"],
)
def test_a_mask_without_pixels_is_no_mask(segmentation):
    assert mask_of(segmentation) is None
    assert mask_area(Object((0, 0, 4, 4), segmentation=segmentation), PHOTO) == 16


@pytest.mark.parametrize(
    "segmentation", [[[2, 1, 4, 1, 4, 3, 2, 3]], {"size": [6, 8], "counts": [13, 2, 4, 2, 27]}], ids=["polygon", "runs"]
)
def test_mask_that_has_no_pixel_in_its_box_is_named(one_line_error, segmentation):
    for box in ((0, 0, 2.1, 1.1), (3.9, 2.9, 4, 3), (0, 0, 8, 6)):
        assert object_mask(Object(box, segmentation=segmentation), PHOTO).sum() == 4
    for box in ((0, 0, 2, 6), (0, 0, 8, 1), (4, 0, 4, 6), (0, 3, 8, 3)):
        item = Object(box, segmentation=segmentation, id=17)
        expected = f"sub/a.png: segmentation of annotation 17: lies outside its box {list(box)}"
        assert one_line_error(object_mask, item, PHOTO) == expected
        assert mask_area(item, PHOTO) == 4


def test_polygon_that_leaves_the_photo_a_little_is_cut_off():
    assert (mask_of([[-3, -3, 11, -3, 11, 9, -3, 9]])).all()


@pytest.mark.parametrize(
    "segmentation",
    [
        {"size": [9, 9], "counts": [81]},
        {"size": [6, 8]},
        {"size": [6, 8], "counts": 48},
        {"size": [6, 8], "counts": [10, 10]},
        {"size": [6, 8], "counts": [58, -10]},
        {"size": [6, 8], "counts": [10**12]},
        {"size": [6, 8], "counts": [48.0]},
        {"size": [6, 8], "counts": [None]},
        {"size": [6, 8], "counts": ""},
        {"size": [6, 8], "counts": "=3333"},
        {"size": [6, 8], "counts": "é"},
        {"size": [6, 8], "counts": "o" * 1000},
        {"size": "large" * 1000, "counts": [48]},
        [[1, 2, 3, 4, 5]],
        [["a"] * 6],
        [[None] * 6],
        [[float("nan")] * 6],
        [[10**400] * 6],
        [[-1e9, 0, 5, 5, 1e9, 3]],
        [{"x": 1}],
        5,
        "abc",
    ],
)
def test_malformed_segmentation_is_named(one_line_error, segmentation):
    message = one_line_error(mask_of, segmentation)
    assert message.startswith("sub/a.png: segmentation of annotation 17: ")
    assert len(message) < 300


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.integers(0, 1)))
def test_run_lengths_are_read_as_pycocotools_writes_them(mask):
    compressed = coco_mask.encode(np.asfortranarray(mask))["counts"]
    runs = read_counts(compressed, mask.size)
    values = np.repeat(np.arange(len(runs)) % 2, runs)
    assert (values.reshape(mask.shape, order="F") == mask).all()
    assert read_counts(compressed.decode(), mask.size) == runs


@settings(max_examples=100)
@given(st.one_of(st.text(max_size=30), st.binary(max_size=30), st.lists(st.integers(-9, 60), max_size=9)))
def test_any_counts_give_the_mask_of_the_photo_or_one_line(counts):
    try:
        mask = mask_of({"size": [6, 8], "counts": counts})
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert mask is None or mask.shape == (6, 8)  # None of zeros alone
