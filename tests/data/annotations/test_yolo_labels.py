"""Finding the label files of YOLO sets: exports of tools, names of uploads, and files that fit no photo."""

import pytest
from PIL import Image

from seigan_tf.data.annotations.formats import guess_format, read_annotations
from seigan_tf.data.photos.photo import Note, Photo, Problem

ROW = "1 0.5 0.5 0.25 0.4\n"


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name in ("0.jpg", "1.jpg"):
        add_photo(folder, name)
    return folder


def add_photo(folder, name):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (200, 100)).save(folder / name)


def written(folder, **files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def read(photos, labels):
    assert guess_format(photos, labels) == "yolo"
    items = list(read_annotations("yolo", photos, labels))
    objects = {item.name: item.objects for item in items if isinstance(item, Photo)}
    incomplete = [item.name for item in items if isinstance(item, Photo) and item.incomplete]
    problems = [item for item in items if isinstance(item, Problem)]
    return objects, incomplete, problems, [item.text for item in items if isinstance(item, Note)]


@pytest.mark.parametrize(
    ("files", "place", "first"),
    [
        (
            {
                "classes.txt": "cat\ndog\n",
                "notes.json": '{"categories": [], "info": {}}',
                "labels/0.txt": ROW,
                "labels/1.txt": "",
            },
            "",
            "labels/0.txt",
        ),
        (
            {
                "obj.names": "cat\ndog\n",
                "obj.data": "classes = 2\ntrain = data/train.txt\nnames = data/obj.names\n",
                "train.txt": "data/obj_train_data/0.jpg\ndata/obj_train_data/1.jpg\n",
                "obj_train_data/0.txt": ROW,
                "obj_train_data/1.txt": "",
            },
            "",
            "obj_train_data/0.txt",
        ),
        (
            {"classes.txt": "cat\ndog\n", "labels/ab12cd30-0.txt": ROW, "labels/00000001-1.txt": ""},
            "",
            "labels/ab12cd30-0.txt",
        ),
        (
            {"classes.txt": "cat\ndog\n", "labels/ab12cd30-0.txt": ROW, "labels/00000001-1.txt": ""},
            "labels",
            "ab12cd30-0.txt",
        ),
    ],
    ids=["Label Studio", "CVAT", "uploads", "uploads by their labels"],
)
def test_labels_in_a_folder_of_an_export_are_found_by_the_end_of_the_path(tmp_path, photos, files, place, first):
    folder = written(tmp_path / "export", **files)
    objects, incomplete, problems, (note,) = read(photos, folder / place)
    assert [(item.box, item.category) for item in objects["0.jpg"]] == [((75, 30, 50, 40), "dog")]
    assert objects["1.jpg"] == ()
    assert (incomplete, problems) == ([], [])
    assert "2 photographs are found by the end of the path" in note
    assert first in note or "00000001-1.txt is 1.jpg" in note


def test_label_file_with_the_longest_common_end_is_the_photos(tmp_path, photos):
    add_photo(photos, "train/5.jpg")
    labels = {"x/0.txt": ROW, "x/1.txt": "", "x/train/5.txt": ROW, "x/val/5.txt": ROW + ROW}
    objects, incomplete, problems, _ = read(photos, written(tmp_path / "export", **labels))
    assert [len(objects[name]) for name in ("0.jpg", "1.jpg", "train/5.jpg")] == [1, 0, 1]
    assert problems == [("photo", "x/val/5.txt", "a label file without a photo")]
    assert incomplete == []


def test_label_files_that_fit_a_photo_alike_are_not_used(tmp_path, photos):
    labels = {"a/0.txt": ROW, "b/0.txt": ROW, "1.txt": ROW}
    objects, incomplete, problems, (note,) = read(photos, written(tmp_path / "export", **labels))
    assert (len(objects["0.jpg"]), len(objects["1.jpg"])) == (0, 1)
    assert incomplete == ["0.jpg"]
    assert [item.where for item in problems] == ["a/0.txt", "b/0.txt"]
    assert problems[0].what == "one of 2 label files that fit the photo 0.jpg alike, expected one"
    assert "no crop is taken" in note


def test_label_file_that_fits_several_photos_is_not_used(tmp_path):
    photos = tmp_path / "photos"
    for name in ("a/0.jpg", "b/0.jpg"):
        add_photo(photos, name)
    _, incomplete, (problem,), _ = read(photos, written(tmp_path / "export", **{"labels/0.txt": ROW}))
    assert incomplete == ["a/0.jpg", "b/0.jpg"]
    assert "fits 2 photos alike" in problem.what


def test_photo_with_its_own_label_file_takes_no_other(tmp_path, photos):
    labels = {"0.txt": ROW, "1.txt": "", "val/0.txt": ROW + ROW}
    objects, incomplete, problems, notes = read(photos, written(tmp_path / "export", **labels))
    assert len(objects["0.jpg"]) == 1
    assert problems == [("photo", "val/0.txt", "a label file without a photo")]
    assert (incomplete, notes) == ([], [])


def test_photo_without_label_file_is_incomplete_if_label_files_are_left(tmp_path, photos):
    folder = written(tmp_path / "export", **{"0.txt": ROW, "other.txt": ROW})
    objects, incomplete, _, (note,) = read(photos, folder)
    assert (len(objects["0.jpg"]), objects["1.jpg"]) == (1, ())
    assert incomplete == ["1.jpg"]
    assert "photographs without a label file: 1, label files without a photograph: 1" in note
    (folder / "other.txt").unlink()
    assert read(photos, folder)[1:] == ([], [], [])


def test_malformed_row_of_a_file_found_by_its_end_names_file_and_photo(tmp_path, photos):
    _, incomplete, (problem,), _ = read(photos, written(tmp_path / "export", **{"x/0.txt": f"{ROW}0 0.5 0.5 2 2\n"}))
    assert problem.where == "x/0.txt: line 2 of 0.jpg"
    assert incomplete == ["0.jpg"]


def test_photos_that_share_a_label_file_are_not_used(tmp_path, photos):
    for name in ("a.png", "a.jpg", "b.jpg", "b.png"):
        add_photo(photos, name)
    folder = written(tmp_path / "labels", **{"0.txt": ROW, "1.txt": "", "a.txt": ROW})
    objects, incomplete, problems, notes = read(photos, folder)
    assert sorted(objects) == ["0.jpg", "1.jpg", "b.jpg", "b.png"]  # b has no label file: two photos without objects
    what = "a.txt is the label file of a.jpg and of a.png, expected one photo; they are not used"
    assert problems == [("photo", "a.jpg", what), ("photo", "a.png", what)]
    assert (incomplete, notes) == ([], [])
