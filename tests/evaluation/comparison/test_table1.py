"""Table 1 from the methods' settings to the file, and Supervised, which is trained for it alone."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from seigan_tf import config, presets
from seigan_tf.cli import table1 as command
from seigan_tf.data.augmentation import Augmentation
from seigan_tf.data.crop_set import Crops
from seigan_tf.data.loading import load_crops
from seigan_tf.evaluation import pictures
from seigan_tf.evaluation.comparison import methods, results
from seigan_tf.inference import arrays, loading
from seigan_tf.inference.weights import MODEL_FILE
from seigan_tf.losses.terms import active_terms
from seigan_tf.training import facts, masked_crops
from seigan_tf.training.mask_segmenter import MaskSegmenter
from seigan_tf.training.masked_crops import MaskedCrops
from tests import commands, tiny

BOXES = presets.load_preset("boxes")
BOXES = replace(BOXES, data=replace(BOXES.data, val_images=Path("val")))


def test_methods_differ_in_what_they_are_named_for_and_in_nothing_else():
    terms = {name: active_terms(methods.method_config(name, BOXES, 0).losses) for name in methods.METHODS}
    assert terms["box_terms"] == ("box_projection", "box_pairwise", "mask_saturation")
    assert terms["no_cycle"] == ("coarse_gan", "box_projection", "box_pairwise", "mask_saturation")
    assert terms["seigan"] == active_terms(BOXES.losses)
    for name in methods.METHODS | methods.ABLATIONS:
        made = methods.method_config(name, BOXES, 3, Path("runs"))
        assert (made.name, made.networks.seed, made.data.seed) == (f"{name}-3", 3, 3)
        pretrain_steps = 0 if name == "no_box_terms" else BOXES.training.pretrain_steps
        training = replace(BOXES.training, pretrain_steps=pretrain_steps)
        if name in methods.TEACHERS:
            training = replace(training, task="distill", teachers=(f"runs/{methods.TEACHERS[name]}-3",))
        elif name == "supervised":
            training = replace(training, task="supervised")
        assert made.training == training
        assert made.networks.segmenter == BOXES.networks.segmenter
        same = (replace(made.networks, seed=0), made.losses) == (BOXES.networks, BOXES.losses)
        assert same == (name in ("seigan", "supervised", *methods.TEACHERS)), name


def test_unknown_methods_are_named(one_line_error):
    assert "'magic'" in one_line_error(methods.method_config, "magic", BOXES, 0)


def report(iou, seconds=60.0):
    return {"count": 9, "iou": {"model": iou, "box": 0.5}, "cost": {"seconds": seconds}}


def test_table_has_mean_spread_and_the_part_of_supervised():
    reports = {"seigan": [report(0.7), report(0.8)], "supervised": [report(0.9, 120.0)]}
    made = results.make_table(reports, {"grabcut": 0.625})
    assert made["count"] == 9
    assert made["baselines"] == {"box": 0.5, "grabcut": 0.625}
    assert made["methods"]["seigan"] == pytest.approx(
        {"iou": 0.75, "spread": np.std([0.7, 0.8], ddof=1), "seeds": 2, "seconds": 60.0}
    )
    assert made["methods"]["supervised"]["spread"] is None
    lines = results.to_markdown(made).splitlines()
    assert lines[2:] == [
        "| box | 0.500 | | | |",
        "| grabcut | 0.625 | | | |",
        "| seigan | 0.750 ± 0.071 | 2 | 1 | 0.833 |",
        "| supervised | 0.900 | 1 | 2 | 1.000 |",
    ]


def test_runs_that_were_measured_on_other_objects_are_not_compared(one_line_error):
    other = report(0.7) | {"count": 8}
    assert "8 and 9 objects" in one_line_error(results.make_table, {"seigan": [report(0.7)], "supervised": [other]}, {})


@pytest.fixture
def crops():
    """White squares on black, which any segmenter can learn."""
    images, boxes, masks = np.zeros((12, 16, 16, 3), np.uint8), [], np.zeros((12, 16, 16, 1), np.float32)
    for number in range(12):
        top, left = 2 + number % 4, 2 + number % 3
        images[number, top : top + 8, left : left + 6] = 255
        masks[number, top : top + 8, left : left + 6] = 1
        boxes.append([top / 16, left / 16, (top + 8) / 16, (left + 6) / 16])
    return MaskedCrops(images, np.array(boxes, np.float32), masks)


def test_batches_move_masks_with_their_images(crops):
    changes = Augmentation(0.0, zoom=0.2, shift=0.1)
    inputs, masks = next(iter(masked_crops.batches(crops, 4, 0, changes)))
    assert inputs["image"].shape == (4, 16, 16, 3)
    np.testing.assert_allclose((inputs["image"][..., :1] + 1) / 2, masks, atol=1e-5)
    again, _ = next(iter(masked_crops.batches(crops, 4, 0, changes)))
    np.testing.assert_array_equal(again["image"], inputs["image"])


def test_objects_are_pasted_onto_backgrounds_by_their_masks(crops):
    grey = np.full((3, 16, 16, 3), 128, np.uint8)
    plain = next(iter(masked_crops.batches(crops, 12, 0, Augmentation())))
    for fraction in (0.5, 1.0):
        pasting = masked_crops.Pasting(fraction, grey)
        inputs, masks = next(iter(masked_crops.batches(crops, 12, 0, Augmentation(), pasting)))
        np.testing.assert_array_equal(masks, plain[1])
        np.testing.assert_array_equal(inputs["box"], plain[0]["box"])
        pasted = np.any(inputs["image"] != plain[0]["image"], axis=(1, 2, 3))
        assert pasted.all() if fraction == 1 else 0 < pasted.sum() < 12
        expected = np.where(masks > 0.5, 1, np.float32(128 / 127.5 - 1))
        np.testing.assert_allclose(inputs["image"][pasted], np.repeat(expected, 3, axis=-1)[pasted], atol=1e-6)


def test_masks_train_the_segmenter_alone_and_the_file_holds_a_seigan(crops, tmp_path):
    keras.utils.set_random_seed(0)
    model = MaskSegmenter(tiny.networks(confine_mask=True, ema_decay=0.9))
    model.compile(keras.optimizers.Adam(1e-2))
    before = model.state()
    batches = masked_crops.batches(crops, 4, 0, Augmentation())
    history = model.fit(batches, steps_per_epoch=15, epochs=2, verbose=0, shuffle=False).history["loss"]
    assert history[-1] < history[0]
    masks = arrays.segment(model.seigan, crops.images, crops.boxes)
    outside = masks[..., 0] * (crops.masks[..., 0] == 0)
    assert outside.max() == 0  # confined to the box, which here is the object
    after = model.state()
    changed = [name for name, value in after.items() if not np.array_equal(value, before[name])]
    assert {name.split("/")[1] for name in changed if name.startswith("seigan/")} == {"segmenter"}
    model.save(tmp_path / "model.keras")
    again = loading.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(arrays.segment(again, crops.images, crops.boxes), masks)


@pytest.fixture
def sets(new_photo_set):
    """Photographs for training and for validation, with masks."""
    made = []
    for name in ("train", "val"):
        photos = new_photo_set(name)
        for number in range(6):
            x, y = 60 + number, 50
            photos.add(f"{name}{number}.png", (x, y, 40, 30), segmentation=[[x, y, x + 40, y, x, y + 30]])
        photos.config()
        made.append(photos)
    return made


@pytest.fixture
def table1(sets, tmp_path, capsys):
    """Runs the command with networks and budgets that are as small as can be."""
    train, val = sets
    settings = [
        *["--networks.size=16", "--networks.replay-size=0", "--vgg-weights=none", "--networks.ema-decay=0"],
        *["--networks.segmenter.backbone=unet", "--networks.segmenter.width=2", "--networks.segmenter.depth=1"],
        *["--networks.inpainter.width=2", "--networks.inpainter.depth=1"],
        *["--networks.enhancer.width=2", "--networks.enhancer.depth=1"],
        *["--networks.discriminator.width=2", "--networks.discriminator.depth=1"],
        *["--losses.background-texture=0", "--losses.background-perceptual=0", "--losses.object-perceptual=0"],
        *["--losses.inpaint-gan-back=0", "--losses.background-mae=0", "--losses.object-mae=0"],
        *["--losses.object-identity=0", "--losses.background-identity=0"],
        *[
            "--training.batch-size=2",
            "--training.steps=2",
            "--training.steps-per-epoch=2",
            "--training.pretrain-steps=0",
        ],
        *[f"--data.images={train.images}", f"--data.annotations={train.annotations}"],
        *[f"--data.val-images={val.images}", f"--data.val-annotations={val.annotations}"],
    ]

    def call(*arguments):
        return commands.call(capsys, "table1", "--out", tmp_path / "out", *arguments, *settings)

    return call


def in_this_process(*call):
    """In place of a process of its own, for the time of the test: pickled as for one, and called."""
    function, *arguments = pickle.loads(pickle.dumps(call))
    return function(*arguments)


def test_command_trains_what_is_missing_and_writes_the_table(table1, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "in_fresh_process", in_this_process)
    methods = "--methods", "seigan", "self_trained", "supervised", "--seeds", "1"
    ended = table1(*methods)
    assert ended.code == 0, ended.err
    assert "training seigan, seed 1" in ended.out
    made = json.loads((tmp_path / "out" / "table.json").read_text())
    assert made["count"] == 6
    assert {name: method["seeds"] for name, method in made["methods"].items()} == {
        "seigan": 1,
        "self_trained": 1,
        "supervised": 1,
    }
    assert list(made["baselines"]) == ["box", "ellipse", "grabcut", "grabcut_or_box"]
    text = (tmp_path / "out" / "table.md").read_text()
    assert text.count("\n") == 9
    student = config.load_config(tmp_path / "out" / "self_trained-1" / "config.json").training
    assert (student.task, student.teachers) == ("distill", (str(tmp_path / "out" / "seigan-1"),))
    picture = Image.open(tmp_path / "out" / "figure.png")
    assert picture.height > 6 * pictures.SIDE
    trained = (tmp_path / "out" / "seigan-1" / "report.json").stat().st_mtime_ns
    noted = json.loads((tmp_path / "out" / "supervised-1" / "report.json").read_text())["facts"]
    assert set(noted) == {"counts", "sha256", "masks", "training_masks", "teachers", "vgg"}
    assert "training" not in table1(*methods).out
    assert json.loads((tmp_path / "out" / "table.json").read_text()) == made
    assert (tmp_path / "out" / "seigan-1" / "report.json").stat().st_mtime_ns == trained
    refusal = table1(*methods, "--losses.coarse-gan=0.5").refusal
    assert "--losses.coarse-gan: " in refusal
    assert "was trained with 1.0, not 0.5; give the settings of the other runs in --out" in refusal


def test_a_student_comes_behind_its_teacher(table1):
    assert "self_trained learns from seigan" in table1("--methods", "self_trained", "seigan").refusal
    assert "self_trained_twice learns from self_trained" in table1("--methods", "self_trained_twice").refusal


def test_command_holds_photographs_out_where_none_are_given(sets, tmp_path, capsys, monkeypatch):
    trained = []

    def train(config, folder):
        trained.append(config)
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.save_report({"count": 3, "iou": {"model": 0.5, "box": 0.4}, "cost": {"steps": 1000, "seconds": 1.0}})

    monkeypatch.setattr(command, "in_fresh_process", lambda _, *arguments: train(*arguments))
    monkeypatch.setattr(results, "draw_masks", lambda *_: Image.new("RGB", (1, 1)))
    photos = sets[0]
    settings = ["--data.images", photos.images, "--data.annotations", photos.annotations, "--data.held-out", "0.5"]
    ended = commands.call(
        capsys, "table1", "--out", tmp_path / "out", "--seeds", "0", "1", "--data.seed", "4", *settings
    )
    assert ended.code == 0, ended.err
    assert len(trained) == 8
    assert {config.data.seed for config in trained} == {4}  # that of the photographs held out
    assert {config.networks.seed for config in trained} == {0, 1}
    assert json.loads((tmp_path / "out" / "table.json").read_text())["count"] == 3


def test_rows_of_other_photographs_masks_or_teachers_are_refused(table1, sets, tmp_path, monkeypatch):
    methods = "--methods", "seigan", "self_trained", "supervised"

    def train(_, config, folder):
        (file := folder.path / MODEL_FILE).parent.mkdir(parents=True)
        file.write_text(config.name)
        folder.save_config(config)
        noted = facts.of_files(config, load_crops(config.data, config.networks.size), Console(quiet=True))
        made = {"count": 6, "iou": {"model": 0.5}, "cost": {"steps": 2, "seconds": 1.0}, "facts": noted}
        folder.save_report(made)

    monkeypatch.setattr(command, "in_fresh_process", train)
    monkeypatch.setattr(results, "draw_masks", lambda *_: Image.new("RGB", (1, 1)))
    for _ in "first", "again":
        ended = table1(*methods)
        assert ended.code == 0, ended.err
    out, (train, val) = tmp_path / "out", sets
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    for photos, run, changed in (val, "seigan-0", "validation masks"), (train, "supervised-0", "training masks"):
        segmentation = photos.content["annotations"][0]["segmentation"]
        photos.content["annotations"][0]["segmentation"] = [[60, 50, 100, 50, 100, 80, 60, 80]]
        photos.config()
        message = f"error: {out / run / 'report.json'}: photographs, annotations or the packages that read them have"
        refusal = table1(*methods).refusal
        assert refusal.startswith(message)
        assert f"have changed since the run began ({changed} alone); restore them, or give another --out" in refusal
        photos.content["annotations"][0]["segmentation"] = segmentation
        photos.config()
    report = out / "seigan-0" / "report.json"
    report.unlink()
    assert (
        f"{out / 'self_trained-0'}: learned from {out / 'seigan-0'}, which is not finished" in table1(*methods).refusal
    )
    report.write_bytes(before[report])
    teacher = out / "seigan-0" / MODEL_FILE
    teacher.write_bytes(before[teacher] + b" ")
    assert f"the files of training.teachers ({out / 'seigan-0'}) have changed" in table1(*methods).refusal
    teacher.write_bytes(before[teacher])
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["table.md", "table.json", "figure.png"])
def test_command_names_a_folder_in_the_place_of_a_result_before_it_trains(table1, tmp_path, name):
    (place := tmp_path / "out" / name).mkdir(parents=True)
    assert f"{place}: a folder, expected a file to write" in table1().refusal
    assert list((tmp_path / "out").iterdir()) == [place]


def test_command_wants_a_folder_for_its_runs(table1, tmp_path):
    (tmp_path / "out").write_text("mine")
    assert f"--out {tmp_path / 'out'}: a file, expected a folder" in table1().refusal


@pytest.mark.parametrize("name", ["methods", "seeds"])
def test_command_wants_a_method_and_a_seed(table1, name):
    assert f"--{name} has no value" in table1(f"--{name}").refusal


def test_command_names_an_unknown_method_before_it_trains(table1, tmp_path):
    assert "'magic'" in table1("--methods", "seigan", "magic").refusal
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("split", "methods", "message"),
    [
        (1, ("seigan",), "{}: no validation object has a mask, expected masks to measure the methods by"),
        (0, ("seigan", "supervised"), "{}: no object has a mask for `supervised` to train on; expected masks, or"),
    ],
)
def test_command_names_missing_masks_before_it_trains(table1, sets, tmp_path, split, methods, message):
    photos = sets[split]
    for annotation in photos.content["annotations"]:
        del annotation["segmentation"]
    photos.config()
    assert message.format(photos.annotations) in table1("--methods", *methods).refusal
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--training.task", "supervised"],
            "--training.task supervised: would have no effect; each of --methods has its",
        ),
        (
            ["--training.teachers", "cats", "mine"],
            "--training.teachers cats mine: would have no effect; each of --methods",
        ),
        (["--networks.seed", "7"], "--networks.seed 7: would have no effect; expected --seeds"),
        (["--data.seed", "7"], "--data.seed 7: would have no effect; expected --seeds"),
        (
            ["--name", "mine"],
            "--name mine: would have no effect; the folders in --out have the names of methods and seeds",
        ),
        (["--training.stop-collapsed"], "--training.stop-collapsed: one method would end the comparison of all"),
        (["--methods", "seigan", "no_texture"], "--methods no_texture: changes nothing with preset boxes"),
        (
            ["--methods", "no_cycle", "--networks.outside-contrast", "0.5"],
            "--methods no_cycle: networks.outside_contrast: 0.5 with box terms",
        ),
    ],
)
def test_command_names_settings_of_no_use_before_it_trains(table1, tmp_path, arguments, message):
    assert message in table1(*arguments).refusal
    assert not (tmp_path / "out").exists()


def test_crops_without_validation_masks_are_refused(monkeypatch, one_line_error):
    data = config.DataConfig(source="crops", crops=Path("stored"))
    monkeypatch.setattr(results, "load_crops", lambda *_: Crops(None, None, None, {}))
    message = one_line_error(results.check_masks, replace(BOXES, data=data), {}, False)
    assert message.startswith("stored: no validation object has a mask")
