"""The published photographs of ../shared: skipped where they are absent."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from seigan_tf.config import DataConfig
from seigan_tf.data import load_crops
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.crops import CropRegion
from seigan_tf.data.planning import plan
from seigan_tf.data.planning.plan import make_plan
from seigan_tf.data.planning.rules import PROTOCOLS, CropRules, object_regions


@pytest.fixture
def first_photos(tmp_path):
    """Writes the annotations of the first photos of a set to a file, and returns it with their file names."""

    def write(annotations, count):
        content = json.loads(annotations.read_text())
        content["images"] = content["images"][:count]
        kept = {image["id"] for image in content["images"]}
        content["annotations"] = [entry for entry in content["annotations"] if entry["image_id"] in kept]
        (tmp_path / "boxes.json").write_text(json.dumps(content))
        return tmp_path / "boxes.json", [image["file_name"] for image in content["images"]]

    return write


def test_cats_give_the_documented_number_of_evaluation_objects(cats_val):
    rules = replace(PROTOCOLS["coco"], max_object_fraction=0.9)
    regions = [region for photo in read_annotations("coco", *cats_val) for region in object_regions(photo, rules)]
    assert len(regions) == 763
    assert sum(isinstance(region, CropRegion) for region in regions) == 115


def test_cats_load_with_two_backgrounds_an_object_and_true_masks_that_fill_the_boxes(
    cats_train, cats_val, first_photos
):
    config = DataConfig(
        source="coco",
        images=cats_train[0],
        annotations=first_photos(cats_train[1], 60)[0],
        val_images=cats_val[0],
        val_annotations=cats_val[1],
        max_object_fraction=0.9,
    )
    crops = load_crops(config, 32)
    assert len(crops.evaluation.masks) == crops.report["validation"]["objects"] == 115
    assert len(crops.objects.images) == crops.report["train"]["objects"] > 30
    assert len(crops.backgrounds.images) == 2 * len(crops.objects.images)
    for mask, (ymin, xmin, ymax, xmax) in zip(crops.evaluation.masks, crops.evaluation.boxes, strict=True):
        side = len(mask)
        rows, columns = np.nonzero(mask)
        box = np.array([ymin, xmin, ymax, xmax]) * side
        tight = np.array([rows.min(), columns.min(), rows.max() + 1, columns.max() + 1])
        assert np.abs(box - tight).max() <= 2


def test_truncated_photo_of_a_real_set_is_skipped_and_counted(cats_val, first_photos, tmp_path):
    annotations, names = first_photos(cats_val[1], 30)
    for name in names:
        shutil.copyfile(cats_val[0] / name, tmp_path / name)
    damaged = tmp_path / names[4]
    damaged.write_bytes(damaged.read_bytes()[:5000])
    config = DataConfig(source="coco", images=tmp_path, annotations=annotations, max_object_fraction=0.9, max_bad=0.05)
    report = load_crops(config, 32).report
    (problem,) = [*report["train"]["problems"]["listed"], *report["validation"]["problems"]["listed"]]
    assert problem.startswith(f"{damaged.name}: ")
    assert "truncated" in problem


@pytest.mark.parametrize("name", ["cats_train", "coco128", "coco_person"])
def test_plan_of_a_published_set_finds_two_backgrounds_for_each_object(request, tmp_path, name):
    images, annotations = request.getfixturevalue(name)
    result = make_plan(DataConfig(source="coco", images=images, annotations=annotations), tmp_path)
    for split in plan.SPLITS:
        part = result.report[split]
        assert part["backgrounds"] == part["backgrounds_wanted"] == 2 * part["objects"] > 0
        assert part["annotations"] == part["objects"] + sum(part["dropped"].values())
        assert part["problems"] == {"photo": 0, "object": 0, "listed": []}
    assert result.report["val"]["photos"] == round(
        0.1 * (result.report["train"]["photos"] + result.report["val"]["photos"])
    )
    assert result.report["val"]["without_mask"] == 0


@pytest.fixture
def coco128_photos(coco128):
    return list(read_annotations("coco", *coco128))


def test_crowds_of_coco_are_read_and_never_cut(coco128_photos):
    rules = CropRules(object_fraction=100 / 128, min_short_side=0, max_object_fraction=1, min_aspect=0)
    outcomes = [zip(photo.objects, object_regions(photo, rules), strict=True) for photo in coco128_photos]
    crowds = [
        (photo, item, outcome)
        for photo, pairs in zip(coco128_photos, outcomes, strict=True)
        for item, outcome in pairs
        if item.crowd
    ]
    assert len(crowds) == 10
    for photo, item, outcome in crowds:
        assert outcome == "crowd"
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
    crops = load_crops(DataConfig(source="coco", images=images, annotations=annotations), 32)
    assert len(crops.backgrounds.images) == crops.report["train"]["backgrounds_wanted"] >= 2 * len(crops.objects.images)
    assert crops.report["train"]["dropped"]["crowd"] + crops.report["validation"]["dropped"]["crowd"] == 10
