"""Reading YOLO label files: the layouts, the rows, and what each malformed one is told."""

import os

import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.annotations.formats import guess_format, read_annotations
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.annotations.yolo import read_yolo
from seigan_tf.data.photos.photo import Photo, Problem


class YoloSet:
    """A set in Ultralytics' layout: images/train, labels/train and data.yaml."""

    def __init__(self, folder):
        self.folder = folder
        self.images = folder / "images" / "train"
        self.labels = folder / "labels" / "train"
        self.settings = folder / "data.yaml"
        for path in (self.images, self.labels):
            path.mkdir(parents=True)

    def add(self, name, *rows, width=200, height=100):
        path = self.images / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(path)
        if rows:
            label = (self.labels / name).with_suffix(".txt")
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text("\n".join(rows) + "\n")
        return path

    def read(self, annotations=None):
        return list(read_yolo(self.images, annotations or self.labels))


@pytest.fixture
def yolo_set(tmp_path):
    return YoloSet(tmp_path / "set")


def only_problem(items) -> Problem:
    (problem,) = [item for item in items if isinstance(item, Problem)]
    assert "\n" not in problem.where + problem.what
    return problem


def test_boxes_are_in_pixels_of_the_photo_and_classes_without_names_are_numbers(yolo_set):
    path = yolo_set.add("a.png", "0 0.5 0.5 0.25 0.4", "", "7 0.1 0.2 0.05 0.1 0.87")
    (photo,) = yolo_set.read()
    assert (photo.path, photo.width, photo.height, photo.name) == (path, 200, 100, "a.png")
    assert [item.box for item in photo.objects] == [(75, 30, 50, 40), (15, 15, 10, 10)]
    assert [(item.category, item.id, item.segmentation) for item in photo.objects] == [("0", 1, None), ("7", 3, None)]


def test_polygon_gives_its_extent_and_its_mask(yolo_set):
    yolo_set.add("a.png", "1 0.1 0.2 0.3 0.2 0.3 0.6 0.1 0.6")
    (photo,) = yolo_set.read()
    (item,) = photo.objects
    assert item.box == (20, 20, 40, 40)
    expected = np.zeros((100, 200), bool)
    expected[20:60, 20:60] = True
    assert (object_mask(item, photo) == expected).all()


def test_photo_without_label_file_or_with_an_empty_one_has_no_objects(yolo_set):
    yolo_set.add("a.png")
    yolo_set.add("b.png")
    (yolo_set.labels / "b.txt").write_text("")
    assert [(photo.name, photo.objects) for photo in yolo_set.read()] == [("a.png", ()), ("b.png", ())]


def test_labels_of_subfolders_lie_at_the_same_relative_path(yolo_set):
    yolo_set.add("day/one.two.png", "0 0.5 0.5 1 1")
    yolo_set.add("one.two.png")
    assert [(photo.name, len(photo.objects)) for photo in yolo_set.read()] == [
        ("day/one.two.png", 1),
        ("one.two.png", 0),
    ]


@pytest.mark.parametrize("given", [True, False])
def test_labels_may_lie_beside_the_photos(yolo_set, given):
    yolo_set.add("a.png")
    (yolo_set.images / "a.txt").write_text("0 0.5 0.5 1 1")
    assert guess_format(yolo_set.images, yolo_set.images if given else None) == "yolo"
    (photo,) = read_annotations("yolo", yolo_set.images, yolo_set.images if given else None)
    assert photo.objects[0].box == (0, 0, 200, 100)


@pytest.mark.parametrize(
    "names",
    ["[cat, no]", "\n  - cat\n  - 'no'", "{0: cat, 1: no}", "\n  0: cat\n  1: no\n  5: other"],
)
def test_data_yaml_names_the_classes_and_labels_replace_the_last_images_folder(tmp_path, names):
    yolo_set = YoloSet(tmp_path / "images" / "set")
    yolo_set.add("a.png", "1 0.5 0.5 1 1", "0 0.5 0.5 1 1")
    yolo_set.settings.write_text(f"path: .\ntrain: images/train\nnames: {names}\n")
    for annotations in (yolo_set.settings, yolo_set.labels):
        (photo,) = yolo_set.read(annotations)
        assert [item.category for item in photo.objects] == ["no", "cat"]


def test_data_yaml_finds_labels_of_a_relative_folder(yolo_set, monkeypatch):
    yolo_set.add("a.png", "0 0.5 0.5 1 1")
    (yolo_set.labels / "b.txt").write_text("")
    yolo_set.settings.write_text("names: [cat]")
    monkeypatch.chdir(yolo_set.folder / "images")
    images = yolo_set.images.relative_to(yolo_set.folder / "images")
    photo, problem = read_yolo(images, yolo_set.settings)
    assert photo.name == "a.png"
    assert len(photo.objects) == 1
    assert problem.where == "b.txt"


