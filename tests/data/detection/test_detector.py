"""Boxes drawn by a detection model, from folders of drawn photographs to COCO JSON."""

import json
import sys

import numpy as np
import pytest
from detection_models import SCORES, SIZE, add_labels, detection_model, metadata, renamed
from PIL import Image

from seigan_tf.data.annotations.coco_writer import write_coco
from seigan_tf.data.detection.detector import detect, strongest
from seigan_tf.data.detection.metadata import Labels
from seigan_tf.data.detection.model import Detections
from seigan_tf.data.photos.photo import Problem

RED, BLUE = (230, 20, 20), (20, 20, 230)

TF1 = {
    "boxes": "TFLite_Detection_PostProcess",
    "classes": "TFLite_Detection_PostProcess:1",
    "scores": "TFLite_Detection_PostProcess:2",
    "count": "TFLite_Detection_PostProcess:3",
}
TF2 = {role: f"StatefulPartitionedCall:{number}" for number, role in enumerate(("count", "scores", "classes", "boxes"))}
EFFICIENTDET = {
    role: f"StatefulPartitionedCall:{number}" for number, role in enumerate(("boxes", "classes", "scores", "count"), 31)
}
WORDS = {"boxes": "detection_boxes", "classes": "detection_classes", "scores": "detection_scores", "count": "num_boxes"}
MEANINGLESS = {"boxes": "a", "classes": "b", "scores": "c", "count": "d"}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The bytes of a model of each kind, built once."""
    known = {}

    def get(dtype="float32", raw=False):
        if (dtype, raw) not in known:
            known[dtype, raw] = detection_model(tmp_path_factory.mktemp("model"), dtype, raw)
        return known[dtype, raw]

    return get


@pytest.fixture
def model(built, tmp_path):
    """A model's file."""
    path = tmp_path / "model.tflite"
    path.write_bytes(built())
    return path


