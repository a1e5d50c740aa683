"""The scale of crops: that of prepared ones in every use of the model, and the teacher's own for a teacher."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image
from rich.console import Console

import seigan_tf
import train
from export import examples
from seigan_tf import config as settings
from seigan_tf.config import Config, DataConfig, TrainingConfig
from seigan_tf.data.crops import extract, region_around
from seigan_tf.data.loading import crop_settings, load_crops, load_objects
from seigan_tf.data.storage.prepare import prepare
from seigan_tf.inference import arrays
from seigan_tf.inference.weights import find
from seigan_tf.training import masked_crops, tasks, teacher_masks, trainer
from seigan_tf.training.run_folder import RunFolder, fresh
from tests import tiny
from tests.commands import call
from tests.conftest import PhotoSet

HALF, DEFAULT = 0.5, DataConfig.object_fraction
SIZE = 48
RULES = {"object_fraction": HALF, "min_short_side": 15.0, "max_object_fraction": 0.7, "min_aspect": 0.0}
BRIGHT = 128


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> DataConfig:
    """Dark photographs of bright objects of several forms, in boxes that they fill."""
    photos = PhotoSet(tmp_path_factory.mktemp("photos"))
    for number in range(6):
        x, y, width, height = box = 200 + 4 * number, 80 + 3 * number, 48, 20 + 6 * number
        path = photos.add(f"{number}.png", box, width=340, height=260)
        pixels = np.asarray(Image.open(path)) // 8
        pixels[y : y + height // 2, x : x + width] += 200
        pixels[y + height // 2 : y + height, x : x + 18 + number] += 200
        Image.fromarray(pixels).save(path)
    return photos.config(**RULES)


@pytest.fixture(scope="module")
def store(photos, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stores") / "half"
    prepare(photos, SIZE, folder)
    return folder


@pytest.fixture(scope="module")
def run(store, tmp_path_factory) -> Path:
    """A run on prepared crops whose settings say nothing of their rules, with a teacher of another scale."""
    folder = fresh(tmp_path_factory.mktemp("runs"), "half", exact=True)
    teacher = folder.path.with_name("teacher.keras")
    tiny.seigan().save(teacher)
    data = DataConfig(source="crops", crops=store, seed=3)
    training = TrainingConfig(task="distill", teachers=(str(teacher),), steps=1, batch_size=2, steps_per_epoch=1)
    trainer.train(Config(networks=tiny.networks(), data=data, training=training), folder, Console(quiet=True))
    return folder.path


def test_a_run_has_the_rules_by_which_its_crops_were_made(run, store):
    saved = settings.load_config(run / "config.json").data
    assert {name: getattr(saved, name) for name in RULES} == RULES
    assert (saved.source, saved.crops, saved.seed, saved.images) == ("crops", store, 3, None)
    for weights in (run, run / "weights" / "seigan.keras"):
        assert find(weights).object_fraction == seigan_tf.load(weights).object_fraction == HALF
    assert examples.of_run(run, 16, 2, held_out=False).source == "2 stored crops"


def test_photographs_are_cut_as_the_prepared_crops_were(run, store, photos):
    backend = seigan_tf.Composer.load(run).backend
    boxes = {entry["id"]: entry["bbox"] for entry in json.loads(photos.annotations.read_text())["annotations"]}
    stored = tfds.builder_from_directory(store).as_data_source("train_objects")
    assert len(stored) == 6
    for element in stored:
        region = region_around(boxes[element["object_id"]], backend.object_fraction)
        assert tuple(element["region"].tolist()) == region
        pixels = np.asarray(Image.open(photos.images / element["photo"].decode()))
        assert np.abs(extract(pixels, region, SIZE).astype(int) - element["image"]).mean() < 3


def test_prepared_crops_of_another_scale_than_asked_for_are_refused(store, one_line_error):
    data = DataConfig(source="crops", crops=store)
    message = one_line_error(load_crops, data, 16)
    assert message.startswith(f"{store}: objects take 0.5 of the sides of these crops, expected 0.78125")
    assert len(load_crops(crop_settings(data), 16).objects.images) == 6


@pytest.fixture
def command(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return ["--name", "run", "--data.source", "crops", "--data.crops", str(store), "--training.steps", "0"]


@pytest.mark.parametrize("flag", ["--data.object-fraction=0.78125", "--data.min_short_side=20"])
def test_a_rule_that_is_not_that_of_the_prepared_crops_is_refused(flag, command, capsys):
    for start in (train.main, lambda arguments: call(capsys, "distill", "--teachers", "x", *arguments)):
        try:
            refusal = start([*command, flag]).refusal
        except SystemExit as leaving:
            assert leaving.code == 2
            refusal = capsys.readouterr().err
        name, value = flag.replace("_", "-").split("=")
        assert f"{name} {float(value)}: {command[5]} was made with" in refusal
    assert not Path("runs").exists()


def test_a_rule_that_is_that_of_the_prepared_crops_is_accepted(command, capsys):
    with pytest.raises(SystemExit):
        train.main([*command, "--data.object-fraction", "0.5"])
    assert "training.steps: 0" in capsys.readouterr().err


def test_a_run_is_not_continued_on_crops_that_were_made_anew_by_other_rules(run, photos, tmp_path, one_line_error):
    folder = RunFolder(shutil.copytree(run, tmp_path / "run"))
    (folder.path / "report.json").unlink()
    prepare(replace(photos, object_fraction=DEFAULT), SIZE, tmp_path / "crops")
    config = folder.config()
    config = replace(config, data=replace(config.data, crops=tmp_path / "crops"))
    message = one_line_error(trainer.train, config, folder, Console(quiet=True))
    assert "was trained on crops with data.object_fraction 0.5, not 0.78125; start a new run" in message


def bright(model, images, boxes):
    """The masks of a teacher that finds bright pixels, and expects objects of its own scale."""
    sides = np.max(boxes[:, 2:] - boxes[:, :2], axis=1)
    np.testing.assert_allclose(sides, model.object_fraction, atol=0.02)
    assert images.shape[1] == model.networks.size
    return np.float32(images.mean(axis=-1, keepdims=True) > BRIGHT)


@pytest.mark.parametrize(
    ("source", "ours", "theirs"),
    [("photos", HALF, DEFAULT), ("photos", DEFAULT, HALF), ("store", HALF, DEFAULT), ("store", HALF, HALF)],
)
def test_a_teacher_gets_crops_of_its_own_scale(source, ours, theirs, photos, store, tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "segment", bright)
    tiny.seigan(size=28, object_fraction=theirs).save(tmp_path / "teacher.keras")
    data = DataConfig(source="crops", crops=store, **RULES) if source == "store" else photos
    training = TrainingConfig(task="distill", teachers=(str(tmp_path / "teacher.keras"),))
    config = Config(networks=tiny.networks(size=SIZE), data=replace(data, object_fraction=ours), training=training)
    made = masked_crops.with_teacher_masks(config, load_crops(config.data, SIZE), Console(quiet=True))
    assert len(made.images) == 4  # of six
    for image, mask in zip(made.images, made.masks, strict=True):
        truth, found = image.mean(axis=-1) > BRIGHT, mask[..., 0] > 0.5
        assert (truth & found).sum() / (truth | found).sum() > 0.75


def test_masks_of_teachers_of_different_scales_are_refined_and_then_averaged(photos, tmp_path, monkeypatch):
    def pale_if_small(model, images, boxes):
        return bright(model, images, boxes) * (0.9 if model.networks.size == 28 else 0.4)

    monkeypatch.setattr(arrays, "segment", pale_if_small)
    monkeypatch.setattr(teacher_masks, "CONFIDENT", 1.0)
    files = tuple(str(tmp_path / f"{size}.keras") for size in (28, 20))
    tiny.seigan(size=28, object_fraction=DEFAULT).save(files[0])
    tiny.seigan(size=20, object_fraction=HALF).save(files[1])
    crops = load_crops(photos, SIZE)

    def masks(*names):
        training = TrainingConfig(task="distill", teachers=names)
        config = Config(networks=tiny.networks(size=SIZE), data=photos, training=training)
        return masked_crops.with_teacher_masks(config, crops, Console(quiet=True)).masks

    first, second = (masks(name) for name in files)
    assert np.abs(first - second).max() > 0.2
    np.testing.assert_allclose(masks(*files), (first + second) / 2, atol=1e-6)


def test_prepared_crops_that_show_too_little_for_a_teacher_are_refused(store, one_line_error):
    data = crop_settings(DataConfig(source="crops", crops=store))
    message = one_line_error(load_objects, data, 16, HALF / 2)
    assert message.startswith(f"{store}: objects take 0.5 of the sides of these crops, expected at most 0.25")
    assert len(load_objects(data, round(SIZE * HALF / DEFAULT), DEFAULT).images) == 6
    message = one_line_error(load_objects, data, SIZE, DEFAULT)
    assert message.startswith(f"{store}: 31 pixels of its crops cannot give crops of 48;")
    assert message.endswith("--size 75")


@pytest.mark.parametrize(("frozen", "pretrain_steps"), [(False, 0), (False, 1), (True, 0)])
def test_weights_of_another_scale_start_a_run_only_if_it_trains_them(frozen, pretrain_steps, tmp_path, one_line_error):
    start = tmp_path / "start.keras"
    tiny.seigan(object_fraction=HALF).save(start)
    networks = tiny.networks(mask_gradient_scale=0.0 if frozen else 1.0)
    data = DataConfig(synthetic_train=2, synthetic_val=2)
    # Pretraining of the discriminators alone is followed by training of the segmenter.
    pretraining = dict(pretrain_steps=pretrain_steps, pretrain_discriminators=True)
    training = TrainingConfig(start_from=(str(start),), steps=2, batch_size=1, **pretraining)
    config, scales = Config(networks=networks, data=data, training=training), "objects of 0.5 of the crops' sides"
    if frozen:
        message = one_line_error(trainer.train, config, fresh(tmp_path, "run", exact=True), Console(quiet=True))
        assert f"start.keras was trained on {scales}, not 0.78125, and this run does not train it" in message
        assert not (tmp_path / "run").exists()
        return
    console = Console(file=io.StringIO(), width=200)
    trainer._start_from(str(start), tasks.make(config), console)
    assert f", trained on {scales}, not 0.78125\n" in console.file.getvalue()


@pytest.mark.parametrize("task", ["seigan", "inpaint"])
def test_a_segmenter_that_sees_the_box_starts_no_run_that_keeps_it_and_does_not_show_the_box(
    task, tmp_path, one_line_error
):
    start = tmp_path / "start.keras"
    tiny.seigan(confine_mask=True, outside_contrast=0.3).save(start)
    networks = tiny.networks(confine_mask=True, mask_gradient_scale=0.0)
    training = TrainingConfig(task=task, teachers=() if task == "seigan" else (str(start),), steps=2, batch_size=1)
    made = tasks.make(Config(networks=networks, training=training))
    message = one_line_error(trainer._start_from, str(start), made, Console(quiet=True))
    assert "start.keras was trained on crops of contrast 0.3 outside the box, not 1, and this run does not" in message
