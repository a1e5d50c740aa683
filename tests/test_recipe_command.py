"""`python train.py` with a recipe: killed and resumed, and what is written behind the trainings."""

import json
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from export import command as exported
from export import graphs, pack
from export.tflite import conversion
from seigan_tf.cli import commands, stage
from seigan_tf.cli import recipe as command
from seigan_tf.cli.child_process import Ended
from seigan_tf.config import DataConfig
from seigan_tf.training.recipe import RecipeRun
from seigan_tf.training.run_folder import RunFolder
from tests import recipes
from tests.runs import assert_same_metrics, assert_same_state
from tests.test_train_command import finish, start, stop_after

TRAININGS = ("--name", "tiny", "--resume", "--stages", "teacher", "student")


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One run left alone; and a copy that got SIGKILL in its second stage and was resumed."""
    folder, other = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("killed")
    images, annotations = recipes.photographs(folder / "train", 8, 0)
    held_out = recipes.photographs(folder / "val", 4, 1)
    data = DataConfig("coco", None, images, annotations, *held_out)
    recipes.begin(folder, recipes.tiny(data))
    whole = finish(start(folder, *TRAININGS))

    run = other / "runs" / "tiny"
    for kept in ("recipe.json", "teacher"):
        source = folder / "runs" / "tiny" / kept
        run.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, run / kept)
    teacher = contents(run / "teacher")
    killed = start(other, *TRAININGS)
    stop_after(killed, run, 2, signal.SIGKILL)
    finish(killed, -signal.SIGKILL)  # waits for the stage, too, which has the same standard output
    left = {path.name for path in run.iterdir()}
    resumed = finish(start(other, *TRAININGS))
    return SimpleNamespace(
        folder=folder,
        run=folder / "runs" / "tiny",
        other=run,
        whole=whole,
        left=left,
        resumed=resumed,
        teacher=(teacher, contents(run / "teacher")),
    )


def test_progress_shows_the_stage_and_the_time_left_for_all(trained):
    lines = trained.whole.out.splitlines()
    assert "stage 1 of 2, teacher" in lines
    assert "stage 2 of 2, student" in lines
    steps = [line for line in lines if line.startswith("step ")]
    assert len(steps) == recipes.STEPS
    assert all("left for all)" in line for line in steps)
    assert trained.whole.err == ""


def test_each_stage_has_a_run_folder_and_the_last_one_is_the_run(trained):
    whole = ["checkpoint", "config.json", "logs", "metrics.csv", "report.json", "samples", "weights"]
    assert sorted(path.name for path in (trained.run / "teacher").iterdir()) == whole
    assert {path.name for path in trained.run.iterdir()} == {*whole, "recipe.json", "teacher"}


def test_killed_in_the_second_stage_and_resumed_ends_bit_identical(trained):
    assert "report.json" not in trained.left  # the stage ended with the command
    assert_same_state(trained.run, trained.other)
    assert_same_metrics(trained.run, trained.other)


def test_a_finished_stage_is_not_trained_again(trained):
    before, after = trained.teacher
    assert before == after
    assert "stage 1 of 2, teacher: finished" in trained.resumed.out


def test_a_stage_does_not_go_on_with_other_masks_than_those_of_the_stages_before(trained, tmp_path, one_line_error):
    run, annotations = tmp_path / "runs" / "tiny", trained.folder / "val.json"
    shutil.copytree(trained.run / "teacher", run / "teacher")
    shutil.copyfile(trained.run / "recipe.json", run / "recipe.json")
    before = annotations.read_text()
    content = json.loads(before)
    for entry in content["annotations"]:
        x, y, *_ = entry["bbox"]
        entry["segmentation"] = [[x, y, x + 20, y, x + 20, y + 30]]
    annotations.write_text(json.dumps(content))
    try:
        line = one_line_error(stage.run, str(run), "student", "teacher,student", "stage 2 of 2, student")
    finally:
        annotations.write_text(before)
    assert line.startswith(f"{run / 'teacher' / 'report.json'}: photographs, annotations or the packages")
    assert "validation masks alone" in line
    assert not (run / "checkpoint").exists()


def test_packed_weights_export_and_evaluation_follow(trained, monkeypatch, capsys):
    """The closing stages, called in this process; for the time of the test the segmenter is the only file."""

    def call(arguments):
        module, *rest = arguments
        if module.endswith("export"):
            exported.run([*rest, "--formats", "tflite", "--runs", "1"])
        else:
            (pack.run if module.endswith("pack") else commands.main)(rest)
        return Ended(0, "")

    monkeypatch.chdir(trained.folder)
    monkeypatch.setattr(command, "run_module", call)
    make = graphs.make
    monkeypatch.setattr(graphs, "make", lambda *arguments: {"segmenter": make(*arguments)["segmenter"]})
    monkeypatch.setattr(conversion, "FORMATS", ("float32",))
    run = RecipeRun.load(RunFolder(Path("runs/tiny")))
    command.run_stages(run, command.choose(run, ()))
    for made in (
        *("packed/tiny/weights/segmenter.tflite", "packed/tiny/weights/seigan.keras"),
        *("export/README.md", "export/parity.json", "export/segmenter.tflite"),
        *("evaluation/scores.json", "evaluation/sheet.png"),
    ):
        assert (run.folder.path / made).exists(), made
    out = capsys.readouterr().out
    table = out[out.rindex("teacher ") :]
    for shown in (
        *("student", "masks, boundary F", "holes, L1", "segmenter.tflite", " MB, ", " ms", "within their budgets"),
        *("evaluation/sheet.png", "runs/tiny/export", "--weights runs/tiny/packed/tiny -o CUTOUT.png"),
    ):
        assert shown in table
