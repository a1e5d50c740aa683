"""The plan: what is kept of which photo, for training or validation, whatever the order of the annotations."""

import json
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seigan_tf.config import DataConfig
from seigan_tf.data import plan, readers
from seigan_tf.data.annotations import Object, Photo, Problem
from seigan_tf.data.crops import CropRules, object_regions
from seigan_tf.data.photographs import MAX_PIXELS

BOX = (60, 50, 40, 30)
IMAGES = Path("photos")


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """Plans for photos that exist in memory only: those of IMAGES, and of "val" where they are given."""

    def call(photos, val=None, **changes):
        sets = {IMAGES: photos, Path("val"): val}
        monkeypatch.setattr(readers, "read", lambda source, images, annotations: iter(sets[images]))
        values = {"source": "coco", "images": IMAGES, "annotations": Path("boxes.json")}
        if val is not None:
            values |= {"val_images": Path("val"), "val_annotations": Path("val.json")}
        result = plan.make(DataConfig(**(values | changes)), tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["plan.jsonl"]
        assert len(list(result)) == len(result)
        return result

    return call


def photo_of(*items, name="a.jpg", width=400, height=300, folder=IMAGES):
    """A photo with objects, given as such or as boxes."""
    objects = [item if isinstance(item, Object) else Object(item) for item in items]
    return Photo(folder / name, width, height, tuple(objects), name)


def masked(box, **settings):
    x, y, width, height = box
    polygon = [x, y, x + width, y, x + width, y + height, x, y + height]
    return Object(box, segmentation=[polygon], **settings)


def several(count, *items, **settings):
    return [photo_of(*items, name=f"{index:03d}.jpg", **settings) for index in range(count)]


def names(result, split):
    return {photo.photo.name for photo in result if photo.split == split}


@st.composite
def photo_sets(draw):
    """Photos with a few boxes of two classes, some of them crowds, some with a mask."""
    photos = []
    for index in range(draw(st.integers(2, 8))):
        objects = []
        for number in range(draw(st.integers(0, 5))):
            x, y = draw(st.integers(0, 340)), draw(st.integers(0, 240))
            box = (x, y, draw(st.integers(0, min(100, 400 - x))), draw(st.integers(0, min(100, 300 - y))))
            details = {"crowd": draw(st.integers(0, 4)) == 0, "category": draw(st.sampled_from(["cat", "dog"]))}
            kind = masked if draw(st.booleans()) else Object
            objects.append(kind(box, id=10 * index + number, **details))
        photos.append(photo_of(*objects, name=f"{index}.jpg"))
    return photos


CHANGES = st.fixed_dictionaries(
    {
        "min_short_side": st.sampled_from([0.0, 20.0]),
        "seed": st.integers(0, 5),
        "held_out": st.sampled_from([0.1, 0.5]),
        "object_fraction": st.sampled_from([0.5, 100 / 128]),
        "backgrounds_per_object": st.sampled_from([1.0, 2.5]),
    }
)
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def lines_or_error(planned, photos, **changes):
    """The lines of the plan in any order and the report, or the error where nothing is left."""
    try:
        result = planned(photos, **changes)
    except ValueError as error:
        return str(error)
    return sorted(result.path.read_text().splitlines()), result.report


@QUIET
@given(photo_sets(), CHANGES, st.randoms())
def test_order_of_photos_and_of_objects_changes_nothing(planned, photos, changes, random):
    shuffled = [
        Photo(photo.path, photo.width, photo.height, tuple(random.sample(photo.objects, len(photo.objects))))
        for photo in random.sample(photos, len(photos))
    ]
    assert lines_or_error(planned, shuffled, **changes) == lines_or_error(planned, photos, **changes)


@QUIET
@given(photo_sets(), CHANGES)
def test_plan_keeps_what_the_rules_promise(planned, photos, changes):
    try:
        result = planned(photos, classes=("cat",), **changes)
    except ValueError:
        return
    fraction = changes["object_fraction"]
    by_name = {photo.name: photo for photo in photos}
    for found in result:
        photo = by_name[found.photo.name]
        boxes = photo.boxes
        for item, region in found.objects:
            assert item.category == "cat"
            x, y, width, height = item.box
            assert abs(region.side * fraction - max(width, height)) <= 1
            assert abs(region.x + region.side / 2 - (x + width / 2)) <= 1
            assert abs(region.y + region.side / 2 - (y + height / 2)) <= 1
            assert region.overlaps(boxes).sum() == 1
        for region in found.backgrounds:
            left, top, right, bottom = boxes.T
            apart = (right < region.x) | (left > region.x + region.side)
            apart |= (bottom < region.y) | (top > region.y + region.side)
            assert apart.all()
            assert 0 <= region.x <= photo.width - region.side
            assert 0 <= region.y <= photo.height - region.side


@QUIET
@given(photo_sets(), CHANGES)
def test_report_accounts_for_every_photo_annotation_and_crop(planned, photos, changes):
    try:
        result = planned(photos, **changes)
    except ValueError:
        return
    report = result.report
    assert json.loads(json.dumps(report)) == report
    assert report["train"]["photos"] + report["val"]["photos"] == len(photos)
    assert report["train"]["annotations"] + report["val"]["annotations"] == sum(len(photo.objects) for photo in photos)
    assert not names(result, "train") & names(result, "val")
    for split in plan.SPLITS:
        part = report[split]
        own = [found for found in result if found.split == split]
        assert part["annotations"] == part["objects"] + sum(part["dropped"].values())
        assert part["objects"] == sum(len(found.objects) for found in own)
        assert part["backgrounds"] == sum(len(found.backgrounds) for found in own) <= part["backgrounds_wanted"]
        assert all(found.objects or found.backgrounds for found in own)
    empty = sum(not photo.objects for photo in photos)
    assert report["train"]["photos_without_annotation"] + report["val"]["photos_without_annotation"] == empty


def test_lines_are_read_back_as_they_were(planned):
    runs = {"size": [300, 400], "counts": b"_m2A"}
    items = masked(BOX, id=3, category="cat"), Object((250, 200, 40, 30), segmentation=runs, id=2**40)
    first, *_ = planned([photo_of(*items, name="täg/ü.jpg"), *several(20, masked(BOX))])
    for found in (first, plan.PhotoPlan("val", first.photo, first.objects, first.backgrounds)):
        assert plan.parse(plan.as_line(found)) == found
    assert first.photo == Photo(IMAGES / "täg/ü.jpg", 400, 300, name="täg/ü.jpg")
    assert all(isinstance(found, plan.PhotoPlan) for found in planned(several(3, BOX)))


def test_training_objects_carry_no_segmentation_and_those_held_out_do(planned):
    result = planned(several(20, masked(BOX, id=7, category="cat")))
    assert len(names(result, "val")) == 2
    for found in result:
        for item, _ in found.objects:
            assert (item.segmentation is None) == (found.split == "train")
            assert (item.id, item.category, item.box) == (7, "cat", BOX)
    training_lines = [line for line in result.path.read_text().splitlines() if '"train"' in line]
    assert len(training_lines) == 18
    assert "segmentation" not in "".join(training_lines)


def test_photos_are_held_out_by_name_and_seed(planned):
    photos = several(40, masked(BOX))
    held_out = names(planned(photos, held_out=0.25), "val")
    assert len(held_out) == 10
    assert names(planned(photos, held_out=0.25), "val") == held_out
    assert names(planned(photos, held_out=0.25, seed=1), "val") != held_out
    assert names(planned(photos, held_out=0.1), "val") < held_out
    # A photo that is added moves at most one other.
    assert len(names(planned([*photos, photo_of(BOX, name="new.jpg")], held_out=0.25), "val") - held_out) <= 1


@pytest.mark.parametrize(("count", "fraction", "expected"), [(1, 0.1, 0), (2, 0.1, 1), (3, 0.9, 2), (20, 0.0, 0)])
def test_a_photo_is_left_for_training_and_one_held_out_where_there_are_two(planned, count, fraction, expected):
    assert len(names(planned(several(count, masked(BOX)), held_out=fraction), "val")) == expected


def test_none_is_held_out_without_masks_or_where_validation_photos_are_given(planned):
    assert planned(several(20, BOX)).report["val"]["photos"] == 0
    result = planned(several(20, masked(BOX)), [photo_of(masked(BOX), folder=Path("val"))])
    assert names(result, "val") == {"a.jpg"}
    assert len(names(result, "train")) == 20


def test_links_to_one_photo_are_held_out_together(planned, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    photos = []
    for index in range(12):
        (folder / f"{index}.jpg").touch()
        for link in ("a", "b"):
            (folder / f"{link}{index}.jpg").symlink_to(f"{index}.jpg")
        photos += [photo_of(masked(BOX), name=f"{kind}{index}.jpg", folder=folder) for kind in ("", "a", "b")]
    result = planned(photos, images=IMAGES, held_out=0.3)
    held_out, training = ({name.strip("ab") for name in names(result, split)} for split in ("val", "train"))
    assert held_out
    assert not held_out & training


def test_a_photo_in_both_sets_is_named_however_it_is_reached(planned, tmp_path_factory, one_line_error):
    folder = tmp_path_factory.mktemp("photos")
    (folder / "a.jpg").touch()
    (folder / "b.jpg").symlink_to("a.jpg")
    (folder.parent / "link").symlink_to(folder)
    train = [photo_of(BOX, folder=folder), *several(3, BOX, folder=folder)]
    for other in (photo_of(BOX, folder=folder), photo_of(BOX, name="b.jpg", folder=folder.parent / "link")):
        message = one_line_error(planned, train, [photo_of(BOX, name="c.jpg", folder=folder), other])
        assert str(other.path) in message
    os.unlink(folder.parent / "link")
    planned(train, [photo_of(BOX, name="c.jpg", folder=folder)])


def test_backgrounds_of_a_split_have_the_sides_of_its_objects(planned):
    result = planned(several(6, (100, 100, 40, 40)), several(4, (100, 100, 80, 80), folder=Path("val")))
    sides = {found.split: set() for found in result}
    for found in result:
        sides[found.split] |= {region.side for region in found.backgrounds}
    assert sides == {"train": {51}, "val": {102}}
    assert (result.report["train"]["backgrounds"], result.report["val"]["backgrounds"]) == (12, 8)


def test_classes_choose_objects_and_others_still_may_not_be_touched(planned):
    cat, dog = Object(BOX, category="cat"), Object((200, 200, 60, 60), category="dog")
    result = planned(several(10, cat, dog), classes=("cat",))
    assert {item.category for found in result for item, _ in found.objects} == {"cat"}
    assert result.report["train"]["dropped"]["other_class"] == 10
    region = next(iter(result)).objects[0][1]
    assert region == object_regions(photo_of(cat), CropRules.from_config(DataConfig()))[0]


def test_class_that_no_object_has_is_named_with_those_that_are(planned, one_line_error):
    photos = several(3, *[Object(BOX, category=f"class{index:02d}") for index in range(30)])
    message = one_line_error(planned, photos, classes=("class03", "horse"))
    assert "'horse'" in message
    assert "class00, class01" in message
    assert "class19, ..." in message
    assert "class20" not in message
    assert "name no classes" in one_line_error(planned, several(3, BOX), classes=("cat",))


def test_problems_are_skipped_counted_and_listed(planned):
    problems = [Problem("photo", "x.jpg", "is bad"), *[Problem("object", "y.jpg", f"box {n}") for n in range(2)]]
    report = planned([*several(10, BOX), *problems], max_bad=0.5).report
    assert report["train"]["problems"] == {
        "photo": 1,
        "object": 2,
        "listed": ["x.jpg: is bad", "y.jpg: box 0", "y.jpg: box 1"],
    }
    assert report["val"]["problems"] == {"photo": 0, "object": 0, "listed": []}


def test_no_crop_comes_from_a_photo_with_an_object_that_may_be_anywhere(planned):
    photos = [replace(photo, incomplete=photo.name == "003.jpg") for photo in several(10, BOX)]
    result = planned(photos)
    assert "003.jpg" not in names(result, "train")
    assert result.report["train"]["objects"] == 9
    assert result.report["train"]["dropped"]["incomplete_photo"] == 1


def test_too_many_problems_end_with_one_line(planned, one_line_error):
    photos = [*several(197, BOX), *[Problem("photo", f"{name}.jpg", "truncated") for name in "abc"]]
    message = one_line_error(planned, photos)
    assert "3 of 200 photographs cannot be used (1.5 %), more than max-bad 1 % allows" in message
    assert message.endswith("the first: a.jpg: truncated")
    planned(photos, max_bad=0.015)
    objects = [*several(50, BOX), Problem("object", "a.jpg", "no box")]
    assert "1 of 51 annotated objects" in one_line_error(planned, objects)


def test_masks_that_are_none_are_problems_of_validation_only(planned, one_line_error):
    photos = several(40, Object(BOX, segmentation=[["x"] * 6], id=4))
    result = planned(photos, max_bad=0.2)
    assert result.report["val"]["problems"]["object"] == 4
    assert "segmentation of annotation 4" in result.report["val"]["problems"]["listed"][0]
    assert result.report["val"]["without_mask"] == result.report["val"]["objects"] == 4
    assert result.report["train"]["problems"]["object"] == 0
    assert all(item.segmentation is None for found in result for item, _ in found.objects)
    assert "4 of 44 annotated objects" in one_line_error(planned, photos)


def test_photo_annotated_as_gigantic_is_a_problem(planned):
    report = planned([*several(3, BOX), photo_of(BOX, name="b.jpg", width=MAX_PIXELS, height=2)], max_bad=1.0).report
    assert report["train"]["photos"] == 3
    assert "b.jpg: annotated as" in report["train"]["problems"]["listed"][0]


def test_progress_counts_photos_as_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "read", lambda *_: iter([*several(3, BOX), Problem("photo", "x", "y")]))
    told = []
    config = DataConfig(source="coco", images=IMAGES, annotations=IMAGES, max_bad=1.0)
    plan.make(config, tmp_path, lambda done, total: told.append((done, total)))
    assert told == [(1, None), (2, None), (3, None)]


def test_nothing_but_the_plan_stays_after_an_error(planned, tmp_path, one_line_error):
    def damaged():
        yield from several(3, BOX)
        raise ValueError("the file ends too early")

    assert "too early" in one_line_error(planned, damaged())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"images": None}, "data.images is not set"),
        ({"val_annotations": Path("x")}, "data.val_images is not set"),
        ({"backgrounds_per_object": 0.0}, "data.backgrounds_per_object is 0.0"),
        ({"backgrounds_per_object": float("inf")}, "data.backgrounds_per_object is inf"),
        ({"object_fraction": 2.0}, "data.object_fraction is 2.0"),
        ({"held_out": 1.0}, "data.held_out is 1.0"),
        ({"held_out": float("nan")}, "data.held_out is nan"),
        ({"max_bad": -0.1}, "data.max_bad is -0.1"),
        ({"seed": -1}, "data.seed is -1"),
    ],
)
def test_unusable_setting_is_named(planned, one_line_error, changes, field):
    assert field in one_line_error(planned, several(3, BOX), **changes)


def test_memory_does_not_grow_but_by_a_few_bytes_a_photo(tmp_path, monkeypatch):
    def peak(count):
        photos = (photo_of(masked(BOX), (200, 150, 50, 40), name=f"{index}.jpg") for index in range(count))
        monkeypatch.setattr(readers, "read", lambda *_: photos)
        tracemalloc.start()
        assert len(plan.make(DataConfig(source="coco", images=IMAGES), tmp_path)) == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(20)
    assert (peak(700) - peak(200)) / 500 < 200


def test_regions_are_plain_integers(planned):
    (found,) = planned([photo_of(BOX)])
    assert all(type(value) is int for region in found.backgrounds for value in (region.x, region.y, region.side))
    assert not isinstance(found.objects[0][1].side, np.integer)
