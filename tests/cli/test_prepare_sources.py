"""`python -m seigan_tf prepare` from sets of TensorFlow Datasets and from a detector's boxes."""

import json
import os
import signal
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.annotations import tfds_source
from seigan_tf.data.detection import detector
from seigan_tf.data.detection.model import DetectionModel
from seigan_tf.data.storage.stored_crops import load_stored_crops
from tests import commands
from tests.data.detection.detection_models import detection_model

tfds = pytest.importorskip("tensorflow_datasets")


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Runs the command, which may leave nothing temporary."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    def call(*arguments, out="crops"):
        before = list((tmp_path / "temporary").iterdir())
        fixed = ["prepare", "--workers", "0", "--size", "32", "--out", tmp_path / out]
        ended = commands.call(capsys, *fixed, *arguments)
        assert list((tmp_path / "temporary").iterdir()) == before
        return ended

    return call


def photo(path, red):
    """Draws a photo with one red object, x, y, width, height, on grey."""
    pixels = np.full((150, 220, 3), 90, np.uint8)
    x, y, width, height = red
    pixels[y : y + height, x : x + width] = (230, 20, 20)
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def boxes(number):
    return 60 + 3 * number, 50, 40, 30


class Drawn(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Six photos for training and two for validation, with one object each."""

    VERSION = tfds.core.Version("1.0.0")
    photos: Path
    damaged: int | None = None
    """Number of a photo that is none."""

    def _info(self):
        features = {
            "image": tfds.features.Image(),
            "image/filename": tfds.features.Text(),
            "objects": {"bbox": tfds.features.BBoxFeature(), "label": tfds.features.ClassLabel(names=["cat", "dog"])},
        }
        features["objects"] = tfds.features.Sequence(features["objects"])
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, manager):
        return {"train": self._generate_examples(range(6)), "validation": self._generate_examples(range(6, 8))}

    def _generate_examples(self, numbers):
        for number in numbers:
            x, y, width, height = boxes(number)
            box = tfds.features.BBox(y / 150, x / 220, (y + height) / 150, (x + width) / 220)
            path = photo(self.photos / f"{number}.png", boxes(number))
            if number == self.damaged:
                path.write_bytes(b"no photo")
            objects = [{"bbox": box, "label": number % 2}]
            yield number, {"image": path, "image/filename": path.name, "objects": objects}


@pytest.fixture
def drawn_set(request, tmp_path, monkeypatch):
    """The set tfds:drawn, prepared in the folder of sets of this machine; a parameter is the number of a bad photo."""
    monkeypatch.setattr(Drawn, "damaged", getattr(request, "param", None))
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", tmp_path / "sets")
    monkeypatch.setattr(Drawn, "photos", tmp_path / "drawn", raising=False)
    tfds.disable_progress_bar()
    Drawn(data_dir=tmp_path / "sets", file_format="array_record").download_and_prepare()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A detector that finds what is red, as "person"."""
    folder = tmp_path_factory.mktemp("model")
    path = folder / "red.tflite"
    path.write_bytes(detection_model(folder / "saved"))
    return path


@pytest.fixture
def photos(tmp_path):
    """A folder of twelve photos with a red object each."""
    for number in range(12):
        photo(tmp_path / "photos" / f"{number:02}.png", boxes(number))
    return tmp_path / "photos"


def test_a_set_of_tfds_becomes_crops_twice_the_same(command, drawn_set, tmp_path):
    for out in ("first", "second"):
        code, text, err = command("--source", "tfds:drawn", out=out)
        assert code == 0, err
        assert "6 object crops" in text
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / out).iterdir()} for out in ("first", "second")
    )
    assert first == second
    report, metadata = (json.loads(first[name]) for name in ("report.json", "metadata.json"))
    assert report["train"]["photos"] == report["train"]["objects"] == 6
    assert report["validation"]["objects"] == 2
    assert report["source"] == metadata["report"]["source"] == metadata["settings"]["source"] == "tfds:drawn"
    assert [metadata["settings"][name] for name in ("images", "annotations", "val_images", "val_annotations")] == [
        None
    ] * 4
    assert load_stored_crops(tmp_path / "first", 32)


def test_only_one_class_of_a_set_of_tfds(command, drawn_set, tmp_path):
    assert command("--source", "tfds:drawn", "--classes", "dog")[0] == 0
    assert json.loads((tmp_path / "crops" / "report.json").read_text())["train"]["objects"] == 3


@pytest.mark.parametrize("drawn_set", [2], indirect=True)
def test_a_damaged_photo_of_a_set_of_tfds_is_named_and_counts(command, drawn_set, tmp_path):
    line = command("--source", "tfds:drawn").refusal
    assert "1 of 8 photographs cannot be used" in line
    assert "2.png" in line
    assert command("--source", "tfds:drawn", "--max-bad", "20%")[0] == 0
    report = json.loads((tmp_path / "crops" / "report.json").read_text())
    assert report["train"]["objects"] == 5
    assert report["train"]["problems"]["listed"][0].startswith("2.png: ")


