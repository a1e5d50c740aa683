"""The plan: what is kept of which photo, for training or validation, whatever the order of the annotations."""

import json
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pycocotools.mask as coco_mask
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.data.photos.reading import MAX_PIXELS
from seigan_tf.data.planning import plan
from seigan_tf.data.planning.plan import make_plan
from seigan_tf.data.planning.rules import CropRules, object_regions
from seigan_tf.data.planning.scan import FOLDERS_REMEMBERED, Scan

BOX = (60, 50, 40, 30)
IMAGES = Path("photos")


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """Plans for photos that exist in memory only: those of IMAGES, and of "val" where they are given."""

    def call(photos, val=None, **changes):
        sets = {IMAGES: photos, Path("val"): val}
        monkeypatch.setattr(plan, "read_annotations", lambda source, images, annotations: iter(sets[images]))
        values = {"source": "coco", "images": IMAGES, "annotations": Path("boxes.json")}
        if val is not None:
            values |= {"val_images": Path("val"), "val_annotations": Path("val.json")}
        result = make_plan(DataConfig(**(values | changes)), tmp_path)
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
            assert not region.overlaps(boxes).any()
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
    compressed = coco_mask.encode(np.asfortranarray(np.eye(300, 400, dtype=np.uint8)))["counts"].decode("ascii")
    runs = {"size": [300, 400], "counts": compressed}
    items = masked(BOX, id=3, category="cat"), Object((220, 200, 40, 30), segmentation=runs, id=2**40)
    result = planned(several(1, BOX), [photo_of(*items, name="täg/ü.jpg", folder=Path("val"))])
    training, validation = result
    assert [item for item, _ in validation.objects] == list(items)
    assert object_mask(validation.objects[1][0], validation.photo).sum() == 300
    assert validation.photo == Photo(Path("val/täg/ü.jpg"), 400, 300, name="täg/ü.jpg")
    assert validation.backgrounds
    lines = result.path.read_text().splitlines()
    assert [plan.as_line(found) for found in (training, validation)] == lines


def test_training_objects_carry_no_segmentation_and_those_held_out_do(planned):
    result = planned(several(20, masked(BOX, id=7, category="cat")))
    assert len(names(result, "val")) == 2
    for found in result:
        for item, _ in found.objects:
            assert (item.segmentation is None) == (found.split == "train")
            assert (item.id, item.category, item.box) == (7, "cat", BOX)
    training_lines = [line for line in result.path.read_text().splitlines() if '"train"' in line]
    assert len(training_lines) == 18
    assert '"segmentation": [' not in "".join(training_lines)


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


@pytest.mark.parametrize(("fraction", "expected"), [(0.1, 4), (0.5, 6)])
def test_photos_whose_objects_have_no_mask_are_left_for_training(planned, fraction, expected):
    photos = [*several(30, BOX), *[photo_of(masked(BOX), (250, 200, 40, 30), name=f"{n}.png") for n in range(6)]]
    held_out = names(planned(photos, held_out=fraction), "val")
    assert len(held_out) == expected
    assert all(name.endswith(".png") for name in held_out)
    assert names(planned(photos[::-1], held_out=fraction), "val") == held_out


def test_the_one_photo_with_masks_is_held_out_whatever_the_seed(planned):
    photos = [*several(6, BOX), *[photo_of(name=f"{n}.png") for n in range(6)], photo_of(masked(BOX), name="x.png")]
    for seed in range(20):
        report = planned(photos, seed=seed).report["val"]
        assert (report["photos"], report["objects"], report["without_mask"]) == (1, 1, 0)
    # The only photo with an object at all is needed for training.
    assert planned(photos[6:]).report["train"]["objects"] == 1


def test_photos_without_objects_are_held_out_beside_those_with_masks(planned):
    photos = [*several(20, masked(BOX)), *[photo_of(name=f"{n}.png") for n in range(20)]]
    held_out = names(planned(photos, held_out=0.3, backgrounds_per_object=9.0), "val")
    assert len(held_out) == 12
    assert {name[-3:] for name in held_out} == {"jpg", "png"}


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