class Drawn:
    """A folder of photographs with rectangles whose places are known."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def add(self, name, red=None, blue=None, size=(120, 90), orientation=1, **options):
        """Draws a photo; the boxes are x, y, width, height in the upright photo."""
        pixels = np.full((size[1], size[0], 3), 90, np.uint8)
        for box, colour in ((red, RED), (blue, BLUE)):
            if box:
                x, y, w, h = box
                pixels[y : y + h, x : x + w] = colour
        image = Image.fromarray(pixels)
        if orientation == 6:
            # Stored as it came from the sensor, lying on its side.
            image = image.transpose(Image.Transpose.ROTATE_90)
            options["exif"] = Image.Exif()
            options["exif"][0x0112] = 6
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        image.save(path, **options)


@pytest.fixture
def drawn(tmp_path):
    return Drawn(tmp_path / "photos")


def found(drawn, model, wanted="person", **settings):
    """Names of the photos and (category, box) of their objects."""
    items = list(detect(drawn.folder, model, wanted, **settings))
    assert not [item for item in items if isinstance(item, Problem)]
    return {photo.name: [(item.category, item.box) for item in photo.objects] for photo in items}


def assert_boxes(objects, *expected):
    assert [category for category, _ in objects] == [category for category, _ in expected]
    for (_, box), (_, truth) in zip(objects, expected, strict=True):
        np.testing.assert_allclose(box, truth, atol=2)


def test_boxes_of_all_classes_are_written_as_coco_json(drawn, model, tmp_path):
    drawn.add("a.png", red=(20, 30, 40, 25), blue=(80, 10, 30, 60))
    drawn.add("sub/b.jpg", blue=(5, 6, 70, 50), size=(200, 120), quality=95, subsampling=0)
    drawn.add("empty.png")
    result = detect(drawn.folder, model, "Person", 0.4)
    assert result.wanted == "person"
    assert write_coco(result, tmp_path / "boxes.json") == []
    content = json.loads((tmp_path / "boxes.json").read_text())
    names = {entry["id"]: entry["name"] for entry in content["categories"]}
    photos = {entry["id"]: entry for entry in content["images"]}
    assert [entry["file_name"] for entry in content["images"]] == ["a.png", "empty.png", "sub/b.jpg"]
    assert [(entry["width"], entry["height"]) for entry in content["images"]] == [(120, 90), (120, 90), (200, 120)]
    boxes = [
        (photos[entry["image_id"]]["file_name"], names[entry["category_id"]], entry["bbox"])
        for entry in content["annotations"]
    ]
    expected = [
        ("a.png", "person", (20, 30, 40, 25)),
        ("a.png", "bicycle", (80, 10, 30, 60)),
        ("sub/b.jpg", "bicycle", (5, 6, 70, 50)),
    ]
    assert [box[:2] for box in boxes] == [box[:2] for box in expected]
    for box, truth in zip(boxes, expected, strict=True):
        np.testing.assert_allclose(box[2], truth[2], atol=2)


def test_scores_are_written_for_whoever_edits_the_boxes(drawn, model, tmp_path):
    drawn.add("a.png", red=(20, 30, 40, 25), blue=(80, 10, 30, 60))
    result = detect(drawn.folder, model, "person", 0.4)
    assert [item.score for photo in result for item in photo.objects] == list(SCORES)
    write_coco(result, tmp_path / "boxes.json")
    content = json.loads((tmp_path / "boxes.json").read_text())
    assert [entry["score"] for entry in content["annotations"]] == list(SCORES)


def test_photo_on_its_side_is_turned_upright(drawn, model):
    drawn.add("turned.jpg", red=(10, 20, 30, 60), size=(90, 120), orientation=6, quality=95, subsampling=0)
    (photo,) = detect(drawn.folder, model, "person")
    assert (photo.width, photo.height) == (90, 120)
    np.testing.assert_allclose(photo.objects[0].box, (10, 20, 30, 60), atol=2)


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int8"])
def test_pixels_are_given_as_the_input_takes_them(built, drawn, model, dtype):
    model.write_bytes(built(dtype))
    # Of the input's size: edges that resizing blurs would hide values that are off.
    drawn.add("a.png", red=(20, 30, 40, 25), size=(SIZE, SIZE))
    assert_boxes(found(drawn, model)["a.png"], ("person", (20, 30, 40, 25)))


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (TF1, "boxes classes scores count"),
        (TF2, "scores boxes count classes"),
        (EFFICIENTDET, "boxes classes scores count"),
        (WORDS, "count scores classes boxes"),
    ],
    ids=["tf1", "tf2", "efficientdet", "words"],
)
def test_outputs_are_told_by_their_names_in_whatever_order_they_come(built, drawn, model, names, order):
    model.write_bytes(renamed(built(), names, order))
    drawn.add("a.png", red=(20, 30, 40, 25), blue=(80, 10, 30, 60))
    assert_boxes(found(drawn, model)["a.png"], ("person", (20, 30, 40, 25)), ("bicycle", (80, 10, 30, 60)))


def test_metadata_tells_outputs_and_normalisation(built, drawn, model):
    names = ["category", "number of detections", "location", "score"]
    told = metadata(names, mean=[127.5], std=[127.5])
    model.write_bytes(renamed(built(), MEANINGLESS, "classes count boxes scores", told))
    drawn.add("a.png", red=(20, 30, 40, 25), blue=(80, 10, 30, 60))
    assert_boxes(found(drawn, model)["a.png"], ("person", (20, 30, 40, 25)), ("bicycle", (80, 10, 30, 60)))
    told = metadata(names, mean=[127.5, 127.5, 127.5], std=[12750.0, 12750.0, 12750.0])
    model.write_bytes(renamed(built(), MEANINGLESS, "classes count boxes scores", told))
    assert found(drawn, model)["a.png"] == []


def test_damaged_metadata_changes_nothing(built, drawn, model):
    drawn.add("a.png", red=(20, 30, 40, 25))
    whole = metadata(["category", "number of detections", "location", "score"], mean=[127.5], std=[127.5])
    for length in range(0, len(whole), 19):
        model.write_bytes(renamed(built(), TF1, "", whole[:length] + b"\xff" * 8))
        assert_boxes(found(drawn, model)["a.png"], ("person", (20, 30, 40, 25)))


def test_outputs_that_nothing_tells_apart_are_refused(built, drawn, model, one_line_error):
    model.write_bytes(renamed(built(), MEANINGLESS))
    assert "cannot tell classes from scores" in one_line_error(detect, drawn.folder, model, "person")


def test_classes_and_scores_that_the_names_mix_up_are_refused(built, drawn, model, one_line_error):
    mixed = TF1 | {"classes": TF1["scores"], "scores": TF1["classes"]}
    model.write_bytes(renamed(built(), mixed))
    drawn.add("a.png", red=(20, 30, 40, 25))
    message = one_line_error(list, detect(drawn.folder, model, "person"))
    assert "taken for classes, is 0.75, expected whole numbers" in message


def test_detections_below_the_score_are_left_out(drawn, model):
    drawn.add("a.png", red=(20, 30, 40, 25), blue=(80, 10, 30, 60))
    assert_boxes(
        found(drawn, model, score=SCORES[1])["a.png"], ("person", (20, 30, 40, 25)), ("bicycle", (80, 10, 30, 60))
    )
    assert_boxes(found(drawn, model, score=0.6)["a.png"], ("person", (20, 30, 40, 25)))
    assert found(drawn, model, score=0.9) == {"a.png": []}


def test_two_classes_for_one_object_are_one_detection():
    boxes = np.array([[0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.48], [0.3, 0.3, 0.7, 0.7], [0, 0, 0, 0]])
    detections = Detections(boxes, np.array([3, 4, 3, 3]), np.array([0.6, 0.7, 0.5, 0.55]))
    assert strongest(detections, 0.5) == [1, 3, 2]


def test_labels_of_the_file_itself_and_of_another_one(drawn, model, tmp_path, one_line_error):
    drawn.add("a.png", red=(20, 30, 40, 25))
    add_labels(model, "licence.txt", "anybody\nmay\n")
    add_labels(model, "labelmap.txt", "red thing\nblue thing\n")
    for wanted in ("red thing", "0"):
        assert found(drawn, model, wanted)["a.png"][0][0] == "red thing"
    message = one_line_error(detect, drawn.folder, model, "cat")
    assert "no class cat, expected one of: red thing, blue thing" in message
    other = tmp_path / "names.txt"
    other.write_text("0 apple\n1 berry\n")
    assert found(drawn, model, "apple", labels=other)["a.png"][0][0] == "apple"
    assert "cannot be read" in one_line_error(detect, drawn.folder, model, "apple", labels=tmp_path / "none.txt")
    other.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in one_line_error(detect, drawn.folder, model, "apple", labels=other)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat\ndog\n\n", ("cat", "dog")),
        ("???\nperson\n???\ncar\n", ("person", "", "car")),
        ("background\r\nperson\r\n", ("person",)),
        ("0  person\n2  car\n", ("person", "", "car")),
        ("1: hot dog\n0: n/a\n", ("", "hot dog")),
        ("3d printer\ncar\n", ("3d printer", "car")),
        ("no\x85end\ncar\n", ("no?end", "car")),
        ("", ()),
    ],
)
def test_labels_in_the_forms_that_label_files_have(text, names):
    assert Labels.parse(text).names == names


def test_coco_labels_are_numbered_as_its_models_number_them(model):
    labels = Labels.of_model(model)
    assert len(labels.names) == 90
    assert sum(map(bool, labels.names)) == 80
    assert [labels.name(number) for number in (0, 15, 16, 17, 89, 90, 11)] == [
        *("person", "bird", "cat", "dog", "toothbrush", "class 90", "class 11"),
    ]  # fmt: skip
    assert labels.find("17") == "dog"


def test_unreadable_photos_are_problems_and_progress_counts_them(drawn, model, tmp_path):
    drawn.add("a.png", red=(20, 30, 40, 25))
    (drawn.folder / "b.jpg").write_bytes(b"no photo")
    drawn.add("c.png")
    steps = []
    problems = write_coco(
        detect(drawn.folder, model, "person", progress=lambda *step: steps.append(step)), tmp_path / "boxes.json"
    )
    assert [problem[:2] for problem in problems] == [("photo", "b.jpg")]
    assert steps == [(1, 3), (2, 3), (3, 3)]
    content = json.loads((tmp_path / "boxes.json").read_text())
    assert [entry["file_name"] for entry in content["images"]] == ["a.png", "c.png"]


def test_files_that_are_no_detection_model_are_named_in_one_line(built, drawn, model, tmp_path, one_line_error):
    def message(content=None):
        if content is not None:
            model.write_bytes(content)
        text = one_line_error(detect, drawn.folder, model, "person")
        assert str(model) in text
        return text

    whole = built()
    for length in (0, 5, 100, len(whole) // 2, len(whole) - 9):
        assert "not a model that LiteRT can run" in message(whole[:length])
    assert "not a model that LiteRT can run" in message(b"PK\x03\x04 something else" * 100)
    assert "[1, 2, 4], [1, 2, 3] (the raw outputs" in message(built(raw=True)).replace(
        "[1, 2, 3], [1, 2, 4]", "[1, 2, 4], [1, 2, 3]"
    )
    model.unlink()
    assert "no such file" in message()


def test_missing_package_folder_and_photos_are_named(drawn, model, tmp_path, one_line_error, monkeypatch):
    assert "no photo in it" in one_line_error(list, detect(drawn.folder, model, "person"))
    assert "no such folder" in one_line_error(detect, tmp_path / "none", model, "person")
    for score in (-0.1, 1.1, float("nan")):
        assert f"score is {score}" in one_line_error(detect, drawn.folder, model, "person", score)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    assert "ai-edge-litert" in one_line_error(detect, drawn.folder, model, "person")
