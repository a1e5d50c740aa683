"""Loading: what is kept, what is skipped and counted, and what stops a run."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seigan_tf.config import PHOTO_PATHS, DataConfig
from seigan_tf.data import BackgroundCrops, ObjectCrops, load_crops

BOX = (60, 50, 40, 30)
SQUARE = [[60, 50, 100, 50, 100, 80, 60, 80]]
TWO_SQUARES = [*SQUARE, [140, 100, 180, 100, 180, 130, 140, 130]]


def fill(photo_set, count=6, **annotation):
    return [photo_set.add(f"{index}.png", BOX, **annotation) for index in range(count)]


def cut_short(path):
    """A JPEG of the photo at `path` whose end is missing, under the same name."""
    Image.open(path).convert("RGB").save(path, "JPEG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_training_types_have_no_place_for_a_mask():
    assert ObjectCrops._fields == ("images", "boxes")
    assert BackgroundCrops._fields == ("images",)


def test_photos_become_crops_with_boxes_and_twice_as_many_backgrounds_and_none_is_held_out_without_masks(photo_set):
    fill(photo_set, 10)
    crops = load_crops(photo_set.config(), 32)
    assert crops.objects.images.shape == (10, 32, 32, 3)
    assert crops.objects.images.dtype == np.uint8
    assert crops.objects.boxes.dtype == np.float32
    # 40 x 30 pixels in a region of 51.
    expected = np.array([0.5 - 15 / 51, 0.5 - 20 / 51, 0.5 + 15 / 51, 0.5 + 20 / 51])
    np.testing.assert_allclose(crops.objects.boxes, np.tile(expected, (10, 1)), atol=0.5 / 51 + 1e-6)
    assert crops.backgrounds.images.shape == (20, 32, 32, 3)
    assert crops.evaluation is None


def test_evaluation_masks_have_the_resolution_of_the_photo_and_fit_the_boxes(photo_set, new_photo_set):
    fill(photo_set)
    validation = new_photo_set("validation")
    fill(validation, 2, segmentation=SQUARE)
    settings = validation.config()
    crops = load_crops(photo_set.config(val_images=settings.images, val_annotations=settings.annotations), 32)
    assert len(crops.objects.images) == 6
    assert len(crops.evaluation.images) == len(crops.evaluation.masks) == 2
    for mask, box in zip(crops.evaluation.masks, crops.evaluation.boxes, strict=True):
        assert mask.shape == (51, 51)
        rows, columns = np.nonzero(mask)
        tight = np.array([rows.min(), columns.min(), rows.max() + 1, columns.max() + 1])
        np.testing.assert_allclose(box * 51, tight, atol=1e-4)


def test_annotations_of_training_and_validation_tell_their_formats(photo_set, new_photo_set):
    fill(photo_set)
    validation = new_photo_set("validation")
    fill(validation, 2, segmentation=SQUARE)
    settings = validation.config()
    named = photo_set.config(val_images=settings.images, val_annotations=settings.annotations)
    table = photo_set.images / "boxes.csv"
    rows = ["filename,x,y,width,height", *(f"{index}.png,{','.join(map(str, BOX))}" for index in range(6))]
    table.write_text("\n".join(rows))
    told = replace(named, source="auto", annotations=table)
    for one, other in zip(load_crops(named, 32)[:2], load_crops(told, 32)[:2], strict=True):
        np.testing.assert_array_equal(one.images, other.images)
    assert len(load_crops(told, 32).evaluation.masks) == 2


def test_a_tenth_of_the_photos_is_held_out_by_photo_and_by_seed(photo_set):
    for index in range(20):
        photo_set.add(f"{index}.png", BOX, (140, 100, 40, 30), segmentation=TWO_SQUARES)
    crops = load_crops(photo_set.config(), 32)
    assert crops.report["train"]["photos"] == 18
    assert crops.report["validation"]["photos"] == 2
    assert len(crops.evaluation.images) == 4
    train = {image.tobytes() for image in crops.objects.images}
    assert not train & {image.tobytes() for image in crops.evaluation.images}
    again = load_crops(photo_set.config(), 32)
    assert (again.evaluation.images == crops.evaluation.images).all()
    other = load_crops(photo_set.config(seed=1), 32)
    assert not (other.evaluation.images == crops.evaluation.images).all()


def test_order_of_the_annotations_does_not_matter(photo_set):
    for index in range(12):
        photo_set.add(f"{index}.png", BOX, (140, 100, 40, 30), segmentation=TWO_SQUARES)
    first = load_crops(photo_set.config(), 32)
    for entries in photo_set.content.values():
        entries.reverse()
    second = load_crops(photo_set.config(), 32)
    assert (second.objects.images == first.objects.images).all()
    assert (second.objects.boxes == first.objects.boxes).all()
    assert (second.backgrounds.images == first.backgrounds.images).all()
    assert (second.evaluation.images == first.evaluation.images).all()


def test_missing_and_truncated_photos_are_skipped_counted_and_named(photo_set):
    paths = fill(photo_set, 20)
    cut_short(paths[3])
    paths[5].unlink()
    paths[8].write_text("no photo")
    crops = load_crops(photo_set.config(max_bad=0.2), 32)
    part = crops.report["train"]
    assert part["problems"]["photo"] == part["dropped"]["unreadable_photo"] == 3
    problems = dict(line.split(": ", 1) for line in part["problems"]["listed"])
    assert set(problems) == {"3.png", "5.png", "8.png"}
    assert "truncated" in problems["3.png"]
    assert problems["5.png"] == "missing"
    assert part["objects"] == len(crops.objects.images) == 17
    assert part["backgrounds"] == len(crops.backgrounds.images)


def test_more_damaged_photos_than_allowed_end_the_run(photo_set, one_line_error):
    fill(photo_set, 20)[3].unlink()
    message = one_line_error(load_crops, photo_set.config(), 32)
    assert "1 of 20 photographs cannot be used (5 %)" in message
    assert message.endswith("3.png: missing")
    assert len(load_crops(photo_set.config(max_bad=0.05), 32).objects.images) == 19


def test_report_accounts_for_every_annotation_and_is_json(photo_set):
    fill(photo_set, 8)
    photo_set.add("small.png", (10, 10, 10, 10), (100, 100, 30, 5))
    photo_set.add("crowd.png", BOX, iscrowd=1)
    (photo_set.images / "3.png").unlink()
    report = load_crops(photo_set.config(max_bad=0.1), 32).report
    assert report["source"] == "coco"
    assert report["train"]["problems"]["photo"] == 1
    assert report["train"]["backgrounds_wanted"] == 14
    for split in ("train", "validation"):
        part = report[split]
        assert part["annotations"] == part["objects"] + sum(part["dropped"].values())
    assert json.loads(json.dumps(report)) == report


def test_progress_counts_every_photo(photo_set):
    fill(photo_set, 10)
    told = []
    load_crops(photo_set.config(), 32, lambda done, total: told.append((done, total)))
    assert told == [(done, 10) for done in range(1, 11)]


@pytest.mark.parametrize("ending", ["missing", "truncated"])
def test_nothing_readable_is_an_error_that_names_folder_and_first_photo(photo_set, one_line_error, ending):
    for path in fill(photo_set, 3):
        cut_short(path) if ending == "truncated" else path.unlink()
    message = one_line_error(load_crops, photo_set.config(max_bad=1.0), 32)
    assert str(photo_set.images) in message
    assert ending in message


def test_no_crop_left_says_which_rules_dropped_how_many(photo_set, one_line_error):
    for index in range(4):
        photo_set.add(f"{index}.png", (10, 10, 10, 10), (100, 50, 60, 21))
    message = one_line_error(load_crops, photo_set.config(), 32)
    assert str(photo_set.annotations) in message
    assert "min_short_side 4" in message
    assert "min_aspect 4" in message


def test_no_crop_left_for_validation_names_its_annotations(photo_set, new_photo_set, one_line_error):
    fill(photo_set)
    validation = new_photo_set("validation")
    validation.add("a.png", (10, 10, 10, 10))
    settings = validation.config()
    config = photo_set.config(val_images=settings.images, val_annotations=settings.annotations)
    assert str(settings.annotations) in one_line_error(load_crops, config, 32)


def test_no_background_at_all_is_an_error(photo_set, one_line_error):
    for index in range(4):
        photo_set.add(f"{index}.png", (20, 15, 60, 50), width=100, height=80)
    message = one_line_error(load_crops, photo_set.config(max_object_fraction=0.9), 32)
    assert "no background" in message


def test_photo_of_another_size_than_annotated_is_named_with_both_sizes(photo_set):
    fill(photo_set)
    photo_set.content["images"][2]["width"] = 190
    (problem,) = load_crops(photo_set.config(max_bad=0.5), 32).report["train"]["problems"]["listed"]
    assert "2.png" in problem
    assert "200 x 160" in problem
    assert "190 x 160" in problem


def test_photo_stored_sideways_is_turned_as_annotated(photo_set):
    path = photo_set.add("a.jpg", width=200, height=160)
    photo_set.content["images"][0] |= {"width": 160, "height": 200}
    photo_set.content["annotations"].append({"id": 1, "image_id": 1, "category_id": 1, "bbox": [40, 60, 40, 40]})
    pixels = np.zeros((160, 200, 3), np.uint8)
    # Upright it stands at the box; stored, it is turned by a quarter.
    pixels[160 - 80 : 160 - 40, 60:100] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(path, exif=exif, quality=95)
    crops = load_crops(photo_set.config(backgrounds_per_object=1), 51)
    assert crops.objects.images[0, 10:40, 10:40].min() > 200


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"images": None}, "data.images"),
        ({"val_annotations": "here"}, "data.val_images"),
        ({"source": "crops"}, "data.crops"),
        ({"source": "synthetic", "object_fraction": 2.0}, "data.object_fraction is 2.0"),
        ({"source": "synthetic", "seed": -1}, "data.seed is -1"),
    ],
)
def test_unusable_setting_is_named(photo_set, one_line_error, settings, field):
    paths = {"source": "coco", "images": photo_set.images, "annotations": photo_set.annotations}
    assert field in one_line_error(load_crops, DataConfig(**(paths | settings)), 32)


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        *(("synthetic", name, "data.source auto, or a preset for photographs") for name in PHOTO_PATHS),
        *(("crops", name, "data.crops alone") for name in PHOTO_PATHS),
        ("synthetic", "crops", "data.source crops"),
        ("coco", "crops", "data.source crops"),
    ],
)
def test_a_path_that_the_source_does_not_read_is_refused(one_line_error, source, name, expected):
    needed = {"crops": {"crops": "c"}, "coco": {"images": "p"}}.get(source, {})
    message = one_line_error(load_crops, DataConfig(source, **(needed | {name: Path("given")})), 32)
    assert message.startswith(f"data.{name} is given, but data.source is {source}; expected {expected}")


def test_synthetic_source_needs_nothing_and_its_sets_differ():
    crops = load_crops(DataConfig(synthetic_train=12, synthetic_val=12), 32)
    assert crops.objects.images.shape == (12, 32, 32, 3)
    assert crops.backgrounds.images.shape == (24, 32, 32, 3)
    assert len(crops.evaluation.masks) == 12
    assert crops.evaluation.masks[0].shape == (32, 32)
    assert not (crops.evaluation.images == crops.objects.images).all(axis=(1, 2, 3)).any()
    again = load_crops(DataConfig(synthetic_train=12, synthetic_val=12), 32)
    assert (again.objects.images == crops.objects.images).all()
    assert json.loads(json.dumps(crops.report)) == crops.report
