"""Recipes: inputs of stages, settings given once, and the estimate of the time left."""

import json
from dataclasses import replace

import pytest

from seigan_tf import presets
from seigan_tf.config import DataConfig
from seigan_tf.training.recipe import RecipeRun, Share
from tests import recipes

PHONE = presets.RECIPES["phone"]


def finish(run, *names):
    """Reports as at the end of the stages' trainings."""
    for name in names:
        folder = run.stage_folder(name)
        folder.path.mkdir(exist_ok=True)
        steps = run.stage(name).config.training.steps
        folder.save_report({"count": 0, "iou": {}, "cost": {"steps": steps, "seconds": 10.0}})


def test_a_stage_takes_the_best_finished_weights(tmp_path):
    run = recipes.begin(tmp_path, PHONE)
    with pytest.raises(
        ValueError, match="segmenter needs self-trained-twice or self-trained or teacher or teacher-128"
    ):
        run.stage_config("segmenter")
    path = run.folder.path
    for stage, teachers in (
        ("teacher", ["teacher"]),
        ("self-trained", ["self-trained"]),
        ("teacher-128", ["self-trained", "teacher-128"]),
        ("self-trained-twice", ["self-trained-twice", "self-trained", "teacher-128"]),
    ):
        finish(run, stage)
        assert run.stage_config("segmenter").training.teachers == tuple(str(path / name) for name in teachers)
    finish(run, "segmenter")
    segmenter = str(run.folder.path / "segmenter")
    assert run.stage_config("inpainter-128").training.start_from == (segmenter,)
    assert run.stage_config("inpainter-128").training.teachers == (segmenter,)
    finish(run, "inpainter-64")
    assert run.stage_config("inpainter-128").training.start_from == (str(run.folder.path / "inpainter-64"),)
    assert run.stage_config("inpainter-128").training.teachers == (segmenter,)


def test_a_stage_that_has_begun_keeps_its_settings(tmp_path):
    run = recipes.begin(tmp_path, PHONE)
    finish(run, "teacher")
    begun = run.stage_config("segmenter")
    run.stage_folder("segmenter").path.mkdir()
    run.stage_folder("segmenter").save_config(begun)
    finish(run, "self-trained")
    assert run.stage_config("segmenter") == begun


def test_settings_given_once_reach_every_stage(tmp_path):
    config = replace(
        PHONE.config,
        data=replace(PHONE.config.data, images=tmp_path, seed=5),
        networks=replace(
            PHONE.config.networks,
            segmenter=replace(PHONE.config.networks.segmenter, width=24),
            seed=6,
            vgg_weights="random",
            outside_contrast=0.3,
        ),
        training=replace(PHONE.config.training, precision="mixed_bfloat16"),
    )
    run = RecipeRun.load(recipes.begin(tmp_path, replace(PHONE, config=config)).folder)
    for stage in PHONE.stages:
        made = run.stage_config(stage.name)
        assert made.data == config.data
        assert (made.networks.seed, made.networks.vgg_weights) == (6, "random")
        assert made.networks.outside_contrast == (1.0 if stage.name.startswith("teacher") else 0.3)
        large = stage.name.startswith(("teacher", "self-trained"))
        assert made.networks.segmenter.backbone == ("vgg19" if large else "unet")
        assert made.networks.segmenter.width == (48 if large else 24)
        assert made.training.precision == "mixed_bfloat16"
        assert made.training.steps == stage.config.training.steps
        finish(run, stage.name)


def test_the_last_training_is_in_the_run_folder_itself(tmp_path):
    run = recipes.begin(tmp_path, PHONE)
    assert run.stage_folder("together").path == run.folder.path
    assert run.stage_folder("teacher").path == run.folder.path / "teacher"
    assert "--name phone --resume" in run.stage_folder("teacher").resume_command


def test_a_damaged_recipe_is_one_line(tmp_path, one_line_error):
    run = recipes.begin(tmp_path, recipes.tiny(DataConfig()))
    values = json.loads(run.folder.recipe_file.read_text())
    del values["stages"][0]["teachers"]
    for damaged in (json.dumps(values), "[]", "{"):
        run.folder.recipe_file.write_text(damaged)
        assert "recipe.json: no recipe" in one_line_error(RecipeRun.load, run.folder)


def test_the_time_left_is_that_of_all_stages_at_the_pace_so_far(tmp_path):
    share = Share("stage 2 of 3", cost_per_step=2.0, cost_before=10.0, cost_after=30.0, seconds_before=40.0)
    # 10 + 5 * 2 of cost took 100 s; 5 * 2 + 30 are left.
    assert share.seconds_left(5, 10, 60.0) == pytest.approx(200.0)
    run = recipes.begin(tmp_path, recipes.tiny(DataConfig()))
    finish(run, "teacher")
    assert run.share("student", ("teacher", "student"), "2 of 2") == Share("2 of 2", 0.5, recipes.STEPS, 0.0, 10.0)
    assert run.share("student", ("student",), "1 of 1") == Share("1 of 1", 0.5, 0.0, 0.0, 0.0)
