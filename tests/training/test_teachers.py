"""Masks of the teachers in a recipe: made once for all its stages."""

import numpy as np
import pytest
from rich.console import Console

from seigan_tf import presets
from seigan_tf.config import Config, DataConfig, TrainingConfig
from seigan_tf.data.loading import load_crops
from seigan_tf.inference import arrays
from seigan_tf.training.teachers import Teachers
from seigan_tf.utils import processes
from tests import recipes, tiny

QUIET = Console(quiet=True)


@pytest.fixture
def asked(monkeypatch):
    """Numbers of crops that a teacher of soft masks was asked about."""
    numbers = []

    def segment(model, images, boxes):
        numbers.append(len(images))
        return images.mean(axis=-1, keepdims=True, dtype=np.float32) / 255

    monkeypatch.setattr(arrays, "segment", segment)
    return numbers


def masks(teacher, synthetic_train=3):
    training = TrainingConfig(task="distill", teachers=(str(teacher),))
    data = DataConfig(synthetic_train=synthetic_train, synthetic_val=1)
    config = Config(networks=tiny.networks(), data=data, training=training)
    teachers, crops = Teachers(config), load_crops(data, 16)
    (made,) = teachers.masks(teachers.read(crops.objects, QUIET), crops.objects.boxes, QUIET)
    return made


def saved(folder, seed=0):
    (folder / "weights").mkdir(parents=True, exist_ok=True)
    tiny.seigan(seed=seed).save(folder / "weights" / "seigan.keras")
    return folder


@pytest.fixture
def kept(tmp_path):
    """The folder of masks of a recipe that trains."""
    run = recipes.begin(tmp_path, presets.RECIPES["phone"])
    run.folder.teacher_masks.mkdir()
    return run.folder.teacher_masks


def test_stages_of_a_recipe_ask_a_teacher_once(asked, kept):
    teacher = saved(kept.parent / "teacher")
    first = masks(teacher)
    assert len(np.unique(first)) > 100
    np.testing.assert_array_equal(masks(teacher), first)
    assert asked == [6]
    masks(teacher, synthetic_train=2)
    assert asked == [6, 4]  # other objects
    masks(saved(teacher, seed=1))
    assert asked == [6, 4, 6]  # other weights


def test_damaged_masks_are_made_again(asked, kept):
    teacher = saved(kept.parent / "teacher")
    first = masks(teacher)
    (file,) = kept.iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    np.testing.assert_array_equal(masks(teacher), first)
    np.testing.assert_array_equal(masks(teacher), first)
    assert asked == [6, 6]


def test_masks_that_cannot_be_kept_are_made_again(asked, kept, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    teacher = saved(kept.parent / "teacher")
    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        masks(teacher)
    assert list(kept.iterdir()) == []
    masks(teacher)
    assert asked == [6, 6]


def test_the_first_of_several_processes_alone_keeps_masks(asked, kept, monkeypatch):
    monkeypatch.setattr(processes, "index", lambda: 1)
    masks(saved(kept.parent / "teacher"))
    assert list(kept.iterdir()) == []


def test_nothing_is_kept_beside_a_teacher_whose_recipe_does_not_train(asked, kept):
    kept.rmdir()
    teacher = saved(kept.parent / "teacher")
    masks(teacher)
    masks(teacher)
    assert asked == [6, 6]
    assert not kept.exists()
