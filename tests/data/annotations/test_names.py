"""Photographs found by the names that annotation tools give them."""

import json

import pytest
from PIL import Image

from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.annotations.names import PhotoNames
from seigan_tf.data.photos.photo import Note, Photo, Problem


@pytest.fixture
def images(tmp_path):
    """A folder of photos."""
    folder = tmp_path / "photos"
    for name in ("a.jpg", "day 1/b.jpg", "day 2/b.jpg", "day 2/IMG_7.JPG", "caf\u00e9.png", "my cat (2).jpg"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200, 160)).save(path)
    return folder


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("a.jpg", "a.jpg"),
        ("images/a.jpg", "a.jpg"),
        ("..\\..\\media\\upload\\4\\a.jpg", "a.jpg"),
        ("C:\\Users\\me\\a.jpg", "a.jpg"),
        ("/home/me/set/day 1/b.jpg", "day 1/b.jpg"),
        ("set/DAY 2/b.jpg", "day 2/b.jpg"),
        ("http://images.example.org/train/a.jpg?size=1", "a.jpg"),
        ("https://example.org/day%201/b.jpg", "day 1/b.jpg"),
        ("s3://bucket/day 2/b.jpg", "day 2/b.jpg"),
        ("file:///home/me/a.jpg", "a.jpg"),
        ("/data/upload/4/0a1b2c3d-a.jpg", "a.jpg"),
        ("/data/upload/4/0a1b2c3d-my_cat_2.jpg", "my cat (2).jpg"),
        ("/data/local-files/?d=disk/day%202/b.jpg", "day 2/b.jpg"),
        ("img_7.jpg", "day 2/IMG_7.JPG"),
        ("IMG_7", "day 2/IMG_7.JPG"),
        ("a", "a.jpg"),
        ("cafe\u0301.png", "caf\u00e9.png"),
    ],
)
def test_photo_is_found_by_the_end_of_the_name_that_a_tool_gives_it(images, given, name):
    assert PhotoNames(images).find(given) == name


def test_absolute_path_inside_the_folder_is_that_photo(images):
    assert PhotoNames(images).find(str(images / "day 1" / "b.jpg")) == "day 1/b.jpg"


def test_missing_photo_keeps_its_name_and_names_outside_are_refused(images, one_line_error):
    names = PhotoNames(images)
    assert names.find("train/c.jpg") == "train/c.jpg"
    assert "leaves the folder" in one_line_error(names.find, "../c.jpg")
    assert "leaves the folder" in one_line_error(names.find, "/etc/passwd")
    for name in ("..", "../..", "/", "s3://bucket/..", "a/..", "", ".", "//"):
        assert "file name" in one_line_error(names.find, name)


def test_name_that_fits_two_photos_alike_is_refused(images, one_line_error):
    message = one_line_error(PhotoNames(images).find, "train/b.jpg")
    assert "fits 2 photos alike (day 1/b.jpg, day 2/b.jpg)" in message


@pytest.mark.parametrize(
    ("given", "name"),
    [("7", "7.png"), ("old/7", "old/7.png"), ("x/7", None), ("img_1.jpg", "IMG_1.JPG"), ("Img_1", "IMG_1.JPG")],
)
def test_path_but_for_its_ending_and_case_means_that_photo_and_none_deeper(tmp_path, one_line_error, given, name):
    (tmp_path / "old").mkdir()
    for photo in ("7.png", "old/7.png", "IMG_1.JPG", "old/img_1.jpg"):
        (tmp_path / photo).touch()
    names = PhotoNames(tmp_path)
    if name:
        assert names.find(given) == names.find(str(tmp_path / given)) == name
    else:
        assert "fits 2 photos alike (7.png, old/7.png)" in one_line_error(names.find, given)


def test_photos_found_by_the_end_are_told_once(images):
    names = PhotoNames(images)
    for given in ("a.jpg", "x/day 1/b.jpg", "x/day 2/b.jpg", "x/day 1/b.jpg"):
        names.find(given)
    (note,) = names.notes("boxes.json")
    assert note == Note("boxes.json: 2 photographs are found by the end of the path, as x/day 1/b.jpg is day 1/b.jpg")


def test_one_photo_for_two_names_is_used_for_neither(images, tmp_path):
    entries = [{"id": i, "file_name": name, "width": 200, "height": 160} for i, name in enumerate(("x/a.jpg", "a.jpg"))]
    boxes = [{"id": i, "image_id": i, "bbox": [1, 2, 30, 40]} for i in range(2)]
    for order in (entries, entries[::-1]):
        (tmp_path / "boxes.json").write_text(json.dumps({"images": order, "annotations": boxes}))
        items = list(read_annotations("coco", images, tmp_path / "boxes.json"))
        assert not [item for item in items if isinstance(item, Photo)]
        (problem,) = [item for item in items if isinstance(item, Problem)]
        assert "both end as a.jpg does" in problem.what
