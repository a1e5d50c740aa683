"""The same set in several formats gives the same photos and boxes."""

import re
from dataclasses import replace

import numpy as np
import pytest

from seigan_tf.config import DataConfig
from seigan_tf.data import load_crops
from seigan_tf.data.annotations.formats import guess_format, read_annotations
from seigan_tf.data.photos.photo import Object, Photo, Problem
from tests.data.annotations import conversions
from tests.data.annotations.tool_exports import EXPORTS

UNREADABLE = (10, 10, 71, 20)
"""A box whose width becomes a word in the annotations."""
WIDTHS = (
    r"(?<=10, 10, )71|(?<=10,10,)71|0\.355000|(?<=<xmax>)81|(?<=xbr=\")81|(?<=      )81(?=,\n)"  # ... Labelme
    r"|(?<=width\": )35\.5|(?<=width\": )71|(?<=\"\"width\"\": )71|(?<=10 10 )81|0\.405"  # Label Studio ... Open Images
)


def write(export, photos, folder):
    """Writes photos into the folder as the export names them; hands back source and path."""
    source, name, writer = EXPORTS[export]
    folder.mkdir(exist_ok=True)
    return source, writer(photos, folder / name)


def _make_unreadable(annotations):
    """Writes a word in place of the width, or of the right edge, of the box UNREADABLE, in the one file it is in."""
    paths = [annotations] if annotations.is_file() else sorted(annotations.rglob("a.*"))
    (path,) = paths
    text, count = re.subn(WIDTHS, '"wide"' if path.suffix == ".json" else "wide", path.read_text())
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


@pytest.mark.parametrize("export", EXPORTS)
def test_conversion_of_boxes_of_any_size_gives_the_same_photos_and_boxes(photo_set, tmp_path, export):
    generator = np.random.default_rng(0)
    photo_set.content["categories"].append({"id": 2, "name": "big-dog"})
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
    source, path = write(export, photos, tmp_path / "converted")
    assert guess_format(photo_set.images, path) == source
    converted = [item for item in read_annotations(source, photo_set.images, path) if isinstance(item, Photo)]
    assert len(content(converted)["sub/a.png"][2]) == 20
    assert content(converted) == content(photos)


UNPLACEABLE = {"outside": (500, 10, 20, 20), "flipped": (10, 10, -20, 20), "text": UNREADABLE}


@pytest.mark.parametrize(
    ("export", "box"),
    [
        pytest.param(export, box, id=f"{export}-{name}")
        for export in ("coco", *EXPORTS)
        for name, box in UNPLACEABLE.items()
        if (export, name) != ("labelme", "flipped")  # Labelme's rectangles may be drawn from any corner
    ],
)
def test_photo_with_an_object_that_cannot_be_placed_is_incomplete(photo_set, tmp_path, export, box):
    photo_set.add("a.png", (10, 10, 30, 30), box)
    photo_set.add("b.png", (10, 10, 30, 30))
    photo_set.config()
    source, annotations = "coco", photo_set.annotations
    if export != "coco":
        photos = [
            Photo(photo_set.images / name, 200, 160, tuple(map(Object, boxes)))
            for name, boxes in (("a.png", [(10, 10, 30, 30), box]), ("b.png", [(10, 10, 30, 30)]))
        ]
        photos = [
            replace(photo, objects=tuple(replace(item, category="cat") for item in photo.objects)) for photo in photos
        ]
        source, annotations = write(export, photos, tmp_path / "converted")
    if box == UNREADABLE:
        _make_unreadable(annotations)
    items = list(read_annotations(source, photo_set.images, annotations))
    assert [(item.name, len(item.objects), item.incomplete) for item in items if isinstance(item, Photo)] == [
        ("a.png", 1, True),
        ("b.png", 1, False),
    ]
    assert [item.kind for item in items if isinstance(item, Problem)] == ["object"]


@pytest.mark.parametrize("export", EXPORTS)
def test_conversion_of_boxes_gives_identical_crops(photo_set, tmp_path, export):
    for number in range(4):
        photo_set.add(f"{number}.png", (20 + number, 30, 40, 35.5), (120, 90 + number, 30.25, 30))
    config = photo_set.config(held_out=0)
    expected = load_crops(config, 48)
    photos = list(read_annotations("coco", photo_set.images, photo_set.annotations))
    source, path = write(export, photos, tmp_path / "converted")
    crops = load_crops(replace(config, source=source, annotations=path), 48)
    assert len(crops.objects.images) == 8
    for part, other in ((crops.objects, expected.objects), (crops.backgrounds, expected.backgrounds)):
        np.testing.assert_array_equal(part.images, other.images)
    np.testing.assert_array_equal(crops.objects.boxes, expected.objects.boxes)


@pytest.mark.parametrize("export", ["yolo", "voc", "csv"])
def test_conversion_of_the_cats_gives_identical_crops(cats, tmp_path, export):
    images, photos = cats
    config = DataConfig(source="coco", images=images, max_object_fraction=0.9, held_out=0)
    expected = load_crops(replace(config, annotations=images.parent / "instances_val.json"), 48)
    source, path = write(export, photos, tmp_path / "converted")
    crops = load_crops(replace(config, source=source, annotations=path), 48)
    assert len(crops.objects.images) == 115
    np.testing.assert_array_equal(crops.objects.images, expected.objects.images)
    np.testing.assert_array_equal(crops.objects.boxes, expected.objects.boxes)
    np.testing.assert_array_equal(crops.backgrounds.images, expected.backgrounds.images)


@pytest.mark.parametrize("export", EXPORTS)
def test_conversion_of_the_cats_gives_the_same_photos_and_boxes(cats, tmp_path, export):
    images, photos = cats
    source, path = write(export, photos, tmp_path / "converted")
    converted = [item for item in read_annotations(source, images, path) if isinstance(item, Photo)]
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