@pytest.mark.parametrize("place", ["", ".."])
def test_classes_txt_in_the_labels_folder_or_above_names_the_classes(yolo_set, place):
    yolo_set.add("a.png", "1 0.5 0.5 1 1")
    (yolo_set.labels / place / "classes.txt").write_text("cat\nbig dog\n\n")
    (photo,) = yolo_set.read()
    assert photo.objects[0].category == "big dog"


def test_class_beyond_the_names_is_a_problem(yolo_set):
    yolo_set.add("a.png", "2 0.5 0.5 1 1", "0 0.5 0.5 1 1")
    (yolo_set.labels / "classes.txt").write_text("cat\ndog\n")
    items = yolo_set.read()
    assert "class is 2" in only_problem(items).what
    assert len(items[-1].objects) == 1


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("0 nan 0.5 0.1 0.1", "nan is not in [0, 1]"),
        ("0 0.5 inf 0.1 0.1", "inf is not in [0, 1]"),
        ("0 0.5 0.5 1.5 0.1", "1.5 is not in [0, 1]"),
        ("0 -0.2 0.5 0.1 0.1", "-0.2 is not in [0, 1]"),
        ("0 100 50 20 20", "100 is not in [0, 1]"),
        ("0 0.5 0.5 -0.005 0.1", "negative size"),
        ("0 0.9 0.5 0.5 0.1", "not inside the 200 x 100 photo"),
        ("0 0.5 0.5 0.1 0.1 7", "7 is not in [0, 1]"),
        ("0 0.5 0.5 0.1", "4 numbers"),
        ("0", "1 numbers"),
        ("0 0.1 0.2 0.3 0.4 0.5 0.6 0.7", "8 numbers"),
        ("0 0.1 0.2 0.3 0.4 0.5 nan", "nan is not in [0, 1]"),
        ("cat 0.5 0.5 0.1 0.1", "cat is not a number, expected class cx cy w h"),
        ("0 0,5 0,5 0,1 0,1", "0,5 is not a number"),
        ("-1 0.5 0.5 0.1 0.1", "class is -1"),
        ("0.5 0.5 0.5 0.1 0.1", "class is 0.5"),
        ("nan 0.5 0.5 0.1 0.1", "class is nan"),
        ("inf 0.5 0.5 0.1 0.1", "class is inf"),
    ],
)
def test_malformed_row_is_named_and_the_others_are_read(yolo_set, row, expected):
    yolo_set.add("a.png", "0 0.5 0.5 0.1 0.1", row, "0 0.5 0.5 0.2 0.2")
    items = yolo_set.read()
    problem = only_problem(items)
    assert problem.kind == "object"
    assert problem.where == "a.txt: line 2"
    assert expected in problem.what
    assert len(items[-1].objects) == 2


def test_box_that_leaves_the_photo_by_rounding_is_clipped(yolo_set):
    yolo_set.add("a.png", "0 0.05 0.5 0.105 1.004")
    (photo,) = yolo_set.read()
    assert photo.objects[0].box == (0, 0, 20.5, 100)


@pytest.mark.parametrize("width", [100, 4000])
def test_fractions_that_leave_the_photo_by_rounding_are_clipped_whatever_its_size(yolo_set, width):
    rows = "0 0.989 0.5 0.03 0.1", "0 0.004 0.5 0.02 0.1", "0 0.95 0.5 1.008 0.2 1.002 0.8", "0 0.9 0.5 0.3 0.1"
    yolo_set.add("a.png", *rows, width=width)
    photo, problem = sorted(yolo_set.read(), key=lambda item: isinstance(item, Problem))
    edges = [(item.box[0] / width, (item.box[0] + item.box[2]) / width) for item in photo.objects]
    assert edges == [pytest.approx(pair) for pair in ((0.974, 1), (0, 0.014), (0.95, 1))]
    assert photo.objects[2].segmentation == [pytest.approx([0.95 * width, 50, width, 20, width, 80])]
    assert (problem.where, "not inside" in problem.what) == ("a.txt: line 4", True)


def test_label_file_without_photo_is_a_problem(yolo_set):
    yolo_set.add("a.png", "0 0.5 0.5 1 1")
    (yolo_set.labels / "b.txt").write_text("0 0.5 0.5 1 1")
    (yolo_set.labels / "classes.txt").write_text("cat")
    problem = only_problem(yolo_set.read())
    assert problem == ("photo", "b.txt", "a label file without a photo")


