"""Reading COCO annotations: what is accepted, what is skipped and named, what ends the reading, in how much memory."""

import io
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import ijson
import pytest

from seigan_tf.data.annotations import joining
from seigan_tf.data.annotations.coco import read_coco
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.annotations.json_files import DEEPEST, Shallow
from seigan_tf.data.photos.photo import Note, Object, Photo, Problem

# ijson's generators in Python are not silent when they are left early.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(params=["yajl2_c", "python"])
def backend(request, monkeypatch):
    """ijson's two ways to parse: the fast one may be missing where no wheel is built."""
    try:
        items = ijson.get_backend(request.param).items
    except ImportError:
        pytest.skip(f"ijson has no {request.param} here")
    monkeypatch.setattr(ijson, "items", items)


def read(photo_set, **lists):
    """Photos by name, and problems, of the set."""
    photo_set.content.update(lists)
    photo_set.config()
    items = list(read_coco(photo_set.images, photo_set.annotations))
    photos = {item.name: item for item in items if isinstance(item, Photo)}
    return photos, [item for item in items if isinstance(item, Problem)]


def boxes(photo: Photo) -> list[tuple]:
    return [item.box for item in photo.objects]


def read_text(photo_set, content: str | bytes):
    photo_set.annotations.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_coco(photo_set.images, photo_set.annotations))


def test_photos_come_in_the_order_of_the_file_with_size_objects_and_classes(photo_set, backend):
    polygon = [[10, 20, 40, 20, 40, 60]]
    path = photo_set.add("b.png", (10, 20, 30, 40), (1, 2, 3, 4), width=100, height=90, segmentation=polygon)
    photo_set.add("empty.png")
    photo_set.add("a.png", (0, 0, 50.126, 60), iscrowd=1, category_id=None)
    photos, problems = read(photo_set)
    assert problems == []
    assert list(photos) == ["b.png", "empty.png", "a.png"]
    assert photos["b.png"] == Photo(
        path,
        100,
        90,
        (
            Object((10, 20, 30, 40), segmentation=polygon, id=1, category="cat"),
            Object((1, 2, 3, 4), segmentation=polygon, id=2, category="cat"),
        ),
    )
    assert photos["empty.png"].objects == ()
    assert photos["a.png"].objects == (Object((0, 0, 50.13, 60), crowd=True, id=3, category=""),)


def test_annotations_may_come_before_the_photos_and_in_any_order(photo_set, backend):
    for index in range(5):
        photo_set.add(f"{index}.png", (index, 1, 5, 5), (index, 2, 5, 5))
    expected, _ = read(photo_set)
    shuffled = photo_set.content["annotations"][::2] + photo_set.content["annotations"][1::2]
    content = {"annotations": shuffled, "images": photo_set.content["images"]}
    photos = [item for item in read_text(photo_set, json.dumps(content)) if isinstance(item, Photo)]
    assert list(map(boxes, photos)) == list(map(boxes, expected.values()))


def test_photos_in_folders_are_named_with_forward_slashes(photo_set):
    (photo_set.images / "train").mkdir()
    photo_set.add("train/a.png", (1, 1, 5, 5))
    photo_set.content["images"][0]["file_name"] = "train\\.\\a.png"
    photos, _ = read(photo_set)
    assert photos["train/a.png"].path == photo_set.images / "train" / "a.png"


def test_names_and_ids_beyond_ascii_and_32_bits(photo_set, backend):
    photo_set.add("こねこ.png", (1, 1, 5, 5), id=2**62)
    photo_set.content["categories"][0]["name"] = "猫 \t"
    photos, problems = read(photo_set)
    assert problems == []
    assert photos["こねこ.png"].objects == (Object((1, 1, 5, 5), id=2**62, category="猫"),)


