"""The calls of `fit` in a training, and settings that are refused."""

import re
import shutil
import signal
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from seigan_tf.config import Config, TrainingConfig
from seigan_tf.data.loading import load_crops
from seigan_tf.data.planning.plan import make_plan
from seigan_tf.training import run_folder, trainer
from seigan_tf.training.callbacks.checkpointing import Checkpointing, Interrupted
from tests import tiny


def ends_of_epochs(start, phases, steps_per_epoch):
    ends = []
    for stretch in trainer.stretches(start, phases, steps_per_epoch):
        for index in range(stretch.epochs - stretch.initial_epoch):
            ends.append(stretch.start + (index + 1) * stretch.steps_per_epoch)
    return ends


@pytest.mark.parametrize("start", range(26))
def test_epochs_end_at_the_same_steps_wherever_a_run_is_resumed(start):
    assert ends_of_epochs(start, [25], 10) == [end for end in (10, 20, 25) if end > start]
    assert ends_of_epochs(start, [13, 25], 10) == [end for end in (10, 13, 20, 25) if end > start]


def test_stretches_follow_each_other_without_gap():
    cut = list(trainer.stretches(13, [45], 10))
    assert [(stretch.start, stretch.steps_per_epoch) for stretch in cut] == [(13, 7), (20, 10), (40, 5)]
    assert [(stretch.initial_epoch, stretch.epochs) for stretch in cut] == [(1, 2), (2, 4), (4, 5)]


@pytest.mark.parametrize(
    ("field", "value"),
    [("batch_size", 0), ("steps", 0), ("steps_per_epoch", 0), ("samples_every", 0), ("decay_fraction", 1.5)],
)
def test_a_setting_out_of_range_is_named_and_leaves_no_folder(field, value, tmp_path):
    folder = run_folder.fresh(tmp_path, "x", True)
    with pytest.raises(ValueError, match=f"training.{field}: {value}"):
        trainer.train(Config(training=TrainingConfig(**{field: value})), folder)
    assert not folder.path.exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"task": "distill"}, "training.teachers is empty, expected run folders"),
        ({"task": "distill", "teachers": ("nowhere",)}, "nowhere: no trained model"),
        ({"task": "supervised", "teachers": ("cats",)}, "training.teachers: cats, but training.task is supervised"),
        ({"teachers": ("cats",)}, "training.teachers: cats, but training.task is seigan"),
        ({"paste_fraction": 0.5}, "training.paste_fraction: 0.5, but training.task is seigan"),
    ],
)
def test_a_teacher_belongs_to_a_distill_run_and_to_no_other(settings, message, tmp_path):
    folder = run_folder.fresh(tmp_path, "x", True)
    with pytest.raises(ValueError, match=message):
        trainer.train(Config(training=TrainingConfig(**settings)), folder)
    assert not folder.path.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": {"jitter": 1.5}}, "data.jitter is 1.5, expected 0 to less than 1"),
        ({"data": {"zoom": -0.1}}, "data.zoom is -0.1, expected 0 to less than 1"),
        ({"data": {"shift": 1.0}}, "data.shift is 1.0, expected 0 to less than 1"),
        (
            {"training": {"task": "supervised", "stop_collapsed": True}},
            "training.stop_collapsed: True, but training.task is supervised, not seigan",
        ),
        (
            {"networks": {"confine_mask": True, "outside_contrast": 0.3}, "losses": {"box_projection": 1.0}},
            "networks.outside_contrast: 0.3 with box terms, which the box itself would satisfy; expected 1, or",
        ),
        (
            {"losses": {"box_pairwise": 1.0, "pairwise_reach": 16}},
            "losses.pairwise_reach: 16 with crops of 16 px (networks.size); expected less",
        ),
        (
            {"networks": {"size": 8}, "losses": {"object_perceptual": 1.0}},
            "losses.object_perceptual: 1 with crops of 8 px (networks.size); expected 0, or crops of at least 16 px",
        ),
        (
            {
                "networks": {"size": 8},
                "losses": {"background_perceptual": 1.0},
                "training": {"task": "inpaint", "teachers": ("cats",)},
            },
            "losses.background_perceptual: 1 with crops of 8 px (networks.size); expected 0, or",
        ),
    ],
)
def test_settings_that_cannot_be_trained_are_named_before_anything_is_read(changes, message, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "load_crops", None)
    config = Config(networks=tiny.networks())
    for section, fields in changes.items():
        config = replace(config, **{section: replace(getattr(config, section), **fields)})
    folder = run_folder.fresh(tmp_path, "x", True)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        trainer.train(config, folder, Console(quiet=True))
    assert not folder.path.exists()


