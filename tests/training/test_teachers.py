"""Masks of the teachers in a recipe: made once for all its stages."""

import numpy as np
import pytest
from rich.console import Console

from seigan_tf import presets
from seigan_tf.config import Config, DataConfig, TrainingConfig
from seigan_tf.data.loading import load_crops
from seigan_tf.inference import arrays
from seigan_tf.training.teachers import Teachers
from tests import recipes, tiny

QUIET = Console(quiet=True)


@pytest.fixture
def asked(monkeypatch):
    """Numbers of crops that a teacher which finds the whole box was asked about."""
    numbers = []

    def segment(model, images, boxes):
        numbers.append(len(images))
        return np.ones((*images.shape[:3], 1), np.float32)

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


def test_stages_of_a_recipe_ask_a_teacher_once(asked, tmp_path):
    run = recipes.begin(tmp_path, presets.RECIPES["phone"])
    teacher = saved(run.folder.path / "teacher")
    first = masks(teacher)
    np.testing.assert_array_equal(masks(teacher), first)
    assert asked == [6]
    masks(teacher, synthetic_train=2)
    assert asked == [6, 4]  # other objects
    masks(saved(teacher, seed=1))
    assert asked == [6, 4, 6]  # other weights


def test_damaged_masks_are_made_again(asked, tmp_path):
    run = recipes.begin(tmp_path, presets.RECIPES["phone"])
    teacher = saved(run.folder.path / "teacher")
    first = masks(teacher)
    (file,) = run.folder.masks.iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    np.testing.assert_array_equal(masks(teacher), first)
    np.testing.assert_array_equal(masks(teacher), first)
    assert asked == [6, 6]


def test_nothing_is_kept_beside_a_teacher_of_another_run(asked, tmp_path):
    teacher = saved(tmp_path / "teacher")
    masks(teacher)
    masks(teacher)
    assert asked == [6, 6]
    assert list(tmp_path.iterdir()) == [teacher]