def test_byte_order_mark_is_skipped(photo_set):
    photo_set.add("a.png", (1, 1, 5, 5))
    assert len(read_text(photo_set, b"\xef\xbb\xbf" + json.dumps(photo_set.content).encode())) == 1


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        ("images", {"id": True}, "'id' is True"),
        ("images", {"id": ""}, "'id' is ''"),
        ("images", {"height": "tall"}, "photo of 200 x tall pixels"),
        ("images", {"height": -1}, "photo of 200 x -1 pixels"),
        ("images", {"width": 20.5}, "photo of 20.5 x 160 pixels"),
        ("images", {"file_name": 7}, "'file_name' is 7"),
        ("images", {"file_name": ""}, "'file_name' is ''"),
        ("images", {"file_name": "../c.png"}, "../c.png leaves the folder"),
        ("images", {"file_name": "a\n.png"}, "control characters"),
        ("annotations", {"id": [1]}, "'id' is [1]"),
        ("annotations", {"image_id": 99}, "is of image 99"),
        ("annotations", {"image_id": "one"}, "is of image one"),
        ("annotations", {"image_id": [[1]]}, "'image_id' is [[1]]"),
        ("annotations", {"bbox": [1, 2, 3]}, "'bbox' is [1, 2, 3]"),
        ("annotations", {"bbox": None}, "'bbox' is None"),
        ("annotations", {"bbox": {"x": 1}}, "'bbox' is {'x': 1}"),
        ("annotations", {"bbox": ["a", 1, 2, 3]}, "'bbox' is ['a', 1, 2, 3], expected numbers [x, y, width, height]"),
        ("annotations", {"bbox": [10, 10, -5, 20]}, "negative size"),
        ("annotations", {"bbox": [300, 10, 20, 20]}, "is not inside the 200 x 160 photo"),
        ("annotations", {"iscrowd": "yes"}, "'iscrowd' is yes"),
    ],
)
def test_wrong_field_is_a_problem_that_says_what_it_was_and_the_rest_is_read(photo_set, kind, change, expected):
    photo_set.add("a.png", (1, 1, 5, 5))
    photo_set.add("b.png", (1, 1, 5, 5))
    photo_set.content[kind][0].update(change)
    photos, problems = read(photo_set)
    problem, *more = problems
    # An image without an id leaves its annotations without an image.
    assert len(more) == ("id" in change and kind == "images")
    assert problem.kind == {"images": "photo", "annotations": "object"}[kind]
    assert problem.where.startswith(f"{photo_set.annotations.name}: {kind[:-1]} ")
    assert expected in problem.what
    assert len(photos["b.png"].objects) == 1
    assert ("a.png" in photos) == (kind == "annotations")


@pytest.mark.parametrize("entry", [None, 3, "a.png", [], [1], {}])
@pytest.mark.parametrize("kind", ["images", "annotations"])
def test_entry_that_is_no_object_is_a_problem(photo_set, kind, entry):
    photo_set.add("a.png", (1, 1, 5, 5))
    photo_set.content[kind].append(entry)
    photos, problems = read(photo_set)
    assert len(photos["a.png"].objects) == 1
    assert [problem.where for problem in problems] == [f"annotations.json: {kind[:-1]} number 2 of the list"]


def test_problem_of_a_box_names_annotation_photo_box_and_size(photo_set):
    photo_set.add("a.png", (1, 1, 5, 5), (10, 150, 20, 30))
    _, problems = read(photo_set)
    where, what = "annotations.json: annotation 2 of a.png", "box [10.0, 150.0, 20.0, 30.0] (x, y, width, height)"
    assert problems == [Problem("object", where, f"{what} is not inside the 200 x 160 photo")]


def test_objects_of_a_refused_photo_are_lost_with_it_and_are_no_problems_of_their_own(photo_set):
    photo_set.add("a.png", (1, 1, 5, 5), (2, 2, 5, 5))
    photo_set.content["images"][0]["width"] = -1
    photo_set.content["annotations"][1]["bbox"] = None
    photos, problems = read(photo_set)
    assert photos == {}
    assert [problem.kind for problem in problems] == ["photo"]