def test_photo_that_cannot_be_opened_is_a_problem(yolo_set):
    yolo_set.add("a.png", "0 0.5 0.5 1 1").write_bytes(b"nothing")
    yolo_set.add("b.png", "0 0.5 0.5 1 1")
    items = yolo_set.read()
    problem = only_problem(items)
    assert (problem.kind, problem.where) == ("photo", "a.png")
    assert isinstance(items[-1], Photo)


def test_label_file_that_is_no_text_is_problems_only(yolo_set):
    yolo_set.add("a.png")
    (yolo_set.labels / "a.txt").write_bytes(np.random.default_rng(0).bytes(2000))
    items = yolo_set.read()
    assert {item.kind for item in items[:-1]} == {"object"}
    assert items[-1].objects == ()


def test_photo_whose_label_file_cannot_be_read_is_not_taken_for_one_without_objects(yolo_set):
    yolo_set.add("a.png")
    yolo_set.add("b.png")
    os.symlink("nowhere", yolo_set.labels / "a.txt")
    (yolo_set.labels / "b.txt").mkdir()
    items = yolo_set.read()
    assert [(item.kind, item.where) for item in items] == [("photo", "a.png"), ("photo", "b.png")]


@pytest.mark.parametrize(
    "content",
    [
        b"- 1\n- 2",
        b"text",
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"names: 3",
        b"names: [[a, b], c]",
        b"names: {a: b}",
        b"names: {0: {a: b}}",
        b"other: 3",
        b"a: &a [*a]",
        b"? {a: b}\n: c",
        b"[" * 2000,
        b"!!timestamp x: 3",
    ],
)
def test_file_that_is_no_data_yaml_is_named(yolo_set, one_line_error, content):
    yolo_set.add("a.png")
    yolo_set.settings.write_bytes(content)
    assert str(yolo_set.settings) in one_line_error(yolo_set.read, yolo_set.settings)


def test_missing_folders_are_named(yolo_set, one_line_error, tmp_path):
    yolo_set.settings.write_text("names: [cat]")
    nowhere = tmp_path / "nowhere"
    assert str(nowhere) in one_line_error(yolo_set.read, nowhere)
    assert "no photo" in one_line_error(yolo_set.read)
    assert str(nowhere) in one_line_error(lambda: list(read_yolo(nowhere, yolo_set.labels)))
    yolo_set.labels.rmdir()
    assert str(yolo_set.labels) in one_line_error(yolo_set.read, yolo_set.settings)


def test_folder_that_links_to_itself_is_read_once(yolo_set):
    yolo_set.add("a.png", "0 0.5 0.5 1 1")
    os.symlink(yolo_set.labels, yolo_set.labels / "again")
    os.symlink(yolo_set.images, yolo_set.images / "again")
    (photo,) = yolo_set.read()
    assert photo.name == "a.png"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_label_that_is_a_pipe_is_a_problem_of_its_photo_and_is_not_waited_for(yolo_set):
    label = yolo_set.labels / yolo_set.add("a.png", "0 0.5 0.5 0.25 0.4").with_suffix(".txt").name
    label.unlink()
    os.mkfifo(label)
    assert only_problem(yolo_set.read()).what == "its label file cannot be read (not a file)"


POSE = "0 0.5 0.5 0.2 0.4 0.45 0.4 {} 0.55 0.6 {}"
"""A box and two keypoints, with or without visibility."""
TURNED = "0 0.5 0.3 0.6 0.5 0.5 0.7 0.4 0.5"
"""Four corners of an oriented box."""


def long_rows(yolo_set, row: str, settings: str | None = None, count: int = 3) -> list:
    for number in range(count):
        yolo_set.add(f"{number}.png", row)
    if settings is not None:
        yolo_set.settings.write_text(settings)
    return yolo_set.read()


@pytest.mark.parametrize("dims", [2, 3])
def test_keypoints_behind_a_box_are_left_out(yolo_set, dims):
    row = POSE.format("2", "0") if dims == 3 else POSE.format("", "")
    photos = long_rows(yolo_set, row, f"names: [cat]\nkpt_shape: [2, {dims}]\n")
    for photo in photos:
        (item,) = photo.objects
        assert (item.box, item.segmentation, item.category) == ((80, 30, 40, 40), None, "cat")


def test_row_with_another_number_of_keypoints_is_a_problem(yolo_set):
    yolo_set.add("a.png", POSE.format("", "") + " 0.1 0.1", "0 0.5 0.5 0.2 0.4")
    yolo_set.settings.write_text("names: [cat]\nkpt_shape: [2, 2]\n")
    items = yolo_set.read()
    assert only_problem(items).what == "11 numbers, expected class cx cy w h and keypoints, 9 in all"
    assert items[-1].objects[0].box == (80, 30, 40, 40)


