"""Folders that the program itself wrote inside a folder of photographs: their pictures are none."""

import json
import shutil
from dataclasses import asdict

import pytest
from PIL import Image

from seigan_tf import pretrained
from seigan_tf.config import Config
from seigan_tf.data.photos.files import find_files, find_photos
from seigan_tf.evaluation.comparison.results import make_table
from seigan_tf.presets import phone
from seigan_tf.study.manifest import Manifest
from seigan_tf.training.recipe import RecipeRun
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.utils.atomic import write_json


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(path)


def run(folder):
    RunFolder(folder).save_config(Config())


def recipe(folder):
    RecipeRun(RunFolder(folder), phone.RECIPE, ()).save()


def export(folder):
    shutil.copyfile(pretrained.folder("cats") / "weights" / "model.json", folder / "model.json")


def study(folder):
    Manifest("Which?", {}, [], []).write(folder)


def table(folder):
    report = {"count": 3, "iou": {"model": 0.5, "box": 0.4}, "cost": {"seconds": 1.0}}
    write_json(folder / "table.json", make_table({"seigan": [report]}, {}))


@pytest.mark.parametrize("write", [run, recipe, export, study, table])
def test_folders_of_the_program_are_left_out_but_if_they_are_asked_for(tmp_path, write):
    picture(tmp_path / "a.png")
    folder = tmp_path / "deep" / "own"
    for name in ("sheet.png", "samples/final.png"):
        picture(folder / name)
    write(folder)
    assert list(find_photos(tmp_path)) == [tmp_path / "a.png"]
    assert list(find_files(tmp_path, ".json")) == []
    assert list(find_photos(folder)) == [folder / "samples" / "final.png", folder / "sheet.png"]


@pytest.mark.parametrize(
    "content", ["{}", "[]", "{", json.dumps({"data": 1}), json.dumps(asdict(Config()), default=str)[:-1]]
)
def test_folders_of_others_with_files_of_these_names_are_not(tmp_path, content):
    names = ("config.json", "recipe.json", "model.json", "dataset_info.json", "study.json", "table.json")
    picture(tmp_path / "theirs" / "a.png")
    for name in names:
        (tmp_path / "theirs" / name).write_text(content)
    assert list(find_photos(tmp_path)) == [tmp_path / "theirs" / "a.png"]