def test_id_of_two_photos_loses_both_because_their_objects_cannot_be_told_apart(photo_set):
    photo_set.add("a.png", (1, 1, 5, 5))
    photo_set.add("b.png", (1, 1, 5, 5))
    photo_set.add("c.png", (1, 1, 5, 5))
    photo_set.content["images"][1]["id"] = 1
    photos, problems = read(photo_set)
    assert list(photos) == ["c.png"]
    assert [problem.kind for problem in problems] == ["photo", "object"]
    assert "image 1 (b.png)" in problems[0].where
    assert "that of a.png too" in problems[0].what


def test_id_of_a_photo_and_of_a_malformed_entry_loses_the_photo(photo_set):
    photo_set.add("a.png", (1, 1, 5, 5))
    photo_set.content["images"].append({"id": 1})
    assert read(photo_set)[0] == {}
    photo_set.content["images"].reverse()
    assert read(photo_set)[0] == {}


@pytest.mark.parametrize("name", ["a.png", "./a.png"])
def test_photo_that_is_given_twice_keeps_the_objects_of_both_entries(photo_set, name):
    photo_set.add("a.png", (1, 1, 5, 5))
    photo_set.add("b.png", (2, 2, 5, 5))
    photo_set.content["images"][1]["file_name"] = name
    photos, problems = read(photo_set)
    assert boxes(photos["a.png"]) == [(1, 1, 5, 5), (2, 2, 5, 5)]
    assert [problem.kind for problem in problems] == ["photo"]
    assert "given twice" in problems[0].what


def test_annotation_id_that_is_given_twice_keeps_the_first(photo_set):
    photo_set.add("a.png", (1, 1, 5, 5), (2, 2, 5, 5), id=7)
    photos, problems = read(photo_set)
    assert boxes(photos["a.png"]) == [(1, 1, 5, 5)]
    assert [(problem.kind, problem.where) for problem in problems] == [("object", "annotations.json: annotation 7")]


@pytest.mark.parametrize(
    "categories", [None, 3, [3], [{"id": 1}], [{"id": [1], "name": "cat"}], [{"id": 1, "name": True}]]
)
def test_objects_without_a_named_class_have_an_empty_one(photo_set, categories):
    photo_set.add("a.png", (1, 1, 5, 5))
    photo_set.add("b.png", (1, 1, 5, 5), category_id={"id": 1})
    photos, problems = read(photo_set, categories=categories)
    assert problems == []
    assert photos["a.png"].objects[0].category == photos["b.png"].objects[0].category == ""


@pytest.mark.parametrize(("given", "name"), [(5, "5"), (0, "0"), (2.5, "2.5")])
def test_class_that_is_named_by_a_number_has_its_text(photo_set, backend, given, name):
    photo_set.add("a.png", (1, 1, 5, 5))
    photos, problems = read(photo_set, categories=[{"id": 1, "name": given}])
    assert (problems, photos["a.png"].objects[0].category) == ([], name)


@pytest.mark.parametrize("unknown", [9, "dog", [1], True])
def test_objects_of_a_class_that_the_categories_lack_are_told_of_and_kept(photo_set, unknown):
    photo_set.add("a.png", (1, 1, 5, 5))
    photo_set.add("b.png", (1, 1, 5, 5), (20, 20, 5, 5), category_id=unknown)
    photo_set.config()
    *photos, note = sorted(read_coco(photo_set.images, photo_set.annotations), key=lambda item: isinstance(item, Note))
    assert [[item.category for item in photo.objects] for photo in photos] == [["cat"], ["", ""]]
    assert note.text.startswith(
        "annotations.json: 2 objects have a 'category_id' that 'categories' lacks, and no class: "
    )


def test_keys_that_are_given_twice_in_the_file_are_both_read(photo_set, backend):
    image = '{"id": %d, "file_name": "%s.png", "file_name": "%s.png", "width": 9, "height": 9}'
    first, second = image % (1, "x", "a"), image % (2, "y", "b")
    items = read_text(photo_set, f'{{"images": [{first}], "annotations": [], "images": [{second}]}}')
    assert [item.name for item in items] == ["a.png", "b.png"]