def test_a_signal_in_the_last_save_stops_what_follows_and_a_run_goes_on_with_the_same_photographs_only(
    photo_set, tmp_path, monkeypatch
):
    for number in range(6):
        x, y = 50 + 3 * number, 40
        photo_set.add(f"{number}.png", (x, y, 40, 30), segmentation=[[x, y, x + 40, y, x + 40, y + 30]])
    training = TrainingConfig(task="supervised", steps=2, steps_per_epoch=2, batch_size=1)
    config = Config(networks=tiny.networks(), data=photo_set.config(held_out=0.5), training=training)
    folder, quiet = run_folder.fresh(tmp_path, "x", True), Console(quiet=True)

    save = Checkpointing._save

    def interrupted_save(self, *arguments):
        save(self, *arguments)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpointing, "_save", interrupted_save)
        with pytest.raises(Interrupted, match=r"interrupted after the last step; .*x is finished") as stopped:
            trainer.train(config, folder, quiet)
    assert stopped.value.exit_code == 128 + signal.SIGINT
    assert folder.report()["cost"]["steps"] == 2

    longer, before = replace(config, training=replace(training, steps=3)), folder.report()
    for split in ("train", "val"):  # the photographs and boxes stay
        segmentations = [annotation["segmentation"] for annotation in photo_set.content["annotations"]]
        held_out = {planned.photo.name for planned in make_plan(config.data, tmp_path) if planned.split == "val"}
        for image, annotation in zip(photo_set.content["images"], photo_set.content["annotations"], strict=True):
            if (image["file_name"] in held_out) == (split == "val"):
                left, top, width, height = annotation["bbox"]
                right, bottom = left + width, top + height
                annotation["segmentation"] = [[left, top, right, top, right, bottom, left, bottom]]
        photo_set.config()
        changed = {"train": "training", "val": "validation"}[split]
        with pytest.raises(ValueError, match=rf"have changed since the run began .{changed} masks alone"):
            trainer.train(longer, folder, quiet)
        for segmentation, annotation in zip(segmentations, photo_set.content["annotations"], strict=True):
            annotation["segmentation"] = segmentation
        photo_set.config()
    pixels = (photo_set.images / "0.png").read_bytes()
    shutil.copyfile(photo_set.images / "1.png", photo_set.images / "0.png")
    with pytest.raises(ValueError, match=r"have changed since the run began .both times 3 object crops"):
        trainer.train(longer, folder, quiet)
    (photo_set.images / "0.png").write_bytes(pixels)
    (photo_set.images / "0.png").unlink()
    photo_set.content["images"].pop(0)
    photo_set.content["annotations"].pop(0)
    photo_set.config()
    message = r"step_00000002.npz: photographs, annotations or .* have changed since the run began .then 3 object crops"
    with pytest.raises(ValueError, match=message):
        trainer.train(longer, folder, quiet)
    assert folder.report() == before


def task_of(config, vgg=None):
    """A task with the parts that `_facts` reads."""
    return SimpleNamespace(config=config, seigan=SimpleNamespace(vgg=vgg))


def test_a_run_goes_on_with_the_same_teachers_only_and_one_that_noted_none_goes_on(tmp_path, one_line_error):
    file = tmp_path / "teacher.keras"
    tiny.seigan().save(file)
    config = Config(networks=tiny.networks(), training=TrainingConfig(task="distill", teachers=(str(file),)))
    crops, task = load_crops(replace(config.data, synthetic_train=2, synthetic_val=2), 16), task_of(config)
    facts = trainer._facts(crops, task)
    tiny.seigan(seed=1).save(file)
    now = trainer._facts(crops, task)
    assert {name for name in facts if facts[name] != now[name]} == {"teachers"}
    begun = trainer.Begun(facts=facts, path=tmp_path / "step_00000002.npz")
    message = one_line_error(trainer._check_same, begun, now, config)
    assert message == (
        f"{begun.path}: the files of training.teachers ({file}) have changed since the run began; restore them, or"
        " start a new run with another --name"
    )
    message = one_line_error(trainer._check_same, begun, now | {"vgg": "other"}, config)
    assert f"the files of training.teachers ({file}) and networks.vgg_weights (none) have changed" in message
    older = {name: facts[name] for name in ("counts", "sha256")}
    for noted in (None, older, now):
        trainer._check_same(begun._replace(facts=noted), now, config)


def test_files_may_move_if_the_run_noted_their_digests(photo_set, tmp_path, one_line_error):
    for number in range(3):
        photo_set.add(f"{number}.png", (50 + 3 * number, 40, 40, 30))
    config = Config(networks=tiny.networks(), data=photo_set.config())
    moved = replace(config, data=replace(config.data, images=tmp_path / "moved", annotations=tmp_path / "moved.json"))
    task = task_of(config)
    facts = trainer._facts(load_crops(config.data, 16), task)
    photo_set.images.rename(moved.data.images)
    photo_set.annotations.rename(moved.data.annotations)
    assert trainer._facts(load_crops(moved.data, 16), task) == facts
    folder = run_folder.fresh(tmp_path, "x", True)
    folder.save_config(config)
    begun = trainer.Begun(facts=facts, path=tmp_path / "step_00000002.npz")
    trainer._check_movable(begun, folder, moved)
    message = one_line_error(trainer._check_movable, begun._replace(facts=None), folder, moved)
    assert message.startswith(
        f"data.images: {moved.data.images}, but {folder.path} was trained with {photo_set.images}"
    )
    trainer._check_movable(begun._replace(facts=None), folder, config)
    trainer._check_movable(trainer.Begun(), folder, moved)  # nothing was trained


def test_the_same_weights_of_vgg_have_one_digest_wherever_they_come_from():
    config, values = Config(networks=tiny.networks(vgg_weights="random")), np.arange(3.0)
    crops = load_crops(replace(config.data, synthetic_train=1, synthetic_val=1), 16)
    task = task_of(config, vgg=SimpleNamespace(vgg=SimpleNamespace(get_weights=lambda: [values])))
    assert trainer._facts(crops, task)["vgg"] == "random"
    noted = []
    for place in ("imagenet", "vgg.h5"):
        task.config = replace(config, networks=replace(config.networks, vgg_weights=place))
        noted.append(trainer._facts(crops, task)["vgg"])
    assert noted[0] == noted[1] != "random"
    values[1] += 1
    assert trainer._facts(crops, task)["vgg"] != noted[0]
