"""Crops without objects, from the photographs whose objects are measured."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.planning.report import Tally
from seigan_tf.data.planning.rules import PROTOCOLS
from seigan_tf.evaluation import inpainting
from seigan_tf.evaluation.empty_places import empty_crops

RULES = replace(PROTOCOLS["coco"], max_object_fraction=0.9)
BOX = (10, 10, 40, 30)


@pytest.fixture
def photos(photo_set):
    """White boxes on black."""
    for number in range(6):
        path = photo_set.add(f"{number}.png", BOX)
        pixels = np.zeros((160, 200, 3), np.uint8)
        pixels[10:40, 10:50] = 255
        pixels[..., 2] = 30 * number
        Image.fromarray(pixels).save(path)
    photo_set.config()
    return photo_set


def read(photos):
    return list(read_annotations("coco", photos.images, photos.annotations))


def test_they_show_no_object_and_are_as_many_as_wanted(photos):
    crops = empty_crops(read(photos), RULES, 16, 8, seed=0, problems=Tally(0))
    assert crops.shape == (8, 16, 16, 3)
    assert crops[..., :2].max() == 0
    assert len({crop[0, 0, 2] for crop in crops}) == 6  # every photo gives some


def test_they_depend_on_the_seed_and_not_on_the_order_of_the_photos(photos):
    made = empty_crops(read(photos), RULES, 16, 6, seed=0, problems=Tally(0))
    np.testing.assert_array_equal(empty_crops(read(photos)[::-1], RULES, 16, 6, seed=0, problems=Tally(0)), made)
    assert (empty_crops(read(photos), RULES, 16, 6, seed=1, problems=Tally(0)) != made).any()


def test_there_are_none_where_objects_fill_the_photos_or_photos_cannot_be_read(photos, new_photo_set):
    full = new_photo_set("full")
    full.add("full.png", (5, 5, 190, 150))
    full.config()
    assert empty_crops(read(full), replace(RULES, max_object_fraction=1.0), 16, 3, seed=0, problems=Tally(0)).shape == (
        0,
        16,
        16,
        3,
    )
    for path in photos.images.iterdir():
        path.write_bytes(b"nothing")
    problems = Tally(0)
    assert len(empty_crops(read(photos), RULES, 16, 3, seed=0, problems=problems)) == 0
    assert problems.counts == {"photo": 3, "object": 0}
    assert "0.png: " in problems.as_report()["listed"][0]


def test_crowds_are_objects_too(photos):
    content = json.loads(photos.annotations.read_text())
    for annotation in list(content["annotations"]):
        crowd = annotation | {"id": annotation["id"] + 100, "iscrowd": 1, "bbox": [70, 0, 130, 160]}
        content["annotations"].append(crowd)
    photos.annotations.write_text(json.dumps(content))
    for path in photos.images.iterdir():
        pixels = np.array(Image.open(path))
        pixels[:, 70:] = 255
        Image.fromarray(pixels).save(path)
    crops = empty_crops(read(photos), RULES, 16, 12, seed=0, problems=Tally(0))
    assert len(crops)
    assert crops[..., :2].max() == 0


def test_holes_in_real_photographs_are_filled_better_by_opencv_than_by_their_mean_colour(cats_val):
    photos = list(read_annotations("coco", *cats_val))
    crops = empty_crops(photos, RULES, 64, 12, seed=0, problems=Tally(0))
    assert crops.shape == (12, 64, 64, 3)
    holes = np.zeros((12, 64, 64), bool)
    holes[:, 20:44, 24:40] = True

    def mean_colour(images, masks):
        colours = images.sum(axis=(1, 2), keepdims=True) / (1 - masks).sum(axis=(1, 2), keepdims=True)
        return np.broadcast_to(colours / 127.5 - 1, images.shape)

    result = inpainting.measure_inpainting(mean_colour, crops, holes)
    for kind, better in (("l1", np.less), ("psnr", np.greater)):
        for name in ("telea", "navier_stokes"):
            assert better(result[kind][name], result[kind]["model"])
