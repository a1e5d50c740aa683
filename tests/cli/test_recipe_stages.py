"""Stages of a recipe on the command line, without any training."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.error import URLError

import pytest

import train
from seigan_tf import presets
from seigan_tf.cli import child_process, vgg_weights
from seigan_tf.cli import recipe as command
from seigan_tf.cli.child_process import Ended, run_module
from seigan_tf.training.recipe import RecipeRun
from seigan_tf.training.run_folder import RunFolder

PHOTOS = ("--data.source", "coco", "--data.images", "photos")  # which nobody looks at
NEW = ("--preset", "phone", "--name", "birds", *PHOTOS, "--vgg-weights", "random")
NAMES = tuple(stage.name for stage in presets.RECIPES["phone"].stages)


@pytest.fixture
def started(tmp_path, monkeypatch):
    """Names of the stages started; each finishes at once, but for one in `failing`, which fails in the middle."""
    monkeypatch.chdir(tmp_path)
    names, failing = [], set()

    def run(arguments):
        if arguments[0] != "seigan_tf.cli.stage":
            names.append(arguments[0])
            if arguments[0] in failing:
                return Ended(2, "disk full")
            made = arguments[arguments.index("--out") + 1]
            os.makedirs(made, exist_ok=True)
            (tmp_path / made / "README.md").touch()
            return Ended(0, "")
        recipe = RecipeRun.load(RunFolder(tmp_path / arguments[1]))
        name = arguments[2]
        names.append(name)
        folder, config = recipe.stage_folder(name), recipe.stage_config(name)
        folder.path.mkdir(exist_ok=True)
        folder.save_config(config)
        if name in failing:
            return Ended(2, "disk full")
        cost = {"steps": config.training.steps, "seconds": 1.0}
        folder.save_report({"count": 0, "iou": {}, "cost": cost})
        return Ended(0, "")

    monkeypatch.setattr(command, "run_module", run)
    run.names, run.failing = names, failing
    return run


def call(capsys, *arguments):
    code = 0
    try:
        train.main(arguments)
    except SystemExit as leaving:
        code = leaving.code
    written = capsys.readouterr()
    return code, written.out, written.err


def test_all_stages_run_once_and_are_not_run_again(started, capsys):
    code, out, err = call(capsys, *NEW)
    assert (code, err) == (0, "")
    assert started.names == [*NAMES, "export.pack", "export"]
    assert "evaluation: left out, there are no validation photographs" in out
    assert call(capsys, "--name", "birds", "--resume")[0] == 0
    assert len(started.names) == 10
    code, _, err = call(capsys, *NEW)
    assert code == 2
    assert "holds a run; continue it with --resume" in err


def test_a_failing_stage_is_named_and_the_run_goes_on_in_it(started, capsys):
    started.failing.add("segmenter")
    code, _, err = call(capsys, *NEW)
    assert code == 2
    assert err.startswith("error: stage 5 of 11, segmenter: disk full; what is finished is kept, continue with: ")
    assert err.endswith("--name birds --resume\n")
    assert started.names == list(NAMES[:5])
    started.failing.clear()
    assert call(capsys, "--name", "birds", "--resume")[0] == 0
    assert started.names[5:] == [*NAMES[4:], "export.pack", "export"]


@pytest.mark.parametrize("code", [130, 143])
def test_a_signal_behind_the_last_file_of_a_stage_stops_the_recipe(code, started, monkeypatch, capsys):
    monkeypatch.setattr(command, "run_module", lambda arguments: (started(arguments), Ended(code, ""))[1])
    ended, _, err = call(capsys, *NEW)
    assert ended == code
    assert err.startswith(f"stopped: stage 1 of 11, teacher-128: exit code {code}, see above; what is finished is kept")
    assert started.names == ["teacher-128"]


def test_nothing_of_a_killed_export_stays_in_the_next(started, capsys):
    stages = ("--stages", "teacher", "export")
    call(capsys, *NEW, *stages)
    export = Path("runs/birds/export")
    (export / "README.md").unlink()  # written last
    (export / ".export-x").mkdir()
    (export / "saved_model" / "birds" / "1").mkdir(parents=True)
    assert call(capsys, "--name", "birds", "--resume")[0] == 0
    assert [path.name for path in export.iterdir()] == ["README.md"]


def test_a_run_that_fails_before_its_first_stage_begins_leaves_nothing(started, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command, "run_module", lambda arguments: Ended(2, "no such folder"))
    code, _, err = call(capsys, *NEW)
    assert (code, err) == (2, "error: stage 1 of 11, teacher-128: no such folder\n")
    assert list((tmp_path / "runs").iterdir()) == []


def test_masks_of_teachers_are_kept_until_the_trainings_of_the_command_are_finished(started, capsys):
    stages = ("teacher", "segmenter", "together", "packed")
    started.failing.add("together")
    masks = Path("runs/birds/teacher_masks")
    Path("runs/birds").mkdir(parents=True)
    masks.mkdir()
    assert call(capsys, *NEW, "--stages", *stages)[0] == 2
    assert masks.exists()
    started.failing.clear()
    started.failing.add("export.pack")
    assert call(capsys, "--name", "birds", "--resume")[0] == 2
    assert not masks.exists()


def test_stages_are_left_out_and_started_singly(started, capsys):
    stages = ("teacher", "segmenter", "together", "packed")
    assert call(capsys, *NEW, "--stages", *stages)[0] == 0
    assert started.names == [*stages[:3], "export.pack"]
    segmenter = RunFolder(Path("runs/birds/segmenter")).config()
    assert segmenter.training.teachers[0].endswith("runs/birds/teacher")
    assert call(capsys, "--name", "birds", "--resume")[0] == 0  # the same stages
    assert len(started.names) == 4
    assert call(capsys, "--name", "birds", "--resume", "--stages", "export")[0] == 0
    assert started.names[4:] == ["export"]


def test_evaluation_measures_the_objects_of_the_run(started, capsys):
    data = ("--data.classes", "gull", "duck", "--data.max-covered", "0.3", "--data.val-images", "photos")
    call(capsys, *NEW, *data, "--stages", "teacher")
    run = RecipeRun.load(RunFolder(Path("runs/birds")))
    arguments = command._command(run, "evaluation", (), "")
    expected = ["--classes", "gull", "duck", "--max-covered", "0.3", "--json"]
    assert arguments[arguments.index("--classes") :][: len(expected)] == expected


def test_stages_are_listed(started, capsys, tmp_path):
    code, out, _ = call(capsys, "--preset", "phone", "--stages", "list")
    assert (code, out.splitlines()[0]) == (0, "teacher-128: not begun, 600 steps")
    assert not (tmp_path / "runs").exists()
    started.failing.add("self-trained")
    call(capsys, *NEW)
    code, out, _ = call(capsys, "--name", "birds", "--stages", "list")
    assert code == 0
    assert out.splitlines()[1:4] == [
        "teacher: finished, 600 steps",
        "self-trained: begun, 1000 steps",
        "self-trained-twice: not begun, 1000 steps",
    ]


@pytest.mark.parametrize(
    ("flag", "value", "told"),
    [
        ("outside-contrast", "2", "outside_contrast: 2.0; expected 0 to 1"),
        ("segmenter.width", "0", "segmenter.width: 0; expected at least 1"),
    ],
)
def test_a_number_out_of_range_is_refused_before_a_stage_begins(flag, value, told, started, capsys, tmp_path):
    code, _, err = call(capsys, *NEW, f"--networks.{flag}", value)
    assert (code, err) == (2, f"error: networks.{told}\n")
    assert not (tmp_path / "runs").exists()


def test_effort_scales_the_steps_of_every_stage_and_is_kept(started, capsys):
    call(capsys, *NEW, "--effort", "1.5", "--stages", "teacher", "self-trained")
    listed = call(capsys, "--name", "birds", "--stages", "list")[1].splitlines()
    assert listed[1:4] == [
        "teacher: finished, 900 steps",
        "self-trained: finished, 1500 steps",
        "self-trained-twice: not begun, 1500 steps",
    ]
    folder = RunFolder(Path("runs/birds"))
    assert RecipeRun.load(folder).stage("teacher").config.training.pretrain_steps == 750
    code, _, err = call(capsys, "--name", "birds", "--resume", "--effort", "2")
    assert (code, err) == (2, "error: --effort: given with --resume, which keeps the steps of the run; expected none\n")


def test_a_stage_has_an_effort_of_its_own_in_place_of_that_of_all(started, capsys):
    call(capsys, *NEW, "--effort", "0.5", "--stage-effort", "teacher", "1.5", "--stages", "teacher")
    listed = call(capsys, "--name", "birds", "--stages", "list")[1].splitlines()
    assert listed[1:3] == ["teacher: finished, 900 steps", "self-trained: not begun, 500 steps"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((*NEW, "--stages", "fill"), "no stage is called 'fill'; there are teacher-128, teacher, self-trained"),
        (
            (*NEW, "--stages", "segmenter"),
            "segmenter needs self-trained-twice or self-trained or teacher or teacher-128",
        ),
        ((*NEW, "--stages", "export"), "export needs teacher or together"),
        ((*NEW, "--training.steps", "7"), "--training.steps: every stage of this preset has its own"),
        ((*NEW, "--losses.coarse-gan", "7"), "--losses.coarse-gan: every stage"),
        ((*NEW, "--networks.segmenter.depth", "4"), "--networks.segmenter: every stage"),
        ((*NEW, "--devices", "all"), "--devices: every stage"),
        ((*NEW[:-1], "none"), "--vgg-weights none: networks of this preset read VGG-19"),
        ((*NEW[:-1], "nowhere.h5"), "--vgg-weights nowhere.h5: no such file"),
        (("--stages", "teacher"), "--stages: this run has no stages, expected --preset phone"),
        (("--effort", "2"), "--effort: this run has no stages, expected --preset phone"),
        ((*NEW, "--effort", "0"), "--effort is 0, expected more than 0"),
        (("--stage-effort", "teacher", "2"), "--stage-effort: this run has no stages, expected --preset phone"),
        ((*NEW, "--stage-effort", "teacher", "-1"), "--stage-effort teacher is -1, expected more than 0"),
        (
            (*NEW, "--stage-effort", "fill", "2"),
            "--stage-effort: no stage with steps is called 'fill'; there are teacher-128,",
        ),
    ],
)
def test_mistakes_are_one_line_and_leave_no_folder(arguments, told, started, capsys, tmp_path):
    code, _, err = call(capsys, *arguments)
    assert code == 2
    assert err.startswith(f"error: {told}" if told.startswith("--vgg") else "error: --")
    assert told in err
    assert err.count("\n") == 1
    assert started.names == []
    assert not list((tmp_path / "runs").glob("*"))


def test_a_resumed_recipe_keeps_its_settings(started, capsys):
    call(capsys, *NEW)
    code, _, err = call(capsys, "--name", "birds", "--resume", "--data.jitter", "0.3")
    assert code == 2
    assert err.startswith("error: --data.jitter: runs/birds was trained with 0.1, not 0.3")


def test_vgg_weights_that_are_neither_cached_nor_reachable_are_missed_at_once(started, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    asked = []

    def urlopen(request, timeout):
        asked.append((request.full_url, timeout))
        raise URLError("no route")

    monkeypatch.setattr(vgg_weights, "urlopen", urlopen)
    code, _, err = call(capsys, *NEW[:-1], "imagenet")
    assert code == 2
    assert err.startswith("error: --vgg-weights imagenet: ")
    assert "no route" in err
    assert asked == [(vgg_weights.URL, vgg_weights.TIMEOUT)]
    assert started.names == []
    (tmp_path / "keras" / "models").mkdir(parents=True)
    (tmp_path / "keras" / "models" / vgg_weights.FILE).touch()
    assert call(capsys, *NEW[:-1], "imagenet")[0] == 0


def test_the_file_of_vgg_weights_is_that_of_keras():
    from keras.src.applications import vgg19

    assert vgg_weights.URL == vgg19.WEIGHTS_PATH_NO_TOP


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Function that makes a module for child processes; it returns its name."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(text):
        (tmp_path / "played.py").write_text(text)
        return "played"

    return make


def test_a_child_gets_signals_and_its_last_line_is_returned(module, capsys, tmp_path):
    ready = tmp_path / "ready"
    name = module(
        "import pathlib, sys, time\n"
        "print('warning: first', file=sys.stderr, flush=True)\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "try: time.sleep(60)\n"
        "except KeyboardInterrupt: print('stopped: saved', file=sys.stderr)\n"
        "sys.exit(130)\n"
    )

    def interrupt():
        while not ready.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=interrupt)
    thread.start()
    assert run_module([name]) == Ended(130, "saved")
    thread.join()
    assert capsys.readouterr().err == "warning: first\n"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_child_that_a_signal_ended_says_so(module):
    name = module("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    assert run_module([name]) == Ended(137, "ended by signal 9")


def test_a_child_ends_with_its_parent(module):
    name = module("import time\nprint('begun', flush=True)\ntime.sleep(900)\n")
    path = os.pathsep.join([str(child_process.ROOT), os.environ["PYTHONPATH"]])
    child = subprocess.Popen(
        [sys.executable, "-m", "seigan_tf.utils.child", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert child.stdout.readline() == b"begun\n"
    child.stdin.close()
    assert child.wait(timeout=300) == 1