def with_copies(folder, count):
    """Photos of different content and the same size in bytes, each a second time in a folder of its own."""
    photos = []
    for index in range(count):
        for name in (f"{index:02d}.jpg", f"copies/of{index:02d}.jpg"):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(bytes([index]) * 9000)
            photos.append(photo_of(masked(BOX), name=name, folder=folder))
    return photos


def test_copies_of_one_photo_are_held_out_together_in_any_order(tmp_path_factory, planned):
    photos = with_copies(tmp_path_factory.mktemp("photos"), 20)
    result = planned(photos, held_out=0.3)
    held_out, training = ({name[-6:] for name in names(result, split)} for split in ("val", "train"))
    assert (len(held_out), result.report["val"]["photos"]) == (6, 12)
    assert not held_out & training
    again = planned(photos[::-1], held_out=0.3)
    assert sorted(again.path.read_text().splitlines()) == sorted(result.path.read_text().splitlines())


def test_a_copy_without_masks_is_held_out_with_the_one_that_has_some(tmp_path_factory, planned):
    photos = with_copies(tmp_path_factory.mktemp("photos"), 20)
    photos[1::2] = [replace(photo, objects=(Object(BOX),)) for photo in photos[1::2]]
    photos[20::2] = [replace(photo, objects=(Object(BOX),)) for photo in photos[20::2]]
    result = planned(photos, held_out=0.3)
    held_out, training = ({name[-6:-4] for name in names(result, split)} for split in ("val", "train"))
    assert (result.report["val"]["photos"], result.report["val"]["without_mask"]) == (12, 6)
    assert held_out < {f"{index:02d}" for index in range(10)}
    assert not held_out & training


def test_photos_without_copies_are_held_out_as_if_none_were_compared(tmp_path_factory, planned, monkeypatch):
    photos = with_copies(tmp_path_factory.mktemp("photos"), 20)[::2]
    compared = names(planned(photos, held_out=0.3), "val")
    monkeypatch.setattr(Scan, "join_copies", lambda *_: None)
    assert names(planned(photos, held_out=0.3), "val") == compared


@pytest.fixture
def links(tmp_path_factory):
    """A folder of files with links to them, as photos with one masked box each."""

    def make(files, count):
        folder = tmp_path_factory.mktemp("linked")
        photos = []
        for index in range(files):
            (folder / f"file{index}.jpg").touch()
            for number in range(count):
                name = f"{index}-{number:02d}.jpg"
                (folder / name).symlink_to(f"file{index}.jpg")
                photos.append(photo_of(masked(BOX), name=name, folder=folder))
        return folder, photos

    return make


@pytest.fixture
def planned_links(tmp_path, monkeypatch):
    def call(folder, photos, **changes):
        monkeypatch.setattr(plan, "read_annotations", lambda source, images, annotations: iter(photos))
        return make_plan(DataConfig(source="coco", images=folder, **changes), tmp_path)

    return call


def test_links_to_few_files_are_held_out_file_by_file_and_never_all(links, planned_links):
    for files, count, fraction, expected in ((2, 10, 0.1, 10), (10, 3, 0.1, 3), (10, 3, 0.15, 6), (3, 2, 0.99, 4)):
        folder, photos = links(files, count)
        result = planned_links(folder, photos, held_out=fraction)
        assert result.report["val"]["photos"] == expected
        assert not {name[:2] for name in names(result, "val")} & {name[:2] for name in names(result, "train")}
    folder, photos = links(1, 8)
    assert planned_links(folder, photos, held_out=0.5).report["val"]["photos"] == 0


