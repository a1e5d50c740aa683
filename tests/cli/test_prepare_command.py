"""`python -m seigan_tf prepare` as a user meets it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from seigan_tf.data.annotations.formats import FORMATS
from seigan_tf.data.storage.stored_crops import load_stored_crops
from tests import commands

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def photos(photo_set):
    """Twelve photos with an object each, of two classes."""
    for number in range(12):
        photo_set.add(f"photo{number}.png", (90 + number, 60, 40, 30), width=240, category_id=1 + number % 2)
    photo_set.content["categories"].append({"id": 2, "name": "dog"})
    photo_set.config()
    return photo_set


@pytest.fixture
def prepare(tmp_path, photos, capsys):
    """Runs the command on the photos."""

    def call(*arguments, out=tmp_path / "crops", annotations=photos.annotations, images=photos.images):
        command = ["prepare", "--workers", "0", "--size", "32"]
        for flag, value in (("--images", images), ("--annotations", annotations), ("--out", out)):
            command += [flag, str(value)] if value is not None else []
        return commands.call(capsys, *command, *arguments)

    return call


def test_photographs_become_crops_a_report_and_pictures(prepare, tmp_path):
    code, out, err = prepare()
    assert code == 0, err
    folder = tmp_path / "crops"
    report = json.loads((folder / "report.json").read_text())
    assert report["train"]["objects"] == 12
    assert report["train"]["backgrounds"] == len(load_stored_crops(folder, 32).backgrounds.images) > 0
    assert "12 object crops" in out
    for name in ("objects.png", "backgrounds.png"):
        with Image.open(folder / name) as picture:
            picture.load()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["crops", "set"]


def test_validation_photographs_may_have_boxes_of_another_format(prepare, new_photo_set, tmp_path):
    validation = new_photo_set("validation")
    for number in range(3):
        path = validation.add(f"{number}.png", width=240)
        points = [[90, 60], [130, 60], [130, 90], [90, 90]]
        shape = {"label": "cat", "points": points, "shape_type": "polygon"}
        path.with_suffix(".json").write_text(json.dumps({"imagePath": path.name, "shapes": [shape]}))
    code, out, err = prepare("--val-images", str(validation.images))
    assert code == 0, err
    assert "3 crops with masks for validation" in out
    report = json.loads((tmp_path / "crops" / "report.json").read_text())
    assert (report["source"], report["validation"]["objects"]) == ("auto", 3)


def test_crops_in_the_folder_of_the_photographs_are_not_photographs_of_the_next_ones(prepare, photos):
    for path in list(photos.images.iterdir()):
        path.with_suffix(".txt").write_text("0 0.45 0.5 0.16 0.2\n")
    reports = []
    for name in ("one", "two"):
        assert prepare(annotations=None, out=photos.images / name).code == 0
        reports.append(json.loads((photos.images / name / "report.json").read_text()))
    assert reports[0] == reports[1]
    assert reports[0]["train"]["photos"] == 12


def test_photographs_found_by_the_end_of_their_path_are_told_of(prepare, photos, tmp_path):
    for entry in photos.content["images"]:
        entry["file_name"] = f"..\\upload\\{entry['file_name']}"
    photos.config()
    code, out, err = prepare()
    assert code == 0, err
    note = "annotations.json: 12 photographs are found by the end of the path, as ..\\upload\\photo0.png is photo0.png"
    assert out.startswith(note)
    assert json.loads((tmp_path / "crops" / "report.json").read_text())["notes"] == [note]


def test_help_lists_the_formats_that_are_read(capsys):
    _, out, _ = commands.call(capsys, "prepare", "--help")
    text = " ".join(out.split())
    assert all(name in text for name in FORMATS)


def test_only_the_classes_asked_for_become_crops(prepare, tmp_path):
    assert prepare("--classes", "dog")[0] == 0
    report = json.loads((tmp_path / "crops" / "report.json").read_text())
    assert report["train"]["objects"] == 6
    assert report["train"]["dropped"]["other_class"] == 6


def test_the_protocol_of_the_dogs_asks_for_larger_objects_and_one_value_of_it_may_be_changed(prepare):
    assert "min_short_side 12" in prepare("--protocol", "dogs").refusal
    assert prepare("--protocol", "dogs", "--min-short-side", "20")[0] == 0


def test_twice_into_the_same_folder_is_refused_and_the_first_is_kept(prepare, tmp_path):
    prepare()
    before = (tmp_path / "crops" / "report.json").read_bytes()
    assert "exists already" in prepare().refusal
    assert (tmp_path / "crops" / "report.json").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "changes", "part"),
    [
        ([], {"images": "nowhere"}, "nowhere"),
        ([], {"annotations": "nowhere.json"}, "nowhere.json"),
        ([], {"images": None}, "--images is not given"),
        (["--protocol", "cows"], {}, "--protocol cows"),
        (["--source", "photoshop"], {}, "--source photoshop"),
        (["--classes", "horse"], {}, "--classes: no object is of the class 'horse'"),
        (["--max-bad", "many"], {}, "--max-bad many"),
        (["--max-bad", "nan"], {}, "--max-bad nan"),
        (["--size", "0"], {}, "size"),
        (["--size", "1000000"], {}, "size is 1000000, expected 1 to 4096"),
        (["--backgrounds-per-object", "1e308"], {}, "--backgrounds-per-object is 1e+308"),
        (["--beam", "runner=FnApiRunner,nonsense=1"], {}, "nonsense"),
        (["--workers", "-1"], {}, "workers"),
        (["--held-out", "2"], {}, "--held-out is 2.0"),
        (["--detector", "model.tflite"], {}, "--detector-class"),
        (["--detector", "model.tflite", "--detector-class", "dog"], {}, "--annotations"),
        (["--source", "tfds:voc"], {}, "tfds:NAME"),
        (["--beam", "runner=NoSuchRunner"], {}, "NoSuchRunner"),
        (["--min-short-side", "1000"], {"out": "zz/yy/x"}, "min_short_side"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(prepare, tmp_path, arguments, changes, part):
    if "out" in changes:
        changes = changes | {"out": tmp_path / changes["out"]}
    assert part in prepare(*arguments, **changes).refusal
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]


def test_too_many_bad_photographs_end_the_run_and_more_may_be_allowed(prepare, photos, tmp_path):
    (photos.images / "photo3.png").write_bytes(b"")
    line = prepare().refusal
    assert "photo3.png" in line
    assert "max-bad" in line
    assert not (tmp_path / "crops").exists()
    code, out, _ = prepare("--max-bad", "10%")
    assert code == 0
    assert "photo3.png" in out


def test_unknown_commands_are_refused_and_help_names_the_known_ones(capsys):
    assert commands.call(capsys, "paint").refusal.startswith("error: paint: no such command")
    ended = commands.call(capsys, "--help")
    assert ended.code == 0
    assert "prepare" in ended.out


def test_a_bare_folder_with_one_file_of_boxes_is_enough(prepare, photos):
    photos.annotations.rename(photos.images / "boxes.json")
    assert prepare(annotations=None)[0] == 0


def test_help_comes_without_heavy_imports():
    script = """