@pytest.mark.parametrize(
    ("row", "settings"),
    [(POSE.format("", ""), None), (POSE.format("2", "2"), None), (TURNED, None), (TURNED, "names: [cat]")],
    ids=["keypoints", "visible keypoints", "oriented boxes", "oriented boxes with data.yaml"],
)
def test_rows_that_cannot_be_told_apart_are_refused_with_the_way_to_say_it(yolo_set, one_line_error, row, settings):
    message = one_line_error(long_rows, yolo_set, row, settings)
    assert "yolo-pose, yolo-segment or yolo-obb" in message
    assert "kpt_shape" in message


@pytest.mark.parametrize(
    ("source", "box", "has_mask"),
    [
        ("yolo-pose", (99, 0, 2, 2), False),
        ("yolo-obb", (80, 30, 40, 40), False),
        ("yolo-segment", (80, 30, 40, 40), True),
    ],
)
def test_source_says_what_long_rows_are(yolo_set, source, box, has_mask):
    row = TURNED if source != "yolo-pose" else POSE.format("", "").replace("0.5 0.5 0.2 0.4", "0.5 0.01 0.01 0.02")
    yolo_set.add("a.png", row)
    (photo,) = read_annotations(source, yolo_set.images, yolo_set.labels)
    assert photo.objects[0].box == box
    assert bool(photo.objects[0].segmentation) == has_mask


def test_a_damaged_row_makes_no_polygons_of_keypoints(yolo_set, one_line_error):
    row = POSE.format("", "")
    for number in range(30):
        yolo_set.add(f"{number}.png", row if number else f"{row} 0.1 0.1")
    assert "all rows have 9 numbers" in one_line_error(yolo_set.read)


def test_polygons_of_different_length_need_no_word(yolo_set):
    yolo_set.add("a.png", POSE.format("", ""))
    yolo_set.add("b.png", "1 0.1 0.2 0.3 0.2 0.3 0.6")
    assert all(item.segmentation for photo in yolo_set.read() for item in photo.objects)


@pytest.mark.parametrize("shape", ["3", "[0, 2]", "[17, 4]", "[a, 2]", "[17]"])
def test_number_of_keypoints_that_is_none_is_refused(yolo_set, one_line_error, shape):
    assert "'kpt_shape' is" in one_line_error(long_rows, yolo_set, POSE, f"names: [cat]\nkpt_shape: {shape}\n")


@pytest.mark.parametrize(
    "name", ["README.dataset.txt", "README.roboflow.txt", "train.txt", "classes.txt", "obj_names.txt"]
)
def test_text_that_is_no_label_may_lie_among_the_labels(yolo_set, name):
    yolo_set.add("a.png", "0 0.5 0.5 1 1")
    (yolo_set.labels / name).write_text("data/obj_train_data/a.png\n")
    (photo,) = yolo_set.read()
    assert len(photo.objects) == 1


@pytest.mark.parametrize("name", ["classes.txt", "obj.names", "_darknet.labels"])
def test_names_of_classes_in_files_of_darknet(yolo_set, name):
    yolo_set.add("a.png", "1 0.5 0.5 1 1")
    (yolo_set.labels.parent / name).write_text("cat\nbig dog\n")
    (photo,) = yolo_set.read()
    assert photo.objects[0].category == "big dog"


def test_data_yaml_two_folders_up_and_one_of_another_kind_farther_up(tmp_path):
    yolo_set = YoloSet(tmp_path / "set" / "train" / "part")
    yolo_set.add("a.png", "1 0.5 0.5 1 1")
    (tmp_path / "set" / "train" / "data.yaml").write_text("stages: [a]\n")
    assert yolo_set.read()[0].objects[0].category == "1"
    (tmp_path / "set" / "train" / "data.yaml").write_text("names: [cat, dog]\n")
    assert yolo_set.read()[0].objects[0].category == "dog"


def test_folder_of_a_whole_set_stands_for_its_images_and_labels(yolo_set):
    yolo_set.add("a.png", "1 0.5 0.5 1 1")
    yolo_set.settings.write_text("names: [cat, dog]\n")
    for annotations in (yolo_set.folder, yolo_set.settings):
        (photo,) = read_yolo(yolo_set.folder, annotations)
        assert (photo.name, photo.objects[0].category) == ("images/train/a.png", "dog")
    (yolo_set.folder / "labels" / "val").mkdir()
    (yolo_set.folder / "labels" / "val" / "b.txt").write_text("0 0.5 0.5 1 1")
    for annotations in (yolo_set.folder, yolo_set.settings):
        (photo,) = read_yolo(yolo_set.images, annotations)
        assert (photo.name, photo.objects[0].category) == ("a.png", "dog")
