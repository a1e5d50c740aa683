"""A segmenter trained on a teacher's masks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import seigan_tf
from seigan_tf import config as settings
from seigan_tf.data.crop_set import ObjectCrops
from seigan_tf.training.distillation import teacher_masks
from tests import tiny
from tests.commands import call

ARGUMENTS = (
    *("--preset", "demo", "--name", "student", "--data.synthetic-train", "8", "--data.synthetic-val", "4"),
    *("--networks.size", "32", "--networks.segmenter.width", "2", "--networks.segmenter.depth", "2"),
    *("--networks.inpainter.depth", "2", "--networks.enhancer.depth", "2", "--networks.discriminator.depth", "2"),
    *("--training.batch-size", "4", "--training.steps", "12", "--training.steps-per-epoch", "5"),
)


class SaysLeft:
    """A teacher that calls the left half of every crop object."""

    def segment(self, images, boxes):
        masks = np.zeros((*images.shape[:3], 1), np.float32)
        masks[:, :, : images.shape[2] // 2] = 1.0
        return masks


def test_a_teacher_is_asked_about_the_mirror_image_too():
    crops = ObjectCrops(np.zeros((2, 8, 8, 3), np.uint8), np.float32([[0.2, 0.1, 0.8, 0.7]] * 2))
    np.testing.assert_array_equal(teacher_masks(SaysLeft(), crops, 8), np.full((2, 8, 8, 1), 0.5, np.float32))


def test_masks_come_at_the_students_size():
    crops = ObjectCrops(np.zeros((2, 8, 8, 3), np.uint8), np.float32([[0.2, 0.1, 0.8, 0.7]] * 2))
    assert teacher_masks(SaysLeft(), crops, 16).shape == (2, 16, 16, 1)


@pytest.fixture
def teacher(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = tiny.seigan(confine_mask=True)
    path = tmp_path / "teacher.keras"
    model.save(path)
    return path


def test_a_student_of_another_size_is_trained_and_starts_a_run(teacher, capsys):
    ended = call(capsys, "distill", "--teacher", teacher, *ARGUMENTS)
    assert ended.code == 0, ended.err
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