@pytest.mark.parametrize("text", ["x\ud800", "x\udfff", "x\ud800 y", "x\0"])
def test_text_that_no_file_can_hold_is_replaced_or_a_problem_or_ends_in_one_line(photo_set, backend, text):
    photo_set.add("a.png", (1, 1, 5, 5), segmentation={"counts": text})
    photo_set.add("b.png")
    photo_set.content["images"][1]["file_name"] = text
    photo_set.content["categories"][0]["name"] = text
    try:
        photos, problems = read(photo_set)
    except ValueError as error:  # yajl refuses some of these, and replaces some
        assert str(error).startswith(f"{photo_set.annotations}: not JSON (")
        assert "\n" not in str(error)
    else:
        assert photos["a.png"].objects[0].category.startswith("x?")
        assert len(photos) + len(problems) == 2
        assert all(text.encode() for text in (*photos, *(problem.what for problem in problems)))


@pytest.mark.parametrize("content", ["<html>", '{"images": [', b"\xff\xfe\x00", "", "  ", "[1", '{"images": []} more'])
def test_file_that_is_not_json_is_named(photo_set, one_line_error, backend, content):
    assert f"{photo_set.annotations}: not JSON (" in one_line_error(read_text, photo_set, content)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 30, "9" * 5000, '"\xff"'])
def test_numbers_and_text_that_json_does_not_have_end_in_one_line_or_a_problem(photo_set, backend, value):
    photo_set.add("a.png", (1, 1, 5, 5))
    text = json.dumps(photo_set.content).replace('"bbox": [1,', f'"bbox": [{value},').encode("latin-1")
    try:
        problems = [item for item in read_text(photo_set, text) if isinstance(item, Problem)]
    except ValueError as error:
        message = str(error)
        assert message.startswith(f"{photo_set.annotations}: not JSON (")
        assert "\n" not in message
        assert len(message) < 400
    else:
        assert [problem.kind for problem in problems] == ["object"]


def test_nan_is_explained(photo_set, one_line_error):
    photo_set.add("a.png", (1, float("nan"), 5, 5))
    assert "NaN and Infinity are not JSON" in one_line_error(read, photo_set)


@pytest.mark.parametrize("content", ["[]", "3", "{}", '{"images": []}', '{"images": {}, "annotations": []}', "null"])
def test_json_that_is_not_coco_says_which_list_is_missing(photo_set, one_line_error, backend, content):
    message = one_line_error(read_text, photo_set, content)
    assert "not COCO annotations" in message or content == '{"images": []}'
    assert "'images'" in message


@pytest.mark.parametrize("annotations", [None, {"1": {}}, {}, "none"])
def test_missing_annotations_are_told_from_none(photo_set, one_line_error, annotations):
    photo_set.add("a.png")
    assert list(read(photo_set)[0]) == ["a.png"]
    assert "not COCO annotations, expected an object with the list 'annotations'" in one_line_error(
        read, photo_set, annotations=annotations
    )
    del photo_set.content["annotations"]
    assert "the list 'annotations'" in one_line_error(read, photo_set)


def test_annotations_without_any_photo_are_refused(photo_set, one_line_error):
    assert "names no photo" in one_line_error(read, photo_set)


def test_missing_folder_and_missing_file_are_named(photo_set, one_line_error, tmp_path):
    photo_set.config()
    missing = read_coco(tmp_path / "nowhere", photo_set.annotations)
    assert str(tmp_path / "nowhere") in one_line_error(next, missing)
    assert str(tmp_path / "no.json") in one_line_error(next, read_coco(photo_set.images, tmp_path / "no.json"))
    assert "no such file" in one_line_error(next, read_coco(photo_set.images, tmp_path))
    assert "holds no annotations, expected one" in one_line_error(read_annotations, "coco", photo_set.images, None)


