"""The published photographs of ../shared: skipped where they are absent."""

import json
import shutil

import numpy as np
import pytest

from seigan_tf.config import DataConfig
from seigan_tf.data import load
from seigan_tf.data.annotations import object_mask
from seigan_tf.data.coco import read_coco
from seigan_tf.data.crops import CropRules, object_region


def test_cats_give_the_documented_number_of_evaluation_objects(cats_val):
    rules = CropRules(object_fraction=100 / 128, min_short_side=20, max_object_fraction=0.9, min_aspect=0.4)
    regions = [object_region(photo, item, rules) for photo in read_coco(*cats_val) for item in photo.objects]
    assert len(regions) == 783
    assert sum(not isinstance(region, str) for region in regions) == 117


def test_cats_load_with_two_backgrounds_an_object_and_true_masks_that_fill_the_boxes(cats_val):
    images, annotations = cats_val
    config = DataConfig(
        source="coco",
        images=images,
        annotations=annotations,
        val_images=images,
        val_annotations=annotations,
        max_object_fraction=0.9,
    )
    crops = load(config, 32)
    assert len(crops.objects.images) == len(crops.evaluation.masks) == 117
    assert len(crops.backgrounds.images) == 234
    for mask, (ymin, xmin, ymax, xmax) in zip(crops.evaluation.masks, crops.evaluation.boxes, strict=True):
        side = len(mask)
        rows, columns = np.nonzero(mask)
        box = np.array([ymin, xmin, ymax, xmax]) * side
        tight = np.array([rows.min(), columns.min(), rows.max() + 1, columns.max() + 1])
        assert np.abs(box - tight).max() <= 2


def test_truncated_photo_of_a_real_set_is_skipped_and_counted(cats_val, tmp_path):
    images, annotations = cats_val
    content = json.loads(annotations.read_text())
    content["images"] = content["images"][:30]
    kept = {image["id"] for image in content["images"]}
    content["annotations"] = [entry for entry in content["annotations"] if entry["image_id"] in kept]
    for image in content["images"]:
        shutil.copyfile(images / image["file_name"], tmp_path / image["file_name"])
    damaged = tmp_path / content["images"][4]["file_name"]
    damaged.write_bytes(damaged.read_bytes()[:5000])
    (tmp_path / "boxes.json").write_text(json.dumps(content))
    config = DataConfig(source="coco", images=tmp_path, annotations=tmp_path / "boxes.json", max_object_fraction=0.9)
    report = load(config, 32).report
    assert [*report["train"]["unreadable"], *report["validation"]["unreadable"]] == [damaged.name]


@pytest.fixture
def coco128_photos(coco128):
    return read_coco(*coco128)


def test_crowds_of_coco_are_read_and_never_cut(coco128_photos):
    crowds = [(photo, item) for photo in coco128_photos for item in photo.objects if item.crowd]
    assert len(crowds) == 10
    rules = CropRules(object_fraction=100 / 128, min_short_side=0, max_object_fraction=1, min_aspect=0)
    for photo, item in crowds:
        assert object_region(photo, item, rules) == "crowd"
        mask = object_mask(item, photo)
        assert mask.shape == (photo.height, photo.width)
        x, y, width, height = item.box
        rows, columns = np.nonzero(mask)
        tight = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        assert np.abs(tight - [x, y, x + width, y + height]).max() <= 2


def test_masks_of_coco_lie_in_their_boxes(coco128_photos):
    for photo in coco128_photos[:40]:
        for item in photo.objects:
            mask = object_mask(item, photo)
            x, y, width, height = item.box
            inside = mask[
                max(int(y) - 1, 0) : int(y + height) + 2,
                max(int(x) - 1, 0) : int(x + width) + 2,
            ]
            assert inside.sum() == mask.sum()


def test_many_classes_load_as_one(coco128):
    images, annotations = coco128
    crops = load(DataConfig(source="coco", images=images, annotations=annotations), 32)
    assert len(crops.backgrounds.images) == crops.report["train"]["backgrounds_wanted"] >= 2 * len(crops.objects.images)
    assert crops.report["train"]["dropped"]["crowd"] + crops.report["validation"]["dropped"]["crowd"] == 10