import sys
from seigan_tf.cli.commands import main
try:
    main(["prepare", "--help"])
finally:
    print([name for name in ("tensorflow", "tensorflow_datasets", "keras", "jax", "grain") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True)
    assert result.stdout.endswith("[]\n"), result.stdout + result.stderr
    assert "contact" in result.stdout or "objects.png" in result.stdout


def module(photos, out, *arguments):
    """`python -m seigan_tf prepare` as a process of its own, in the folder of `out`."""
    command = [sys.executable, "-m", "seigan_tf", "prepare", "--images", photos.images, "--out", out.name]
    command += ["--annotations", photos.annotations, "--size", "32", *arguments]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(list(map(str, command)), env=ENVIRONMENT, cwd=out.parent, **streams)


def test_the_module_runs_with_worker_processes(photos, tmp_path):
    process = module(photos, tmp_path / "crops", "--workers", "1")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "12 object crops" in out
    assert err == ""
    assert load_stored_crops(tmp_path / "crops", 32)


@pytest.mark.parametrize(
    ("number", "code", "line"),
    [
        (signal.SIGTERM, 143, "stopped: terminated; nothing is left of crops\n"),
        (signal.SIGINT, 130, "stopped: interrupted\n"),
    ],
)
def test_the_module_ends_with_one_line_and_leaves_nothing(photos, tmp_path, number, code, line):
    process = module(photos, tmp_path / "crops", "--workers", "2")
    while not (tmp_path / "crops.partial").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (code, line)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
