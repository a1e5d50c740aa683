"""--box auto and --box X,Y: boxes that a detector finds."""

import numpy as np
import pytest
from PIL import Image

from seigan_tf.cli import photo_run
from seigan_tf.compose.composer import Composer
from seigan_tf.data.detection import detector
from seigan_tf.data.detection.model import Detections
from tests.commands import call
from tests.compose.scene import BallBackend, ball, box_of, gravel

PERSON, CAT, COUCH = 0, 16, 62
"""Classes in COCO's numbers."""
FOUND = Detections(
    boxes=np.array([[0.0, 0.0, 1.0, 1.0], [80 / 240, 110 / 300, 160 / 240, 190 / 300], [0.9, 0.9, 1.0, 1.0]]),
    classes=np.array([COUCH, CAT, PERSON]),
    scores=np.array([0.9, 0.8, 0.4]),
)
"""A couch that fills the photo, with the ball, a cat, on it, and a person of whom the model is not sure."""


@pytest.fixture(autouse=True)
def model(monkeypatch, tmp_path):
    """A detection model that finds FOUND, and the networks of the scene."""

    class Model:
        def __init__(self, path):
            self.path = path

        def detect(self, pixels):
            assert pixels.shape == (240, 300, 3)
            return FOUND

    monkeypatch.setattr(detector, "DetectionModel", Model)
    monkeypatch.setattr(photo_run, "load_composer", lambda weights, backend, refine, grow: Composer(BallBackend()))
    return tmp_path / "model.tflite"


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(ball()[0]).save(path)
    return path


@pytest.mark.parametrize(
    ("options", "box", "line"),
    [
        (("--box", "auto"), (0, 0, 300, 240), "couch, 90% sure: --box 0,0,300,240"),
        (("--box", "auto", "--detector-class", "cat"), box_of(), "cat, 80% sure: --box 110,80,80,80"),
        (("--box", "120,90"), box_of(), "cat, 80% sure: --box 110,80,80,80"),
        (("--box", "10,10"), (0, 0, 300, 240), "couch, 90% sure: --box 0,0,300,240"),
    ],
)
def test_cut_takes_the_surest_object_or_the_one_at_a_point(capsys, tmp_path, photo, model, options, box, line):
    ended = call(capsys, "cut", photo, *options, "--detector", model, "-o", tmp_path / "out.png")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0] == line
    expected = Composer(BallBackend()).cut(photo, box)[1]
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out.png")), expected)


def test_erase_and_paste_take_them_too_beside_boxes_in_numbers(capsys, tmp_path, photo, model):
    boxes = "--box", "5,5,40,40", "--box", "150,120", "--detector", model
    ended = call(capsys, "erase", photo, *boxes, "-o", tmp_path / "erased.png")
    assert ended.code == 1, ended.err
    assert "no object was found in the box 5,5,40,40" in ended.err
    expected = Composer(BallBackend()).erase(photo, [(5, 5, 40, 40), box_of()])
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "erased.png")), expected)
    Image.fromarray(gravel(200, 180)).save(tmp_path / "onto.png")
    place = "--onto", tmp_path / "onto.png", "--at", "20,20,40"
    ended = call(capsys, "paste", photo, *boxes[2:], *place, "-o", tmp_path / "pasted.png")
    assert ended.code == 0, ended.err


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--box", "auto"), "--box auto: a detector has to find the box, expected --detector MODEL.tflite (docs/det"),
        (("--box", "10,10"), "--box 10,10: a detector has to find the box"),
        (("--box", "everything"), "--box everything: expected X,Y,W,H, numbers in pixels; with --detector also X,Y or"),
        (("--box", "1,2,3"), "--box 1,2,3: expected X,Y,W,H"),
        (
            ("--box", "auto", "--detector", "m", "--detector-class", "unicorn"),
            "no class unicorn, expected one of",
        ),
        (("--box", "auto", "--detector", "m", "--detector-class", "dog"), "m finds no dog there in"),
        (("--box", "-5,-5", "--detector", "m"), "(it finds: cat, couch); expected X,Y,W,H in pixels"),
        (("--box", "9,9,50,50", "--detector", "m"), "--detector: is of no use here, expected --box auto, or --box X,Y"),
        (("--box", "9,9,50,50", "--detector-class", "cat"), "--detector-class: is of no use without --detector"),
        (("--detector", "m"), "are of no use without --box auto or --box X,Y"),
    ],
)
def test_what_cannot_be_found_is_one_line(capsys, tmp_path, photo, options, part):
    assert part in call(capsys, "cut", photo, *options, "-o", tmp_path / "out.png").refusal
