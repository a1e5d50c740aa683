"""Runs that train one network alone: signals, checkpoints, logs and samples as in a SEIGAN's run."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import seigan_tf
import train
from seigan_tf import config as settings
from seigan_tf.inference import arrays
from seigan_tf.training import checkpoint, masked_crops, run_folder, tasks, trainer
from seigan_tf.training.callbacks.progress import ProgressDisplay
from seigan_tf.training.callbacks.recording import read_rows
from tests import tiny
from tests.commands import call
from tests.runs import assert_same_metrics

SMALL = (
    *("--networks.size", "32", "--networks.segmenter.width", "2", "--networks.segmenter.depth", "1"),
    *("--networks.inpainter.depth", "1", "--networks.enhancer.depth", "1", "--networks.discriminator.depth", "1"),
    *("--training.batch-size", "4", "--training.steps", "12", "--training.steps-per-epoch", "5"),
    *("--training.samples-every", "1"),
)
ARGUMENTS = ("--preset", "demo", "--data.synthetic-train", "8", "--data.synthetic-val", "4", *SMALL)


@pytest.fixture
def teacher(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = tiny.seigan(confine_mask=True)
    path = tmp_path / "teacher.keras"
    model.save(path)
    return path


@pytest.fixture
def command(request, capsys, teacher):
    """Function that starts a run of either kind by a name; it returns exit code, output and errors."""

    def start(name):
        if request.param == "distill":
            return call(capsys, "distill", "--teachers", teacher, *ARGUMENTS, "--name", name)
        task = ("--training.task", "inpaint", "--training.teachers", str(teacher))
        return resume(capsys, *ARGUMENTS, *task, "--name", name)

    return start


def resume(capsys, *arguments):
    """Call train.py in this process; return exit code, output and errors."""
    code = 0
    try:
        train.main(arguments)
    except SystemExit as leaving:
        code = leaving.code
    return code, *capsys.readouterr()


def terminate_after(monkeypatch, step):
    """Send SIGTERM once, in the middle of a step."""
    shown, sent = ProgressDisplay.on_train_batch_end, []

    def show(self, *arguments, **named):
        shown(self, *arguments, **named)
        if self.position.step == step and not sent:
            sent.append(signal.raise_signal(signal.SIGTERM))

    monkeypatch.setattr(ProgressDisplay, "on_train_batch_end", show)


@pytest.mark.parametrize("command", ["distill", "inpaint"], indirect=True)
def test_interrupted_and_resumed_ends_bit_identical_with_everything_in_its_folder(command, capsys, monkeypatch):
    code, _, err = command("whole")
    assert code == 0, err
    with monkeypatch.context() as patch:
        terminate_after(patch, 7)
        code, _, err = command("halved")
    assert code == 143
    assert "interrupted after step 7" in err
    assert "train" in err
    assert "--name halved --resume" in err
    code, out, err = resume(capsys, "--name", "halved", "--resume")
    assert code == 0, err
    assert "12 steps in" in out
    runs = [Path("runs") / name for name in ("whole", "halved")]
    whole, halved = (checkpoint.load_latest(run / "checkpoint") for run in runs)
    assert whole.progress["step"] == halved.progress["step"] == 12
    assert list(whole.state) == list(halved.state)
    for name, array in whole.state.items():
        np.testing.assert_array_equal(halved.state[name], array, err_msg=name)
    kept = [seigan_tf.load(run).get_weights() for run in runs]
    assert all(np.array_equal(*pair) for pair in zip(*kept, strict=True))
    for run in runs:
        assert sorted(path.name for path in run.iterdir()) == [
            *["checkpoint", "config.json", "logs", "metrics.csv", "report.json", "samples", "weights"]
        ]
        assert [row["step"] for row in read_rows(run / "metrics.csv")] == ["5", "10", "12"]
        assert list((run / "logs").glob("*tfevents*"))
        assert {path.name for path in (run / "samples").iterdir()} >= {"latest.png", "step_000012.png", "final.png"}
        report = json.loads((run / "report.json").read_text())
        assert report["weights"] == {"kept": "last", "step": 12}
        assert report["cost"]["peak_memory_mb"] > 50
    assert_same_metrics(*runs)


def test_a_finished_student_is_reported_and_with_more_steps_trained_on(teacher, capsys):
    ended = call(capsys, "distill", "--teachers", teacher, *ARGUMENTS, "--name", "student")
    assert ended.code == 0, ended.err
    run = Path("runs/student")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    code, out, err = resume(capsys, "--name", "student", "--resume")
    assert (code, err) == (0, "")
    assert "finished" in out
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    code, out, err = resume(capsys, "--name", "student", "--resume", "--training.steps", "14")
    assert code == 0, err
    assert "14 steps in" in out
    assert [row["step"] for row in read_rows(run / "metrics.csv")] == ["5", "10", "12", "14"]
    assert json.loads((run / "report.json").read_text())["weights"]["step"] == 14


def test_distill_repeated_after_a_kill_says_how_to_go_on(teacher, capsys):
    run = run_folder.fresh(Path("runs"), "student", exact=True)
    run.save_config(settings.Config())
    again = call(capsys, "distill", "--teachers", teacher, *ARGUMENTS, "--name", "student")
    assert "--name: runs/student holds a run; continue it with --resume" in again.refusal
    assert [path.name for path in Path("runs").iterdir()] == ["student"]


def test_a_student_of_another_size_is_trained_and_starts_a_run(teacher, capsys, monkeypatch):
    shown, pasting, batches = [], [], masked_crops.batches

    def seen(crops, *rest):
        shown.append(crops)
        pasting.append(rest[3])
        return batches(crops, *rest)

    monkeypatch.setattr(masked_crops, "batches", seen)
    arguments = (*ARGUMENTS, "--training.paste-fraction", "0.5")
    ended = call(capsys, "distill", "--teachers", teacher, *arguments, "--name", "student")
    assert ended.code == 0, ended.err
    assert "the 6 most reliable masks are used" in ended.out  # of the eight
    assert [len(values) for values in shown[0]] == [6, 6, 6]
    assert pasting[0].fraction == 0.5
    assert pasting[0].backgrounds.shape[1:] == shown[0].images.shape[1:]
    student = seigan_tf.load("runs/student")
    assert "run folder: runs/student" in ended.out
    saved = settings.load_config(Path("runs/student/config.json"))
    assert student.networks == replace(saved.networks, replay_size=0, ema_decay=0.0)
    assert (saved.training.task, saved.training.teachers, saved.training.steps) == ("distill", (str(teacher),), 12)

    config = replace(
        saved,
        name="joined",
        networks=replace(saved.networks, mask_gradient_scale=0.0, replay_size=0, ema_decay=0.0),
        losses=replace(saved.losses, box_projection=0.0, box_outside=0.0, box_pairwise=0.0),
        training=replace(
            saved.training, task="seigan", teachers=(), paste_fraction=0.0, start_from=("runs/student",), steps=2
        ),
    )
    trainer.train(config, run_folder.fresh(Path("runs"), "joined", True))
    images = tiny.batch(2, size=32)["object"]["image"]
    boxes = tiny.batch(2)["object"]["box"]
    # Without box terms and without gradient from the cycle the segmenter is the student's to the last bit.
    masks = [arrays.segment(model, images, boxes) for model in (seigan_tf.load("runs/joined"), student)]
    np.testing.assert_array_equal(*masks)


def test_mistakes_are_one_line_and_leave_no_folder(teacher, capsys):
    assert "--teachers is not given" in call(capsys, "distill").refusal
    for given, message in (
        (("--training.task", "supervised"), "--training.task supervised: would have no effect; the task is distill"),
        (("--training.teachers", "cats"), "--training.teachers cats: would have no effect; expected --teachers"),
    ):
        assert message in call(capsys, "distill", "--teachers", teacher, *ARGUMENTS, *given).refusal
    refusal = call(capsys, "distill", "--teachers", "nowhere", *ARGUMENTS, "--name", "student").refusal
    assert refusal.startswith("error: nowhere: no trained model")
    assert not Path("runs/student").exists()


def test_the_segmenter_is_trained_at_its_own_rate():
    training = settings.TrainingConfig(
        task="supervised", segmenter_rate=0.5, steps=10, decay_fraction=1.0, pretrain_steps=5
    )
    optimizer = tasks.make(settings.Config(networks=tiny.networks(), training=training)).model.optimizer
    assert float(optimizer.learning_rate) == 0.5
    optimizer.iterations.assign(training.steps)
    assert float(optimizer.learning_rate) == 0.0
