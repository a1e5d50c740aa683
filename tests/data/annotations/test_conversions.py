"""The same set in several formats gives the same photos and boxes."""

import re
from dataclasses import replace

import numpy as np
import pytest

from seigan_tf.config import DataConfig
from seigan_tf.data import load_crops
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.photos.photo import Object, Photo, Problem
from tests.data.annotations import conversions

DETECTION = [
    ("yolo", conversions.write_yolo),
    ("voc", conversions.write_voc),
    ("csv", conversions.write_csv),
]


UNREADABLE = (10, 10, 71, 20)
"""A box whose width becomes a word in the annotations."""


def _make_unreadable(annotations):
    """Writes a word in place of the width of the box UNREADABLE, in the one file where it stands."""
    widths = r"(?<=10, 10, )71|(?<=10,10,)71|0\.355000|(?<=<xmax>)81"  # COCO, CSV, YOLO, VOC
    paths = [annotations] if annotations.is_file() else sorted(annotations.rglob("a.*"))
    (path,) = paths
    text, count = re.subn(widths, '"wide"' if path.suffix == ".json" else "wide", path.read_text())
    assert count == 1
    path.write_text(text)


@pytest.fixture
def cats(cats_val) -> tuple:
    """Folder of the photographs, and the photos as read from COCO."""
    images, annotations = cats_val
    photos = list(read_annotations("coco", images, annotations))
    assert len(photos) == 187
    assert all(isinstance(photo, Photo) for photo in photos)
    return images, photos


def content(photos) -> dict:
    """Size, boxes and classes of the photos, by name, whatever the order."""
    return {
        photo.name: (photo.width, photo.height, sorted((item.box, item.category) for item in photo.objects))
        for photo in photos
    }


@pytest.mark.parametrize(("source", "write"), DETECTION, ids=[source for source, _ in DETECTION])
def test_conversion_of_boxes_of_any_size_gives_the_same_photos_and_boxes(photo_set, tmp_path, source, write):
    generator = np.random.default_rng(0)
    photo_set.content["categories"].append({"id": 2, "name": "big dog"})
    (photo_set.images / "sub").mkdir()
    for name, width, height in (("b.png", 3001, 47), ("sub/a.png", 97, 1999), ("empty.png", 10, 10)):
        corners = np.sort(generator.uniform(0, 1, (20 * (name != "empty.png"), 2, 2)), 1) * [width, height]
        corners[::2] = corners[::2].round()
        boxes = [(*low.tolist(), *(high - low).tolist()) for low, high in corners]
        photo_set.add(name, *boxes, width=width, height=height)
    for entry in photo_set.content["annotations"][::3]:
        entry["category_id"] = 2
    photo_set.config()
    photos = list(read_annotations("coco", photo_set.images, photo_set.annotations))
    converted = list(read_annotations(source, photo_set.images, write(photos, tmp_path / "converted")))
    assert len(content(converted)["sub/a.png"][2]) == 20
    assert content(converted) == content(photos)


@pytest.mark.parametrize("box", [(500, 10, 20, 20), (10, 10, -20, 20), UNREADABLE], ids=["outside", "flipped", "text"])
@pytest.mark.parametrize("source", ["coco", *[source for source, _ in DETECTION]])
def test_photo_with_an_object_that_cannot_be_placed_is_incomplete(photo_set, tmp_path, source, box):
    photo_set.add("a.png", (10, 10, 30, 30), box)
    photo_set.add("b.png", (10, 10, 30, 30))
    photo_set.config()
    annotations = photo_set.annotations
    if source != "coco":
        photos = [
            Photo(photo_set.images / name, 200, 160, tuple(map(Object, boxes)))
            for name, boxes in (("a.png", [(10, 10, 30, 30), box]), ("b.png", [(10, 10, 30, 30)]))
        ]
        annotations = dict(DETECTION)[source](photos, tmp_path / "converted")
    if box == UNREADABLE:
        _make_unreadable(annotations)
    items = list(read_annotations(source, photo_set.images, annotations))
    assert [(item.name, len(item.objects), item.incomplete) for item in items if isinstance(item, Photo)] == [
        ("a.png", 1, True),
        ("b.png", 1, False),
    ]
    assert [item.kind for item in items if isinstance(item, Problem)] == ["object"]


@pytest.mark.parametrize(("source", "write"), DETECTION, ids=[source for source, _ in DETECTION])
def test_conversion_of_the_cats_gives_identical_crops(cats, tmp_path, source, write):
    images, photos = cats
    config = DataConfig(source="coco", images=images, max_object_fraction=0.9, held_out=0)
    expected = load_crops(replace(config, annotations=images.parent / "instances_val.json"), 48)
    crops = load_crops(replace(config, source=source, annotations=write(photos, tmp_path / "converted")), 48)
    assert len(crops.objects.images) == 115
    np.testing.assert_array_equal(crops.objects.images, expected.objects.images)
    np.testing.assert_array_equal(crops.objects.boxes, expected.objects.boxes)
    np.testing.assert_array_equal(crops.backgrounds.images, expected.backgrounds.images)


@pytest.mark.parametrize(("source", "write"), DETECTION, ids=[source for source, _ in DETECTION])
def test_conversion_of_the_cats_gives_the_same_photos_and_boxes(cats, tmp_path, source, write):
    images, photos = cats
    annotations = write(photos, tmp_path / "converted")
    converted = list(read_annotations(source, images, annotations))
    assert len(converted) == len(photos)
    assert content(converted) == content(photos)


def test_segments_of_the_cats_give_the_same_photos_and_the_extents_of_their_polygons(cats, tmp_path):
    images, photos = cats
    converted = list(read_annotations("yolo", images, conversions.write_yolo_segments(photos, tmp_path / "converted")))
    assert [photo.name for photo in converted] == sorted(photo.name for photo in photos)
    expected = {photo.name: photo for photo in photos}
    for photo in converted:
        for item, original in zip(photo.objects, expected[photo.name].objects, strict=True):
            corners = [value for polygon in original.segmentation for value in polygon]
            left, top, width, height = item.box
            assert (left, top) == pytest.approx((min(corners[::2]), min(corners[1::2])), abs=0.02)
            assert (left + width, top + height) == pytest.approx((max(corners[::2]), max(corners[1::2])), abs=0.02)
            if len(original.segmentation) == 1:
                assert item.segmentation[0] == pytest.approx(corners, abs=0.001)
