"""Common parts of the readers: photographs found and named, boxes checked, formats told apart."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seigan_tf.data.annotations.boxes import ROUNDING, checked_box, checked_size
from seigan_tf.data.annotations.formats import FORMATS, guess_format, read_annotations
from seigan_tf.data.photos.files import find_photos, locate, name_of


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def found(folder: Path) -> list[str]:
    return [name_of(path, folder) for path in find_photos(folder)]


def test_photos_are_found_below_the_folder_sorted_and_told_by_their_ending(tmp_path):
    for name in ("b/2.JPG", "b/1.png", "a.webp", "c.jpeg", "b.txt", "b/labels.csv", ".hidden.png", ".cache/d.png"):
        touch(tmp_path / name)
    (tmp_path / "folder.png").mkdir()
    assert found(tmp_path) == ["a.webp", "b/1.png", "b/2.JPG", "c.jpeg"]


def test_links_that_lead_in_a_circle_end_and_no_photo_is_found_twice(tmp_path):
    folder = tmp_path / "photos"
    touch(folder / "b" / "1.png")
    (folder / "a").symlink_to(folder / "b")
    (folder / "b" / "up").symlink_to(folder)
    (folder / "up").symlink_to(tmp_path)
    (folder / "itself").symlink_to(folder / "itself")
    assert found(folder) == ["b/1.png"]


def test_links_to_photos_elsewhere_are_followed(tmp_path):
    touch(tmp_path / "disk" / "day 1" / "1.png")
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "day").symlink_to(tmp_path / "disk" / "day 1")
    (folder / "0.png").symlink_to(tmp_path / "disk" / "day 1" / "1.png")
    (folder / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert found(folder) == ["0.png", "day/1.png", "gone.png"]
    assert locate(folder, "day/1.png").is_file()


def test_folder_that_cannot_be_read_is_named(tmp_path, one_line_error):
    assert str(tmp_path / "nowhere") in one_line_error(list, find_photos(tmp_path / "nowhere"))


@pytest.mark.parametrize("name", ["b/a.jpg", "./b/a.jpg", "b//a.jpg", "c/../b/a.jpg", "b\\a.jpg"])
def test_ways_to_write_one_path_give_one_name(name):
    images = Path("some") / "photos"
    assert name_of(locate(images, name), images) == "b/a.jpg"


@pytest.mark.parametrize("name", ["こねこ (1).jpg", "a b.jpg", "..a.jpg", "a..jpg", "...", "12:30.jpg", "a'\".jpg"])
def test_unusual_names_are_names(name):
    assert name_of(locate(Path("photos"), name), Path("photos")) == name


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../a.jpg", "b/../../a.jpg", "..", "C:\\a.jpg", "\\\\host\\a.jpg", "..\\a.jpg", "//a/b.jpg"]
)
def test_name_that_leaves_the_folder_is_refused(name, one_line_error):
    assert "leaves the folder" in one_line_error(locate, Path("photos"), name)


@pytest.mark.parametrize("name", ["", " ", ".", "a/..", "a\0.jpg", "a\n.jpg", "\udc80.jpg", "a" * 300, "a/" * 3000])
def test_name_that_no_photo_can_have_is_refused(name, one_line_error):
    message = one_line_error(locate, Path("photos"), name)
    assert "file name" in message
    assert message.encode()
    assert len(message) < 250


def test_file_whose_name_is_not_utf_8_is_refused(tmp_path, one_line_error):
    try:
        touch(tmp_path / "\udcff.jpg")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (path,) = find_photos(tmp_path)
    assert "not UTF-8" in one_line_error(name_of, path, tmp_path)


numbers = st.floats() | st.floats(-5, 110) | st.integers(-5, 110) | st.integers()


@given(numbers, numbers, numbers, numbers, st.integers(1, 120), st.integers(1, 120))
def test_checked_boxes_lie_inside_the_photo_in_hundredths_and_stay_as_they_are(x, y, w, h, width, height):
    try:
        box = checked_box((x, y, w, h), width, height)
    except ValueError as error:
        assert "\n" not in str(error)
        return
    left, top, w, h = box
    assert 0 <= left <= left + w <= width
    assert 0 <= top <= top + h <= height
    assert all(math.isclose(value * 100, round(value * 100), abs_tol=1e-6) for value in box)
    assert checked_box(box, width, height) == pytest.approx(box, abs=1e-9)


@given(st.tuples(*[st.integers(0, 10_000)] * 4), st.floats(-0.004, 0.004))
def test_boxes_that_differ_by_the_rounding_of_their_format_are_one_box(hundredths, noise):
    x, y, w, h = (value / 100 for value in hundredths)
    expected = checked_box((x, y, w, h), 200, 200)
    assert expected == (x, y, w, h)
    assert checked_box((x + noise, y - noise, w, h), 200, 200) == expected


def test_box_that_sticks_out_by_rounding_is_clipped_on_every_side():
    assert checked_box((-ROUNDING, -1, 102 + ROUNDING, 53), 100, 50) == (0, 0, 100, 50)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((300, 10, 20, 20), "is not inside the 100 x 50 photo"),
        ((-50, 10, 20, 20), "is not inside the 100 x 50 photo"),
        ((-3, 10, 20, 20), "is not inside the 100 x 50 photo"),
        ((10, 40, 20, 13), "is not inside the 100 x 50 photo"),
        ((101, 10, 0, 20), "is not inside the 100 x 50 photo"),
        ((-2, 10, 1, 20), "is not inside the 100 x 50 photo"),
        ((1e308, 10, 1e308, 20), "is not inside the 100 x 50 photo"),
        ((10, 10, -5, 20), "negative size"),
        ((10, 10, 5, -20), "negative size"),
        ((10, math.nan, 5, 20), "not finite"),
        ((10, 10, math.inf, 20), "not finite"),
        ((10, 10, 10**400, 20), "is not a number"),
        ((10, 10, "wide", 20), "wide is not a number"),
        ((10, 10, None, 20), "None is not a number"),
    ],
)
def test_box_that_is_none_is_told_why(box, expected, one_line_error):
    assert expected in one_line_error(checked_box, box, 100, 50)


def test_box_without_size_passes_so_that_a_crop_rule_counts_it():
    assert checked_box((10, 10, 0, 5), 100, 50) == (10, 10, 0, 5)


@pytest.mark.parametrize("size", [(0, 1), (1, -1), (1.5, 2), (math.nan, 2), (math.inf, 2), ("wide", 2), (None, 2)])
def test_size_of_a_photo_that_is_none_is_refused(size, one_line_error):
    assert "expected whole numbers of at least 1" in one_line_error(checked_size, *size)


def test_size_of_a_photo_is_whole_numbers():
    size = checked_size("640", 480.0)
    assert size == (640, 480)
    assert all(isinstance(side, int) for side in size)


CONTENT = {".json": '{"images": [', ".csv": "file,x,y,w,h", ".xml": "<annotation>"}


@pytest.mark.parametrize(
    ("names", "which", "expected"),
    [
        (["a.json"], "a.json", "coco"),
        (["a.csv"], "a.csv", "csv"),
        (["a.TSV"], "a.TSV", "csv"),
        (["data.yaml"], "data.yaml", "yolo"),
        (["labels/a.txt", "labels/b.txt"], "labels", "yolo"),
        (["data.yaml", "labels/train/a.txt"], ".", "yolo"),
        (["Annotations/a.xml", "ImageSets/Main/train.txt"], ".", "voc"),
        (["train/ulm/ulm_000000_000019_gtFine_polygons.json", "license.txt"], ".", "cityscapes"),
        (["train/ulm/ulm_000000_000019_gtFine_instanceIds.png"], ".", "cityscapes"),
        (["photos/boxes.csv", "photos/a.jpg"], None, "csv"),
        (["photos/boxes.json", "photos/a.jpg"], None, "coco"),
    ],
)
def test_format_is_guessed_from_names(tmp_path, names, which, expected):
    for name in ("photos/b.jpg", *names):
        touch(tmp_path / name).write_text(CONTENT.get(Path(name).suffix, ""))
    assert guess_format(tmp_path / "photos", which and tmp_path / which) == expected


@pytest.mark.parametrize("which", ["nothing.json", "empty", "a.docx"])
def test_format_that_cannot_be_guessed_is_named_with_those_known(tmp_path, which, one_line_error):
    touch(tmp_path / "a.docx")
    touch(tmp_path / "empty" / "readme.md")
    message = one_line_error(guess_format, tmp_path, tmp_path / which)
    assert str(tmp_path / which) in message
    assert "expected annotations" in message


def test_unknown_format_and_missing_folder_are_named(tmp_path, one_line_error):
    assert "'pascal', expected one of coco, csv" in one_line_error(read_annotations, "pascal", tmp_path, None)
    for source in FORMATS:
        assert "no such folder" in one_line_error(read_annotations, source, tmp_path / "nowhere", tmp_path)
