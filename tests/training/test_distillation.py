"""A segmenter trained on a teacher's masks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import seigan_tf
from seigan_tf import config as settings
from seigan_tf.training import distillation
from tests import tiny
from tests.commands import call

ARGUMENTS = (
    *("--preset", "demo", "--name", "student", "--data.synthetic-train", "8", "--data.synthetic-val", "4"),
    *("--networks.size", "32", "--networks.segmenter.width", "2", "--networks.segmenter.depth", "2"),
    *("--networks.inpainter.depth", "2", "--networks.enhancer.depth", "2", "--networks.discriminator.depth", "2"),
    *("--training.batch-size", "4", "--training.steps", "12", "--training.steps-per-epoch", "5"),
)


@pytest.fixture
def teacher(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = tiny.seigan(confine_mask=True)
    path = tmp_path / "teacher.keras"
    model.save(path)
    return path


def test_a_student_of_another_size_is_trained_and_starts_a_run(teacher, capsys, monkeypatch):
    shown, fit = [], distillation.fit
    monkeypatch.setattr(
        distillation, "fit", lambda model, crops, *rest: shown.append(crops) or fit(model, crops, *rest)
    )
    ended = call(capsys, "distill", "--teacher", teacher, *ARGUMENTS)
    assert ended.code == 0, ended.err
    assert "the masks of 6 are believed" in ended.out  # of the eight
    assert [len(values) for values in shown[0]] == [6, 6, 6]
    student = seigan_tf.load("runs/student")
    assert "run folder: runs/student" in ended.out
    saved = settings.load(Path("runs/student/config.json"))
    assert student.networks == saved.networks
    assert saved.training.steps == 12

    from seigan_tf.training import run_folder, session

    config = replace(
        saved,
        name="joined",
        networks=replace(saved.networks, mask_gradient=0.0, replay_size=0),
        losses=replace(saved.losses, box_projection=0.0, box_outside=0.0, box_pairwise=0.0),
        training=replace(saved.training, start_from=("runs/student",), steps=2),
    )
    session.run(config, run_folder.fresh(Path("runs"), "joined", True))
    images = tiny.batch(2, size=32)["object"]["image"]
    boxes = tiny.batch(2)["object"]["box"]
    # Without box terms and without gradient from the cycle the segmenter is the student's to the last bit.
    np.testing.assert_array_equal(seigan_tf.load("runs/joined").segment(images, boxes), student.segment(images, boxes))


def test_mistakes_are_one_line_and_leave_no_folder(teacher, capsys):
    assert "--teacher is not given" in call(capsys, "distill").refusal
    refusal = call(capsys, "distill", "--teacher", "nowhere", *ARGUMENTS).refusal
    assert refusal.startswith("error: nowhere: no trained model")
    assert not Path("runs/student").exists()