def test_a_detector_draws_the_boxes_and_the_crops_are_cut(command, photos, model, tmp_path):
    (photos / "damaged.png").write_bytes((photos / "00.png").read_bytes()[:200])
    detect = ("--images", photos, "--detector", model, "--detector-class", "person")
    line = command(*detect).refusal
    assert "damaged.png" in line
    assert "1 of 13 photographs cannot be used" in line
    assert not (tmp_path / "crops").exists()
    (tmp_path / "crops-boxes.json").unlink()

    code, text, err = command(*detect, "--max-bad", "10%")
    assert code == 0, err
    assert "crops-boxes.json" in text
    report, metadata = (
        json.loads((tmp_path / "crops" / name).read_text()) for name in ("report.json", "metadata.json")
    )
    assert report["train"]["objects"] == 12
    assert report["train"]["problems"]["photo"] == 1
    assert report["train"]["problems"]["listed"][0].startswith("damaged.png: ")
    assert report["source"] == metadata["settings"]["source"] == "detector:red.tflite, class person, score 0.5"
    assert metadata["settings"]["annotations"] is None
    assert metadata["settings"]["classes"] == ["person"]
    content = json.loads((tmp_path / "crops-boxes.json").read_text())
    np.testing.assert_allclose(content["annotations"][0]["bbox"], boxes(0), atol=4)

    first = {path.name: path.read_bytes() for path in (tmp_path / "crops").iterdir()}
    (tmp_path / "crops-boxes.json").rename(tmp_path / "edited.json")
    assert command(*detect, "--max-bad", "10%", out="again")[0] == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == first
    # The boxes it wrote are annotations like any others.
    given = ("--images", photos, "--annotations", tmp_path / "edited.json", "--classes", "person")
    assert command(*given, out="edited")[0] == 0
    assert json.loads((tmp_path / "edited" / "report.json").read_text())["train"]["objects"] == 12


@pytest.mark.parametrize("of", ["tfds", "detector"])
@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        (("--size", "0"), "size is 0"),
        (("--held-out", "2"), "--held-out is 2"),
        (("--workers", "-1"), "workers is -1"),
        (("--max-bad", "many"), "--max-bad many"),
        (("--beam", "runner=NoSuchRunner"), "NoSuchRunner"),
        (("--beam", "runner=FnApiRunner,direct_num_workers=many"), "direct_num_workers"),
        (("--seed", "-1"), "seed is -1"),
    ],
)
def test_wrong_settings_are_refused_before_anything_slow(command, tmp_path, monkeypatch, of, wrong, part):
    def slow(*_):
        pytest.fail("it has begun")

    monkeypatch.setattr(tfds_source, "usable_splits", slow)
    monkeypatch.setattr(detector, "detect", slow)
    given = {
        "tfds": ("--source", "tfds:drawn"),
        "detector": ("--images", tmp_path, "--detector", "model.tflite", "--detector-class", "dog"),
    }
    assert part in command(*given[of], *wrong).refusal


TFDS = ("--source", "tfds:drawn")
DETECTOR = ("--images", "photos", "--detector", "model.tflite", "--detector-class", "dog")


@pytest.mark.parametrize(
    ("given", "unused"),
    [
        (TFDS, ("--images", "photos")),
        (TFDS, ("--annotations", "boxes.json")),
        (TFDS, ("--val-images", "photos")),
        (TFDS, ("--val-annotations", "boxes.json")),
        (TFDS, ("--detector", "model.tflite", "--detector-class", "dog")),
        (DETECTOR, ("--source", "yolo")),
        (DETECTOR, ("--annotations", "boxes.json")),
        (DETECTOR, ("--classes", "cat")),
        (("--images", "photos"), ("--detector-score", "0.5")),
        (("--images", "photos"), ("--detector-labels", "names.txt")),
        (("--images", "photos"), ("--detector-class", "dog")),
        (TFDS, ("--detector-score", "0.5")),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(command, tmp_path, given, unused):
    assert unused[0] in command(*given, *unused).refusal
    assert sorted(path.name for path in tmp_path.iterdir()) == ["temporary"]


@pytest.mark.parametrize(
    ("number", "code", "line"),
    [(signal.SIGTERM, 143, "stopped: terminated"), (signal.SIGINT, 130, "stopped: interrupted")],
)
@pytest.mark.parametrize("during", ["fetching", "detecting"])
def test_interrupted_before_the_crops_are_cut(
    command, drawn_set, photos, model, tmp_path, monkeypatch, during, number, code, line
):
    def interrupting(function):
        def call(*arguments):
            if len(seen) == 3:
                os.kill(os.getpid(), number)
            seen.append(True)
            return function(*arguments)

        seen = []
        return call

    monkeypatch.setattr(DetectionModel, "detect", interrupting(DetectionModel.detect))
    monkeypatch.setattr(tfds_source, "_photo", interrupting(tfds_source._photo))
    before = sorted(tmp_path.iterdir())
    given = TFDS if during == "fetching" else ("--images", photos, *DETECTOR[2:3], model, *DETECTOR[4:])
    given = [str(item).replace("dog", "person") for item in given]
    result = command(*given, out="new/crops")
    assert result[0] == code
    assert result[2].startswith(line)
    assert result[2].count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_detector_that_fails_leaves_no_folder(command, photos, tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"no model")
    detect = ("--images", photos, "--detector", tmp_path / "model.tflite", "--detector-class", "dog")
    assert "model.tflite" in command(*detect, out="new/folder/crops").refusal
    assert not (tmp_path / "new").exists()