@pytest.mark.parametrize("text", ["[" * 1_000_000, '{"images": [{"id": ' + '{"":' * 1_000_000, "[{" * 500 + "}]" * 500])
def test_lists_in_lists_in_lists_are_refused_before_they_fill_the_memory(photo_set, one_line_error, backend, text):
    assert f"more than {DEEPEST} deep" in one_line_error(read_text, photo_set, text)


NAMES = [
    "[" * 150,
    '"[' * 100,
    "[{" * 100 + "\\",
    "\\" * 99 + "[" * 150,
    "\\" * 100 + '"' + "{" * 150,
    ']"[\\"' * 40,
    "",
]


def test_brackets_quotes_and_backslashes_in_text_are_not_taken_for_lists(photo_set, backend):
    photo_set.add("a.png", (1, 1, 5, 5))
    photo_set.content["info"] = NAMES * 100  # more than is read at once
    photos, problems = read(photo_set)
    assert problems == []
    assert list(photos) == ["a.png"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_text_is_told_from_lists_wherever_the_file_is_cut(size):
    data = json.dumps(NAMES).encode()
    file = Shallow(io.BytesIO(data))
    assert b"".join(iter(lambda: file.read(size), b"")) == data
    file = Shallow(io.BytesIO(data[:-1] + b"," + b"[" * DEEPEST))
    with pytest.raises(ValueError, match="deep"):
        list(iter(lambda: file.read(size), b""))


def test_segmentation_is_handed_on_as_it_is(photo_set, backend):
    values = [[[1, 2.5, 3]], {"size": [6, 8], "counts": [1, 47]}, {"counts": "`0"}, 5, "x", [[[[]]]], [{"a": None}]]
    for index, value in enumerate(values):
        photo_set.add(f"{index}.png", (1, 1, 5, 5), segmentation=value)
    photo_set.add("none.png", (1, 1, 5, 5), (1, 1, 6, 6), segmentation=[])
    photos, problems = read(photo_set)
    assert problems == []
    assert [photo.objects[0].segmentation for photo in photos.values()] == [*values, None]


def write_many(photo_set, photos: int) -> None:
    """Five annotations a photo, those of one photo far apart."""
    images = [{"id": index, "file_name": f"{index}.png", "width": 64, "height": 64} for index in range(photos)]
    entries = [
        {"id": index, "image_id": index % photos, "bbox": [1, 2, 30, 40], "segmentation": [[1, 2, 31, 2, 31, 42]]}
        for index in range(5 * photos)
    ]
    photo_set.annotations.write_text(json.dumps({"images": images, "annotations": entries}))


def test_memory_does_not_grow_with_the_number_of_photos(photo_set):
    write_many(photo_set, 1500)
    tracemalloc.start()
    try:
        count = sum(len(photo.objects) for photo in read_coco(photo_set.images, photo_set.annotations))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 7_500
    # 1 to 2 MB at any number, for the pieces in which the file is parsed; these objects in a list take 5 MB.
    assert peak < 3e6


def temporary_files() -> list[str]:
    """SQLite's that this process has open; they have no name in any folder."""
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("this system does not list the open files of a process")
    return [link for link in map(os.path.realpath, folder.iterdir()) if "etilqs" in link]


def test_temporary_file_is_gone_at_the_end_and_when_the_reader_is_left_early(photo_set, monkeypatch):
    write_many(photo_set, 500)
    monkeypatch.setattr(joining, "TABLES", joining.TABLES + "PRAGMA cache_size = 4;")
    reader = read_coco(photo_set.images, photo_set.annotations)
    next(reader)
    (path,) = temporary_files()
    assert not os.path.exists(path)
    reader.close()
    assert temporary_files() == []
    reader = read_coco(photo_set.images, photo_set.annotations)
    next(reader)
    del reader
    assert temporary_files() == []
    assert len(list(read_coco(photo_set.images, photo_set.annotations))) == 500
    assert temporary_files() == []


def test_full_disk_ends_with_one_line(photo_set, one_line_error, monkeypatch):
    write_many(photo_set, 200)
    monkeypatch.setattr(joining, "TABLES", joining.TABLES + "PRAGMA max_page_count = 10;")
    message = one_line_error(list, read_coco(photo_set.images, photo_set.annotations))
    assert str(photo_set.annotations) in message
    assert "full" in message


def test_reading_needs_no_tensorflow(photo_set):
    write_many(photo_set, 1)
    code = (
        "import sys; from pathlib import Path; from seigan_tf.data.annotations.formats import read_annotations;"
        "print(len(list(read_annotations('coco', Path(sys.argv[1]), Path(sys.argv[2])))), 'tensorflow' in sys.modules)"
    )
    command = [sys.executable, "-c", code, photo_set.images, photo_set.annotations]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == ["1", "False"]


def test_published_sets_are_read_without_problems(coco128, cats_val):
    for (images, annotations), photos, objects in ((coco128, 128, 939), (cats_val, 187, 763)):
        items = list(read_coco(images, annotations))
        assert len(items) == photos
        assert sum(len(item.objects) for item in items) == objects
        assert all(item.category and item.segmentation for photo in items for item in photo.objects)


def test_ids_may_be_texts_and_numbers_of_one_value_are_one_id(photo_set, backend):
    photo_set.add("a.png", (1, 1, 5, 5))
    photo_set.add("b.png", (2, 2, 5, 5), (3, 3, 5, 5))
    photo_set.content["images"][1]["id"] = "img-b"
    first, second, third = photo_set.content["annotations"]
    first.update(image_id="1", category_id="1", id="70")
    second.update(image_id="img-b", id="x")
    third.update(image_id="img-b", id="x")
    photos, problems = read(photo_set)
    assert photos["a.png"].objects == (Object((1, 1, 5, 5), id=70, category="cat"),)
    assert boxes(photos["b.png"]) == [(2, 2, 5, 5)]
    assert [problem.what for problem in problems] == ["the id is given twice, expected unique ids"]


def test_ids_of_text_that_look_like_numbers_are_texts(photo_set, backend):
    ids = ["12e2", 1200, "1234e567", "9999e999", "1200.0"]
    for index, identity in enumerate(ids):
        photo_set.add(f"{index}.png", (1, 1, 5, 5), id=identity)
    photos, problems = read(photo_set)
    assert problems == []
    assert [photo.objects[0].id for photo in photos.values()] == [1, 1200, 3, 4, 5]


@pytest.mark.parametrize("size", [{}, {"width": None, "height": None}, {"width": 0, "height": 160}, {"width": "200"}])
def test_size_that_is_not_given_is_read_from_the_photo(photo_set, size):
    photo_set.add("a.png", (1, 1, 5, 5))
    entry = photo_set.content["images"][0]
    photo_set.content["images"][0] = {"id": entry["id"], "file_name": entry["file_name"]} | size
    photos, problems = read(photo_set)
    assert (problems, photos["a.png"].width, photos["a.png"].height) == ([], 200, 160)


def test_objects_without_ids_are_numbered(photo_set):
    photo_set.add("a.png", (1, 1, 5, 5), (2, 2, 5, 5))
    for entry in photo_set.content["annotations"]:
        del entry["id"]
    photos, problems = read(photo_set)
    assert problems == []
    assert [item.id for item in photos["a.png"].objects] == [1, 2]


def test_flat_segmentation_is_one_polygon(photo_set):
    photo_set.add("a.png", (1, 1, 5, 5), segmentation=[1, 1, 6, 1, 6, 6])
    assert read(photo_set)[0]["a.png"].objects[0].segmentation == [[1, 1, 6, 1, 6, 6]]


def test_photo_of_lvis_is_named_by_its_url(photo_set):
    photo_set.add("a.png", (1, 1, 5, 5))
    del photo_set.content["images"][0]["file_name"]
    photo_set.content["images"][0]["coco_url"] = "http://images.cocodataset.org/val2017/a.png"
    assert boxes(read(photo_set)[0]["a.png"]) == [(1, 1, 5, 5)]
