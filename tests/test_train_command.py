"""`python train.py` as it is used: in processes of its own, killed and resumed."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import train
from seigan_tf.inference import loading
from seigan_tf.training import checkpoint
from seigan_tf.training.callbacks.recording import read_rows
from tests.conftest import ONE_THREAD
from tests.runs import QUICK_COMPILATION, assert_same_metrics, assert_same_state

ROOT = Path(__file__).resolve().parents[1]

# Small, and still with every kind of state: EMA weights, both optimizers, pools that are full, a falling rate.
TINY = [
    *["--networks.size=32", "--networks.replay-size=4", "--networks.ema-decay=0.9", "--vgg-weights=none"],
    *["--networks.segmenter.backbone=unet", "--networks.segmenter.width=4", "--networks.segmenter.depth=1"],
    *["--networks.inpainter.width=4", "--networks.inpainter.depth=1"],
    *["--networks.enhancer.width=4", "--networks.enhancer.depth=1"],
    *["--networks.discriminator.width=4", "--networks.discriminator.depth=1"],
    *["--losses.coarse-gan=0", "--losses.inpaint-gan-back=0", "--losses.object-mae=0"],
    *["--losses.background-mae=0", "--losses.object-identity=0", "--losses.background-identity=0"],
    *["--losses.box-pairwise=0", "--losses.box-projection=0", "--losses.box-outside=0"],
    *["--data.synthetic-train=20", "--data.synthetic-val=6"],
    *[
        "--training.batch-size=2",
        "--training.steps=32",
        "--training.steps-per-epoch=8",
        "--training.decay-fraction=0.5",
    ],
    *["--training.samples-every=2"],
]


def start(folder, *arguments, backend="tensorflow", **named):
    """Starts train.py in `folder`, with as many threads as it takes by itself."""
    environment = {name: value for name, value in os.environ.items() if name not in ONE_THREAD}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *arguments],
        cwd=folder,
        env={**environment, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "-1", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **named,
    )


def finish(process, code=0):
    """Waits for the process; returns what it wrote."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, f"exit code {process.returncode}, expected {code}\n{out}\n{err}"
    return SimpleNamespace(out=out, err=err)


def stop_after(process, run, step, number):
    """Sends a signal as soon as the checkpoint of `step` is there."""
    path = run / "checkpoint" / f"step_{step:08d}.npz"
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    process.send_signal(number)


