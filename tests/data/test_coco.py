"""Reading COCO annotations: what is accepted, and what each malformed file is told."""

import json

import numpy as np
import pytest

from seigan_tf.data.annotations import Object, Photo, object_mask
from seigan_tf.data.coco import read_coco


def read(photo_set):
    photo_set.config()
    return read_coco(photo_set.images, photo_set.annotations)


def test_photos_carry_their_size_and_objects(photo_set):
    path = photo_set.add("a.png", (10, 20, 30, 40), (1, 2, 3, 4), width=100, height=90)
    photo_set.add("empty.png")
    first, second = read(photo_set)
    assert first == Photo(path, 100, 90, first.objects)
    assert [item.box for item in first.objects] == [(10, 20, 30, 40), (1, 2, 3, 4)]
    assert second.objects == ()
    assert first.boxes.tolist() == [[10, 20, 40, 60], [1, 2, 4, 6]]


def test_box_that_sticks_out_by_rounding_is_clipped(photo_set):
    photo_set.add("a.png", (-1.5, -0.5, 100, 50), (150, 120, 51.9, 41), width=200, height=160)
    (photo,) = read(photo_set)
    assert photo.boxes.tolist() == [[0, 0, 98.5, 49.5], [150, 120, 200, 160]]


@pytest.mark.parametrize(
    "box",
    [
        (300, 10, 20, 20),
        (-50, 10, 20, 20),
        (10, 10, 20, 200),
        (-3, 10, 20, 20),
        (10, 10, -5, 20),
        (10, float("nan"), 5, 20),
        (10, 10, float("inf"), 20),
    ],
)
def test_box_outside_the_photo_is_named_with_file_annotation_box_and_size(photo_set, one_line_error, box):
    photo_set.add("a.png", (1, 1, 5, 5), box)
    message = one_line_error(read, photo_set)
    for part in (str(photo_set.annotations), "annotation 2", "a.png", str(float(box[0])), "200 x 160"):
        assert part in message


def test_missing_folder_and_missing_file_are_named(photo_set, one_line_error, tmp_path):
    photo_set.config()
    assert str(tmp_path / "nowhere") in one_line_error(read_coco, tmp_path / "nowhere", photo_set.annotations)
    assert str(tmp_path / "no.json") in one_line_error(read_coco, photo_set.images, tmp_path / "no.json")


@pytest.mark.parametrize("content", [b"<html>", b'{"images": [', b"\xff\xfe\x00", b""])
def test_file_that_is_not_json_is_named(photo_set, one_line_error, content):
    photo_set.annotations.write_bytes(content)
    message = one_line_error(read_coco, photo_set.images, photo_set.annotations)
    assert f"{photo_set.annotations}: not JSON" in message


@pytest.mark.parametrize("content", [[], 3, {}, {"images": []}, {"images": {}, "annotations": []}])
def test_json_that_is_not_coco_says_which_list_is_missing(photo_set, one_line_error, content):
    photo_set.annotations.write_text(json.dumps(content))
    message = one_line_error(read_coco, photo_set.images, photo_set.annotations)
    assert "not COCO annotations" in message
    assert "'images'" in message or "'annotations'" in message


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        ("images", {"width": None}, "'width' is None"),
        ("images", {"height": "tall"}, "'height' is 'tall'"),
        ("images", {"height": 0}, "200 x 0"),
        ("images", {"file_name": 7}, "'file_name' is 7"),
        ("annotations", {"image_id": 99}, "image 99"),
        ("annotations", {"bbox": [1, 2, 3]}, "'bbox' is [1, 2, 3]"),
        ("annotations", {"bbox": None}, "'bbox' is None"),
        ("annotations", {"bbox": ["a", 1, 2, 3]}, "'bbox' is"),
    ],
)
def test_wrong_field_is_named_with_what_it_was(photo_set, one_line_error, kind, change, expected):
    photo_set.add("a.png", (1, 1, 5, 5))
    photo_set.content[kind][0].update(change)
    message = one_line_error(read, photo_set)
    assert str(photo_set.annotations) in message
    assert expected in message


def test_annotations_without_any_photo_are_refused(photo_set, one_line_error):
    assert "names no photo" in one_line_error(read, photo_set)


def test_image_id_given_twice_is_refused(photo_set, one_line_error):
    photo_set.add("a.png")
    photo_set.content["images"] *= 2
    assert "image id 1 is given twice" in one_line_error(read, photo_set)


@pytest.mark.parametrize(
    "segmentation",
    [
        [[2, 1, 6, 1, 6, 4, 2, 4]],
        {"size": [6, 8], "counts": [13, 3, 3, 3, 3, 3, 3, 3, 14]},
    ],
    ids=["polygons", "run lengths"],
)
def test_mask_of_either_encoding_covers_the_annotated_pixels(tmp_path, segmentation):
    photo = Photo(tmp_path / "a.png", 8, 6)
    expected = np.zeros((6, 8), bool)
    expected[1:4, 2:6] = True
    mask = object_mask(Object((2, 1, 4, 3), segmentation=segmentation), photo)
    assert mask.dtype == bool
    assert (mask == expected).all()


def test_polygon_of_two_points_is_no_mask(tmp_path):
    photo = Photo(tmp_path / "a.png", 8, 6)
    assert object_mask(Object((0, 0, 4, 4), segmentation=[[1, 1, 4, 4]]), photo) is None
    assert object_mask(Object((0, 0, 4, 4)), photo) is None


@pytest.mark.parametrize(
    "segmentation",
    [{"size": [9, 9], "counts": [81]}, {"size": [6, 8]}, [[1, 2, 3, 4, 5]], [["a"] * 6], [[float("nan")] * 6], 5],
)
def test_malformed_segmentation_is_named(tmp_path, one_line_error, segmentation):
    item = Object((0, 0, 4, 4), segmentation=segmentation, id=17)
    message = one_line_error(object_mask, item, Photo(tmp_path / "a.png", 8, 6))
    assert "a.png: segmentation of annotation 17" in message
