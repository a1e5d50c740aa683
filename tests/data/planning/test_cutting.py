"""Cutting: every crop of a photo with its pixels, box, mask and place."""

import copy
import pickle

import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.crops import CropRegion, extract
from seigan_tf.data.photos import reading
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.data.planning import cutting
from seigan_tf.data.planning.cutting import CutReport, cut_photo
from seigan_tf.data.planning.plan import PhotoPlan

BOX = (60.0, 50.0, 40.0, 30.0)
REGION = CropRegion(55, 40, 50)
SQUARE = [[60, 50, 100, 50, 100, 80, 60, 80]]


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (160, 200, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    return Photo(tmp_path / "a.png", 200, 160, name="sub/a.png")


def plan_of(photo, split="val", segmentation=SQUARE, region=REGION):
    item = Object(BOX, segmentation=segmentation if split == "val" else None, id=7, category="cat")
    return PhotoPlan(split, photo, ((item, region),), (CropRegion(5, 6, 30), CropRegion(120, 100, 40)))


def test_crops_are_the_regions_of_the_photo_objects_first(photo):
    crops = cut_photo(plan_of(photo), 32)
    pixels = np.asarray(Image.open(photo.path))
    assert [crop.kind for crop in crops] == ["object", "background", "background"]
    for crop, region in zip(crops, (REGION, CropRegion(5, 6, 30), CropRegion(120, 100, 40)), strict=True):
        assert crop.region == region
        assert (crop.image == extract(pixels, region, 32)).all()
        assert (crop.image.shape, crop.image.dtype) == ((32, 32, 3), np.uint8)
        assert (crop.photo, crop.photo_size, crop.split) == ("sub/a.png", (160, 200), "val")


def test_objects_carry_box_number_and_class_and_backgrounds_none(photo):
    first, *backgrounds = cut_photo(plan_of(photo), 32)
    np.testing.assert_allclose(first.box, [0.2, 0.1, 0.8, 0.9], atol=1e-6)
    assert (first.object_id, first.category) == (7, "cat")
    for crop in backgrounds:
        assert crop.box.tolist() == [0, 0, 0, 0]
        assert (crop.object_id, crop.category, crop.mask) == (0, "", None)
    assert {crop.box.dtype for crop in (first, *backgrounds)} == {np.dtype(np.float32)}


def test_mask_has_the_resolution_of_the_photo_and_lies_in_the_box(photo):
    mask = cut_photo(plan_of(photo), 16)[0].mask
    expected = np.zeros((50, 50), bool)
    expected[10:40, 5:45] = True
    assert (mask == expected).all()


def test_mask_is_empty_past_the_border_of_the_photo(photo):
    mask = cut_photo(
        plan_of(photo, segmentation=[[0, 0, 200, 0, 200, 160, 0, 160]], region=CropRegion(-10, -20, 60)), 16
    )[0].mask
    assert not mask[:20].any()
    assert not mask[:, :10].any()
    assert mask[20:, 10:].all()


def test_training_crops_have_no_mask_whatever_the_plan_says(photo):
    item = Object(BOX, segmentation=SQUARE)
    assert cut_photo(PhotoPlan("train", photo, ((item, REGION),), ()), 16)[0].mask is None
    assert cut_photo(plan_of(photo, segmentation=None), 16)[0].mask is None


def test_keys_are_unique_and_say_where_a_crop_is_from(photo):
    keys = [crop.key for crop in cut_photo(plan_of(photo), 16)]
    assert keys == ["object:sub/a.png:55:40:50", "background:sub/a.png:5:6:30", "background:sub/a.png:120:100:40"]


def test_the_photo_is_decoded_once(photo, monkeypatch):
    reads = []
    monkeypatch.setattr(cutting, "read_photo", lambda *given: reads.append(given) or np.zeros((160, 200, 3), np.uint8))
    assert len(cut_photo(plan_of(photo), 16)) == 3
    assert reads == [(photo, 30 / 48)]


@pytest.mark.parametrize("size", [8, 16, 24])
def test_crops_of_a_large_jpeg_look_the_same_though_it_is_decoded_smaller(tmp_path, monkeypatch, size):
    noise = np.random.default_rng(0).integers(0, 256, (23, 29, 3), np.uint8)
    picture = Image.fromarray(noise).resize((406, 322), Image.Resampling.BICUBIC)
    picture.save(tmp_path / "a.jpg", quality=95)
    photo, regions = Photo(tmp_path / "a.jpg", 406, 322), (CropRegion(7, 9, 200), CropRegion(-20, 100, 301))
    plan = PhotoPlan("train", photo, (), regions)
    whole = cut_photo(plan, size)
    monkeypatch.setattr(reading, "FEW", 0)
    reduced = cut_photo(plan, size)
    for one, other in zip(whole, reduced, strict=True):
        difference = np.abs(one.image.astype(int) - other.image)
        assert 0 < difference.mean() < 2


@pytest.mark.parametrize(("damage", "words"), [("missing", "missing"), ("size", "190 x 160"), ("text", "not an image")])
def test_photo_that_cannot_be_read_is_a_problem_with_its_name(photo, damage, words):
    if damage == "missing":
        photo.path.unlink()
    elif damage == "text":
        photo.path.write_text("no photo")
    else:
        photo = Photo(photo.path, 190, 160, name=photo.name)
    problem = cut_photo(plan_of(photo), 16)
    assert isinstance(problem, Problem)
    assert (problem.kind, problem.where) == ("photo", "sub/a.png")
    assert words in problem.what


def test_plans_and_crops_travel_between_processes(photo):
    plan = plan_of(photo)
    assert pickle.loads(pickle.dumps(plan)) == plan
    (crop, *_) = pickle.loads(pickle.dumps(cut_photo(plan, 16)))
    assert crop.region == REGION


def report_of(**changes):
    split = {"photos": 100, "annotations": 300, "objects": 150, "dropped": {"crowd": 150}}
    split |= {"backgrounds": 200, "backgrounds_wanted": 210}
    split["problems"] = {"photo": 0, "object": 0, "listed": []}
    return {"source": "coco", "train": split | changes, "val": copy.deepcopy(split) | {"without_mask": 20}}


def test_what_is_lost_with_a_photo_leaves_the_counts(photo):
    report = report_of()
    before = copy.deepcopy(report)
    result = CutReport(report, 0.01)
    result.lose(plan_of(photo, "train"), Problem("photo", "a.png", "missing"))
    result.lose(plan_of(photo, "val", segmentation=None), Problem("photo", "b.png", "missing"))
    assert report == before
    for split, name in (("train", "a.png"), ("val", "b.png")):
        part = result.report[split]
        assert (part["objects"], part["backgrounds"], part["photos"]) == (149, 198, 100)
        assert part["backgrounds_wanted"] == 208
        assert part["dropped"] == {"crowd": 150, "unreadable_photo": 1}
        assert part["problems"] == {"photo": 1, "object": 0, "listed": [f"{name}: missing"]}
    assert result.report["val"]["without_mask"] == 19


def test_too_many_lost_photos_are_all_counted_those_of_the_annotations_included(photo, one_line_error):
    earlier = {"photo": 2, "object": 0, "listed": ["x.jpg: bad", "y.jpg: bad"]}
    result = CutReport(report_of(photos=98, problems=earlier), 0.02)
    result.lose(plan_of(photo, "train"), Problem("photo", "a.png", "missing"))
    result.lose(plan_of(photo, "val"), Problem("photo", "b.png", "missing"))
    result.check()
    for name in ("c.png", "d.png"):
        result.lose(plan_of(photo, "val"), Problem("photo", name, "missing"))
    assert "6 of 200 photographs cannot be used (3 %)" in one_line_error(result.check)
