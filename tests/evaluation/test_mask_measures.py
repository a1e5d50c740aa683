"""Masks measured on photographs, from the objects to the table."""

from dataclasses import replace

import numpy as np
import pytest

from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.planning.report import Tally
from seigan_tf.data.planning.rules import PROTOCOLS
from seigan_tf.evaluation import masks
from seigan_tf.evaluation.crops import evaluation_objects
from seigan_tf.utils.boxes import box_to_mask

RULES = replace(PROTOCOLS["coco"], max_object_fraction=0.9)


@pytest.fixture
def photos(photo_set):
    """Forty photos with a triangle each, one of them without a mask, and one object too small."""
    for number in range(40):
        x, y = 40 + number, 50
        photo_set.add(f"{number:02d}.png", (x, y, 40, 30), segmentation=[[x, y, x + 40, y, x, y + 30]])
    del photo_set.content["annotations"][3]["segmentation"]
    photo_set.add("small.png", (50, 50, 5, 5), segmentation=[[50, 50, 55, 50, 50, 55]])
    photo_set.config()
    return photo_set


def found(photos, problems, size=16):
    items = read_annotations("coco", photos.images, photos.annotations)
    return [item for of_photo in evaluation_objects(items, RULES, size, problems) for item in of_photo]


def test_objects_with_masks_that_pass_the_rules_are_measured(photos):
    objects = found(photos, Tally(0))
    assert [item.photo for item in objects] == [f"{number:02d}.png" for number in range(40) if number != 3]
    for item in objects:
        side = round(40 / RULES.object_fraction)
        assert item.image.shape == (16, 16, 3)
        assert item.original.shape == (side, side, 3)
        assert item.truth.shape == (side, side)
        assert item.truth.sum() == pytest.approx(600, rel=0.1)
        assert not (item.truth & ~box_to_mask(item.box, side, side)).any()


def test_unreadable_photos_and_masks_are_counted(photos):
    (photos.images / "07.png").write_bytes(b"nothing")
    photos.content["annotations"][9]["segmentation"] = [["x"]]
    photos.config()
    problems = Tally(1)
    assert len(found(photos, problems)) == 37
    assert dict(problems.counts) == {"photo": 1, "object": 1}


def test_photo_annotated_as_gigantic_is_counted_before_its_mask_is_drawn(photos):
    photos.content["images"][5] |= {"width": 10**6, "height": 10**6}
    photos.config()
    problems = Tally(1)
    assert len(found(photos, problems)) == 38
    assert dict(problems.counts) == {"photo": 1, "object": 0}


def test_every_method_is_measured_on_every_object_in_order(photos):
    objects = found(photos, Tally(0))
    seen = []

    def segment(images, boxes):
        seen.append(len(images))
        return np.stack([box_to_mask(box, 16, 16)[..., None] for box in boxes]).astype(np.float32)

    scores = list(masks.measure_masks(segment, objects))
    assert seen == [32, 7]
    assert [row.photo for row in scores] == [item.photo for item in objects]
    summary = masks.mask_means(scores)
    assert summary["count"] == 39
    methods = ["model", "box", "ellipse", "grabcut", "grabcut_or_box"]
    assert list(summary["iou"]) == list(summary["boundary"]) == methods
    # Half of the box is the object.
    assert summary["iou"]["box"] == pytest.approx(0.5, abs=0.03)
    assert summary["iou"]["model"] == pytest.approx(summary["iou"]["box"], abs=0.06)


def test_the_box_stands_in_where_grabcut_finds_nothing(photos):
    (item,) = found(photos, Tally(0))[:1]
    plain = item._replace(original=np.full_like(item.original, 128))
    empty = masks.grabcut_masks(plain)
    assert not empty["grabcut"].any()
    np.testing.assert_array_equal(empty["grabcut_or_box"], box_to_mask(item.box, *item.truth.shape))
    ymin, xmin, ymax, xmax = np.round(item.box * len(item.truth)).astype(int)
    bright = np.zeros_like(item.original)
    bright[ymin + 5 : ymax - 5, xmin + 5 : xmax - 5] = 255
    filled = masks.grabcut_masks(item._replace(original=bright))
    assert filled["grabcut"].any()
    np.testing.assert_array_equal(filled["grabcut_or_box"], filled["grabcut"])