def test_order_of_links_to_one_file_changes_nothing(links, planned_links):
    folder, photos = links(2, 12)
    settings = {"held_out": 0.1, "backgrounds_per_object": 1.3}
    first = planned_links(folder, photos, **settings)
    lines = sorted(first.path.read_text().splitlines())
    assert first.report["train"]["backgrounds"] == 16
    for order in (photos[::-1], photos[5:] + photos[:5]):
        again = planned_links(folder, order, **settings)
        assert sorted(again.path.read_text().splitlines()) == lines
        assert again.report == first.report


@pytest.mark.parametrize("useless", [masked(BOX, crowd=True), masked((60, 50, 10, 10))])
def test_masks_of_objects_that_make_no_crop_hold_out_no_photo(planned, useless):
    photos = [*several(10, Object((200, 150, 40, 30))), *[photo_of(useless, name=f"{index}.png") for index in range(9)]]
    assert planned(photos).report["val"]["photos"] == 0
    assert planned([*photos, photo_of(masked(BOX), name="x.png")]).report["val"]["photos"] == 2


BORDER_BOXES = st.tuples(st.integers(0, 70), st.integers(0, 50), st.integers(20, 60), st.integers(20, 60))


@QUIET
@given(st.lists(BORDER_BOXES, min_size=1, max_size=6), st.sampled_from([0.5, 100 / 128]), st.booleans())
def test_no_training_crop_shows_its_object_again_past_the_border(planned, boxes, fraction, far):
    """Deeper than 2 % of its side; those of validation may, and are the same as without the rule."""
    if far:
        boxes = [(400 - x - width, 300 - y - height, width, height) for x, y, width, height in boxes]
    photos = [photo_of(masked(box), name=f"{index}.jpg") for index, box in enumerate(boxes)]
    middle = photo_of(BOX, (250, 180, 40, 30), name="middle.jpg")
    validation = [replace(photo, path=Path("val") / photo.name) for photo in photos]
    changes = {"object_fraction": fraction, "min_short_side": 0.0, "min_aspect": 0.0}
    free = planned([*photos, middle], validation, **changes)
    result = planned([*photos, middle], validation, max_mirrored=0.02, **changes)
    kept = 0
    for found in result:
        for item, region in found.objects if found.split == "train" else ():
            kept += 1
            for first, start, extent, length in (
                (region.x, item.box[0], item.box[2], 400),
                (region.y, item.box[1], item.box[3], 300),
            ):
                places = np.arange(first, first + region.side)
                shown = np.where(places < 0, -1 - places, 2 * length - 1 - places)
                for strip in (places < 0, places >= length):
                    assert ((shown >= start) & (shown < start + extent) & strip).sum() <= 0.02 * region.side
    train, val = result.report["train"], result.report["val"]
    assert train["objects"] == kept
    assert train["dropped"]["mirrored_object"] == free.report["train"]["objects"] - kept
    assert train["annotations"] == train["objects"] + sum(train["dropped"].values())
    assert train["backgrounds_wanted"] == 2 * kept
    assert val == free.report["val"]
    assert val["dropped"]["mirrored_object"] == 0


def test_objects_that_make_no_training_crop_set_no_side_of_a_background(planned):
    large, small = (0, 100, 150, 150), (200, 100, 40, 40)
    photos = [photo_of(large, name="a.jpg"), *several(5, small)]
    assert {region.side for found in planned(photos) for region in found.backgrounds} == {51, 192}
    result = planned(photos, max_mirrored=0.02)
    assert {region.side for found in result for region in found.backgrounds} == {51}
    assert result.report["train"]["dropped"]["mirrored_object"] == 1
    assert not [found for found in result if found.photo.name == "a.jpg" and found.objects]


def test_report_tells_the_quartiles_of_sides(planned):
    photos = [photo_of((100, 100, 20 + index, 30), name=f"{index:03d}.jpg") for index in range(101)]
    result = planned(photos, object_fraction=1.0)
    part = result.report["train"]
    objects = [region.side for found in result for _, region in found.objects]
    backgrounds = [region.side for found in result for region in found.backgrounds]
    for name, sides in (("object_sides", objects), ("background_sides", backgrounds)):
        assert part[name] == pytest.approx(np.quantile(sides, [0.25, 0.5, 0.75]), abs=1)
        assert all(type(side) is int for side in part[name])
    assert part["object_sides"] == part["background_sides"]
    assert planned(photos).report["val"]["object_sides"] == []


