"""The export command: refused input, renewed exports, interruptions, and choice of crops."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from export import command, examples, folder, graphs, options, readme, writing
from export.saved_model import save, versions
from export.tflite import conversion
from seigan_tf import config
from seigan_tf.cli.errors import exit_code_of
from seigan_tf.inference.loading import load_model
from seigan_tf.inference.weights import find
from tests import tiny
from tests.export import exports

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return exports.run_folder(tmp_path_factory.mktemp("runs") / "tiny", exports.model())


@pytest.fixture
def refusal(capsys):
    """The one line of a command that was not given what it needs."""

    def line(*arguments):
        assert exit_code_of(lambda: command.run([str(argument) for argument in arguments])) == 2
        written = capsys.readouterr().err
        assert written.startswith("error: ")
        assert written.count("\n") == 1
        return written.removeprefix("error: ").strip()

    return line


def test_help_comes_at_once():
    done = subprocess.run([sys.executable, "-X", "importtime", "-m", "export", "--help"], cwd=ROOT, capture_output=True)
    assert done.returncode == 0
    for heavy in (b"tensorflow", b"keras", b"ai_edge_litert"):
        assert heavy not in done.stderr


def test_what_cannot_be_exported_is_named(refusal, run, tmp_path):
    out = tmp_path / "out"
    assert refusal("--weights", "nowhere", "--out", out).startswith("nowhere: no trained model; expected")
    (tmp_path / "empty").mkdir()
    assert refusal("--weights", tmp_path / "empty", "--out", out).startswith(f"{tmp_path / 'empty'}: no trained model")
    assert refusal("--weights", run, "--out", out, "--formats", "onnx") == (
        "--formats onnx: expected tflite and saved_model, or one of them"
    )
    assert refusal("--weights", run, "--out", out, "--noise", "loud") == (
        "--noise loud: expected input or a seed from 0"
    )
    assert refusal("--weights", run, "--out", out, "--crops", 0) == "--crops 0: expected at least 1"
    for label in ("", " ", "cat\ndog", "cat\n"):
        assert refusal("--weights", run, "--out", out, "--label", label) == (
            f"--label {label!r}: expected one line of text"
        )
    for name in ("images", "calibration-images"):
        assert refusal("--weights", run, "--out", out, f"--{name}", tmp_path / "no") == (
            f"--{name} {tmp_path / 'no'}: no such folder; expected one of photographs"
        )
    assert {path.name for path in tmp_path.iterdir()} == {"empty"}


def test_annotations_without_images_are_refused(refusal, run, tmp_path):
    for name in ("annotations", "calibration-annotations"):
        path = tmp_path / "boxes.json"
        assert refusal("--weights", run, "--out", tmp_path / "out", f"--{name}", path) == (
            f"--{name} {path}: needs --{name.replace('annotations', 'images')} too"
        )


def test_a_folder_of_something_else_is_refused_before_anything_is_loaded(refusal, tmp_path):
    (tmp_path / "thesis.txt").touch()
    assert refusal("--weights", "nowhere", "--out", tmp_path).startswith(f"--out {tmp_path}: not empty and no export")
    (tmp_path / "model.json").write_text(json.dumps({"version": folder.VERSION + 1}))
    assert "this program writes version" in refusal("--weights", "nowhere", "--out", tmp_path)


def test_jax_is_refused(refusal, run, tmp_path, monkeypatch):
    monkeypatch.setattr(graphs.keras.backend, "backend", lambda: "jax")
    assert refusal("--weights", run, "--out", tmp_path / "out").startswith("KERAS_BACKEND: jax; expected tensorflow")


@pytest.fixture
def quick_saved_model(monkeypatch):
    """SavedModels are empty files; test_signatures.py makes and reads real ones."""

    def write(model, name, object_fraction, target):
        assert (model.networks.size, object_fraction) == (16, 0.7)
        return versions.write(target / save.FOLDER / name, lambda path: (path / "saved_model.pb").touch())

    monkeypatch.setattr(save, "write", write)


def test_exports_the_saved_model_again_as_a_further_version(run, tmp_path, quick_saved_model):
    out = tmp_path / "out"
    for _ in range(2):
        exports.export("--weights", run, "--out", out, "--formats", "saved_model")
    assert {path.name for path in (out / "saved_model" / "tiny").iterdir()} == {"1", "2"}
    assert json.loads((out / "model.json").read_text())["files"] == {}
    assert (out / "README.md").is_file()
    assert (out / folder.CARD).is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_what_is_said_of_kept_files_stays_when_the_saved_model_alone_is_renewed(run, tmp_path, quick_saved_model):
    out = tmp_path / "out"
    saved = ("--weights", run, "--out", out, "--formats", "saved_model")
    exports.export(*saved, "--noise", "input", "--int8-edges", "uint8", "--label", "cat")
    first = json.loads((out / "model.json").read_text())
    (out / "segmenter.tflite").touch()
    (out / "model.json").write_text(json.dumps(first | {"files": {"segmenter.tflite": {}}}))
    exports.export(*saved)
    assert json.loads((out / "model.json").read_text()) == first | {"files": {"segmenter.tflite": {}}}
    assert "noise" in first["inputs"]["inpainter"]
    (out / "segmenter.tflite").unlink()
    (out / "model.json").write_text(json.dumps(first))
    exports.export(*saved)  # nothing is kept, and the options hold
    assert json.loads((out / "model.json").read_text())["label"] == "object"


def test_a_name_that_cannot_be_served_is_refused_before_anything_is_converted(refusal, run, tmp_path, monkeypatch):
    odd, out = tmp_path / "my cats", tmp_path / "out"
    shutil.copytree(run, odd)
    monkeypatch.setattr(conversion, "convert", lambda *arguments: pytest.fail("converted"))
    assert refusal("--weights", odd, "--out", out).startswith(
        f"{odd}: name for the SavedModel: 'my cats'; expected letters, digits"
    )
    assert not out.exists()


def test_takes_nothing_from_around_a_bare_file(run, tmp_path):
    file = tmp_path / "weights" / "other.keras"
    file.parent.mkdir()
    file.symlink_to(run / "weights" / "seigan.keras")
    (tmp_path / "README.md").write_text("somebody else's")
    (tmp_path / "config.json").write_text("somebody else's")
    weights, given = find(file), options.Options(tmp_path / "out", crops=2, calibration_crops=2)
    assert "somebody" not in writing._card(weights)
    model, console = SimpleNamespace(networks=tiny.networks()), Console(quiet=True)
    for held_out in (False, True):
        assert writing._crops(given, weights, model, console, held_out).source == "2 synthetic crops"


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_what_is_broken_off_leaves_no_half_export(run, tmp_path):
    out = tmp_path / "new" / "out"
    arguments = [sys.executable, "-m", "export", "--weights", run, "--out", out]
    started = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 120
    while started.poll() is None and not any(tmp_path.rglob(".export-*/*.tflite")) and time.monotonic() < end:
        time.sleep(0.05)
    started.send_signal(signal.SIGTERM)
    assert started.communicate(timeout=120)[1] == f"stopped: terminated; nothing is left of {out}\n"
    assert started.returncode == 143
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    ("sent", "code", "says", "earlier"),
    [
        (signal.SIGTERM, 143, "stopped: terminated; the earlier export in {out} stays", True),
        (signal.SIGINT, 130, "stopped: interrupted", False),
    ],
)
def test_a_signal_amid_the_files_leaves_what_was_there(tmp_path, sent, code, says, earlier, monkeypatch, capsys):
    def break_off(options, staged, console, progress):
        (staged.path / "segmenter.tflite").touch()
        os.kill(os.getpid(), sent)

    monkeypatch.setattr(writing, "write", break_off)
    out = tmp_path / "new" / "out"
    if earlier:
        out.mkdir(parents=True)
        (out / "model.json").write_text(json.dumps({"version": folder.VERSION, "files": {}}))
    assert exit_code_of(lambda: command.run(["--out", str(out)])) == code
    assert capsys.readouterr().err == says.format(out=out) + "\n"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["model.json"] * earlier
    assert out.parent.exists() == earlier


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_sigterm_before_the_readme_of_a_renewed_export_says_so(tmp_path, monkeypatch, capsys):
    def written(options, staged, console, progress):
        (staged.path / "model.json").write_text(json.dumps({"version": folder.VERSION, "files": {}}))

    monkeypatch.setattr(writing, "write", written)
    monkeypatch.setattr(readme, "write", lambda target: os.kill(os.getpid(), signal.SIGTERM))
    for name in ("model.json", "README.md"):
        (tmp_path / name).write_text(json.dumps({"version": folder.VERSION}))
    assert exit_code_of(lambda: command.run(["--out", str(tmp_path)])) == 143
    assert capsys.readouterr().err == f"stopped: terminated; the new export is in {tmp_path}, but not its README.md\n"


def test_a_full_disk_is_one_line_with_the_name_of_the_folder(tmp_path, monkeypatch, refusal):
    def full(options, staged, console, progress):
        raise tf.errors.ResourceExhaustedError(None, None, f"{staged.path}/saved_model.pb; No space left on device")

    monkeypatch.setattr(writing, "write", full)
    out = tmp_path / "new" / "out"
    assert refusal("--out", out) == f"{out}: No space left on device"
    assert not list(tmp_path.iterdir())


def test_a_broken_budget_is_an_exit_code_of_its_own(run, tmp_path, monkeypatch, capsys):
    def broken(options, staged, console, progress):
        (staged.path / "model.json").write_text(json.dumps({"version": 1, "files": {}}))
        entry = {
            "problems": ["mask differs by 1; at most 0.0001", "another"], "bytes": 1, "memory_mb": None,
            "latency_ms": {"1": {"fastest": 1.0}}, "outputs": {"mask": {"max": 1.0}},
        }  # fmt: skip
        return {"files": {"segmenter.tflite": entry}, "crops": "crops", "calibration": "crops"}

    monkeypatch.setattr(writing, "write", broken)
    monkeypatch.setattr(readme, "write", lambda target: None)
    out = tmp_path / "out"
    assert exit_code_of(lambda: command.run(["--weights", str(run), "--out", str(out)])) == 1
    assert capsys.readouterr().err == (
        "stopped: segmenter.tflite: mask differs by 1; at most 0.0001 (and 1 more, see parity.json);"
        f" {out} is written all the same\n"
    )
    assert out.is_dir()


def test_calibrates_on_the_photographs_of_the_run(run, photo_set):
    for number in range(4):
        photo_set.add(f"{number}.png", (60, 40, 60, 60), segmentation=[[60, 40, 120, 40, 120, 100, 60, 100]])
    data = photo_set.config(object_fraction=0.7)
    found = examples.from_photos(data.images, data.annotations, 16, 0.7, 3)
    assert found.images.shape == (3, 16, 16, 3)
    assert found.images.dtype == np.uint8
    assert len(found.truths) == 3
    assert found.truths[0].mean() == pytest.approx(0.49, abs=0.03)

    settings = config.Config(name="photos", data=data)
    path = photo_set.images.parent
    config.save_config(settings, path / "config.json")
    taken = examples.of_run(path, 16, 4, held_out=False)
    np.testing.assert_array_equal(
        taken.images[0], examples.from_photos(data.images, data.annotations, 16, 0.7, 4).images[0]
    )
    assert examples.of_run(path, 16, 4, held_out=True) is None  # the run had no validation photographs
    photo_set.annotations.unlink()
    assert examples.of_run(path, 16, 4, held_out=False) is None


def test_photographs_that_cannot_be_read_are_replaced_counted_and_named(photo_set, one_line_error):
    paths = [photo_set.add(f"{number}.png", (60, 40, 60, 60)) for number in range(6)]
    data = photo_set.config()
    arguments = data.images, data.annotations, 16, 0.7
    assert examples.from_photos(*arguments, 3).source == "3 crops of photos"
    for path in (paths[0], paths[5]):  # both are among the three that are evenly spread
        path.write_bytes(path.read_bytes()[:2000])
    found = examples.from_photos(*arguments, 3)
    assert found.source == "3 crops of photos (2 others cannot be read)"
    assert len(np.unique(found.images, axis=0)) == len(found.boxes) == 3
    assert len(examples.from_photos(*arguments, 6).images) == 4
    for path in paths:
        path.write_bytes(path.read_bytes()[:2000])
    message = one_line_error(examples.from_photos, *arguments, 3)
    assert message.startswith(f"{data.annotations}: no object that passes the crop rules can be read, expected at ")
    assert "; the first problem is 0.png: " in message


def test_int8_of_trained_weights_keeps_the_masks_of_real_photographs(cats_train, cats_val, shared):
    """With trained weights only: random ones amplify what int8 rounds."""
    from seigan_tf import pretrained

    if "cats" not in pretrained.names():
        pytest.skip("needs the shipped weights")
    from export import graphs, parity
    from export.tflite.runtime import Runner
    from seigan_tf.utils.pixels import to_float

    model, weights = load_model("cats"), find("cats")
    graph = graphs.make(model)["segmenter"]
    settings = model.networks.size, weights.object_fraction
    calibration, shown = (
        examples.from_photos(*cats_train, *settings, 12),
        examples.from_photos(*cats_val, *settings, 40),
    )
    inputs = [{"image": to_float(image)[None]} for image in calibration.images]
    content = conversion.convert(graph, ["int8"], inputs)["int8"]
    run = Runner(content, graph)
    images = to_float(shown.images)
    ours = np.concatenate([run(image=image[None])["mask"] for image in images])
    theirs = parity.reference(graph, [{"image": image[None]} for image in images])["mask"]
    scores = parity.mask_scores(ours, theirs, shown, model)
    assert scores["iou"] == pytest.approx(scores["iou_keras"], abs=parity.MASK_LOSS["int8"])