def one_line(err):
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1, err
    return err


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One run left alone; and one that got SIGTERM, was resumed, got SIGKILL, and was resumed again."""
    folder = tmp_path_factory.mktemp("train")
    whole = start(folder, *TINY)
    run = folder / "runs" / "other"
    interrupted = start(folder, *TINY, "--name", "other")
    stop_after(interrupted, run, 8, signal.SIGTERM)
    interrupted = finish(interrupted, 143)
    stopped_at = checkpoint.load_latest(run / "checkpoint").progress["step"]
    killed = start(folder, "--name", "other", "--resume")
    stop_after(killed, run, 24, signal.SIGKILL)
    finish(killed, -signal.SIGKILL)
    resumed = finish(start(folder, "--name", "other", "--resume"))
    return SimpleNamespace(
        folder=folder,
        whole=finish(whole),
        interrupted=interrupted,
        stopped_at=stopped_at,
        resumed=resumed,
        run=folder / "runs" / "demo",
        other=run,
    )


def test_a_run_ends_with_a_table_a_picture_and_the_folder(trained):
    out = trained.whole.out
    for shown in ("model", "box", "ellipse", "32 steps in", "runs/demo/samples/latest.png", "run folder: runs/demo"):
        assert shown in out
    assert trained.whole.err == ""
    assert sum(line.startswith("step ") for line in out.splitlines()) == 4


def test_the_run_folder_holds_everything(trained):
    assert sorted(path.name for path in trained.run.iterdir()) == [
        *["checkpoint", "config.json", "logs", "metrics.csv", "report.json", "samples", "weights"]
    ]
    with Image.open(trained.run / "samples" / "latest.png") as picture:
        assert picture.width > 9 * 112
    assert (trained.run / "samples" / "step_000016.png").exists()
    assert len(list((trained.run / "checkpoint").iterdir())) == 2
    assert list((trained.run / "logs").glob("*tfevents*"))


def test_the_report_has_iou_beside_the_baselines_and_cost(trained):
    report = json.loads((trained.run / "report.json").read_text())
    assert report["count"] == 6
    assert list(report["iou"]) == ["model", "box", "ellipse"]
    assert all(0.0 <= value <= 1.0 for value in report["iou"].values())
    assert report["cost"]["steps"] == 32
    assert report["cost"]["seconds_per_image"] == pytest.approx(report["cost"]["seconds"] / 64, rel=0.05)
    assert report["cost"]["peak_memory_mb"] > 50
    assert report["collapsed_at_end"] in (True, False)
    assert report["data"]["train"]["objects"] == 20


def test_weights_and_report_are_those_of_the_last_step(trained):
    report = json.loads((trained.run / "report.json").read_text())
    assert report["weights"] == {"kept": "last", "step": 32}
    last = read_rows(trained.run / "metrics.csv")[-1]
    assert report["iou"]["model"] == pytest.approx(float(last["val_iou"]), abs=1e-5)
    assert [path.name for path in (trained.run / "weights").iterdir()] == ["seigan.keras"]
    kept, state = loading.load_model(trained.run).state(), checkpoint.load_latest(trained.run / "checkpoint").state
    assert all(np.array_equal(kept[name], value) for name, value in state.items())


def test_sigterm_saves_in_mid_epoch_and_prints_the_resume_command(trained):
    assert trained.stopped_at % 8 != 0
    assert f"step {trained.stopped_at}" in trained.interrupted.err
    assert "python train.py --name other --resume" in one_line(trained.interrupted.err)


def test_interrupted_and_killed_and_resumed_ends_bit_identical(trained):
    assert_same_state(trained.run, trained.other)


def test_resumes_neither_lose_nor_repeat_a_row_of_metrics(trained):
    whole, other = (read_rows(run / "metrics.csv") for run in (trained.run, trained.other))
    assert [row["step"] for row in other] == [row["step"] for row in whole] == ["8", "16", "24", "32"]
    assert_same_metrics(trained.run, trained.other)
    seconds = [float(row["seconds"]) for row in other]
    assert seconds == sorted(seconds)


def test_resuming_a_finished_run_shows_its_table(trained):
    before = (trained.run / "report.json").read_bytes()
    out = finish(start(trained.folder, "--resume")).out
    assert "finished" in out
    assert "ellipse" in out
    assert (trained.run / "report.json").read_bytes() == before


def test_a_full_disk_is_one_line_and_leaves_the_previous_checkpoint(trained):
    before = {path.name: path.read_bytes() for path in (trained.run / "checkpoint").iterdir()}
    limit = min(map(len, before.values())) // 2

    def small_disk():
        # Writing beyond the limit fails like writing to a full disk; Python ignores the signal that comes with it.
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    arguments = "--name", "demo", "--resume", "--training.steps", "40"
    err = one_line(finish(start(trained.folder, *arguments, preexec_fn=small_disk), 2).err)
    assert "File too large" in err
    assert "checkpoint" in err or "weights" in err
    assert {path.name: path.read_bytes() for path in (trained.run / "checkpoint").iterdir()} == before
    assert not [path for path in trained.run.rglob("*") if "partial" in path.name]


def test_a_rate_that_blows_up_stops_with_one_line_and_a_code_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    err = fail([*TINY, "--training.generator-rate=1e30"], capsys, 1)
    assert "not finite" in err
    assert "generator-rate" in err


def test_an_interrupted_run_under_jax_resumes_bit_identical(tmp_path, monkeypatch):
    # The first run compiles, the others find what it compiled.
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "compiled"))
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")
    monkeypatch.setenv("XLA_FLAGS", QUICK_COMPILATION)
    finish(start(tmp_path, *TINY, backend="jax"))
    runs = tmp_path / "runs" / "demo", tmp_path / "runs" / "other"
    interrupted = start(tmp_path, *TINY, "--name", "other", backend="jax")
    stop_after(interrupted, runs[1], 8, signal.SIGTERM)
    finish(interrupted, 143)
    assert checkpoint.load_latest(runs[1] / "checkpoint").progress["step"] % 8 != 0
    finish(start(tmp_path, "--name", "other", "--resume", backend="jax"))
    assert_same_state(*runs)
    assert_same_metrics(*runs)


def fail(arguments, capsys, code=2):
    """Runs the command in this process; returns its one line."""
    with pytest.raises(SystemExit) as leaving:
        train.main(arguments)
    assert leaving.value.code == code
    return one_line(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--preset", "nope"], "'nope'"),
        (["--resume"], "no run in runs/demo"),
        (["--name", "a/b"], "'a/b'"),
        (["--training.steps", "0"], "training.steps: 0"),
        (["--data.source", "coco"], "data.images"),
        (["--data.images", "photos"], "data.images is given, but data.source is synthetic; expected data.source auto"),
        (["--data.source", "coco", "--data.images", "none", "--data.annotations", "none.json"], "none"),
        (["--preset", "boxes", "--data.images", "photos"], "photos: holds no boxes of a known format"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing_behind(arguments, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    assert told in fail(arguments, capsys)
    assert not list((tmp_path / "runs").glob("*"))


def test_a_run_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").write_text("a file")
    assert "runs" in fail([], capsys)


def test_a_checkpoint_of_another_architecture_is_named(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "runs" / "demo"
    run.mkdir(parents=True)
    settings = json.loads((trained.run / "config.json").read_text())
    settings["networks"]["segmenter"]["width"] = 6
    (run / "config.json").write_text(json.dumps(settings))
    (run / "checkpoint").symlink_to(trained.run / "checkpoint")
    line = fail(["--resume", "--training.steps", "64"], capsys)
    assert "step_00000032.npz" in line
    assert "segmenter" in line