def test_folders_that_are_remembered_are_limited(planned):
    photos = [photo_of(BOX, name=f"{index}/a.jpg") for index in range(50)]
    with Scan(CropRules.from_config(DataConfig()), 0, planned(photos[:1]).path.with_name("scan")) as scan:
        for photo in photos:
            scan.add(photo, IMAGES, masks=False)
        assert scan._real_folder.cache_info().maxsize == FOLDERS_REMEMBERED < 100_000


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


def test_a_copy_of_a_training_photo_is_no_validation_photo(planned, tmp_path_factory, one_line_error):
    folder = tmp_path_factory.mktemp("photos")
    photos = with_copies(folder, 6)
    train, copies = photos[:10:2], photos[1::2]
    message = one_line_error(planned, train, copies[::-1])
    copy, photo = folder / "copies/of04.jpg", folder / "04.jpg"
    assert message == (
        f"{copy}: is the same as {photo}: a training photo and a validation photo, expected none to be both"
    )
    assert names(planned(train, copies[5:]), "val") == {"copies/of05.jpg"}


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
    assert "4 of 40 annotated objects" in one_line_error(planned, photos)


def test_mask_outside_its_box_is_a_problem_and_its_object_has_none(planned):
    outside = replace(masked((200, 150, 40, 30)), box=BOX, id=4)
    result = planned(several(2, BOX), several(3, outside, folder=Path("val")), max_bad=1.0)
    part = result.report["val"]
    assert part["without_mask"] == part["unusable_masks"] == part["objects"] == part["problems"]["object"] == 3
    fault = f"segmentation of annotation 4: lies outside its box {list(BOX)}"
    assert part["problems"]["listed"] == [f"00{index}.jpg: {fault}" for index in range(3)]
    assert all(item.segmentation is None for found in result for item, _ in found.objects)


def test_masks_without_pixels_count_as_none(planned):
    empty = Object(BOX, segmentation={"size": [300, 400], "counts": [300 * 400]})
    assert planned(several(20, empty)).report["val"]["photos"] == 0
    part = planned(several(2, BOX), several(3, empty, folder=Path("val"))).report["val"]
    assert part["without_mask"] == part["objects"] == 3
    assert part["unusable_masks"] == part["problems"]["object"] == 0


def test_photo_annotated_as_gigantic_is_a_problem(planned):
    report = planned([*several(3, BOX), photo_of(BOX, name="b.jpg", width=MAX_PIXELS, height=2)], max_bad=1.0).report
    assert report["train"]["photos"] == 3
    assert "b.jpg: annotated as" in report["train"]["problems"]["listed"][0]


def test_progress_counts_photos_as_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "read_annotations", lambda *_: iter([*several(3, BOX), Problem("photo", "x", "y")]))
    told = []
    config = DataConfig(source="coco", images=IMAGES, annotations=IMAGES, max_bad=1.0)
    make_plan(config, tmp_path, lambda done, total: told.append((done, total)))
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
        monkeypatch.setattr(plan, "read_annotations", lambda *_: photos)
        tracemalloc.start()
        assert len(make_plan(DataConfig(source="coco", images=IMAGES), tmp_path)) == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    def least(count):
        """The less of two: at times something unrelated takes a megabyte."""
        return min(peak(count) for _ in range(2))

    # Far apart, so that what arrays hold in reserve does not count.
    assert (least(1000) - least(200)) / 800 < 200


def test_regions_are_plain_integers(planned):
    (found,) = planned([photo_of(BOX)])
    assert all(type(value) is int for region in found.backgrounds for value in (region.x, region.y, region.side))
    assert not isinstance(found.objects[0][1].side, np.integer)
