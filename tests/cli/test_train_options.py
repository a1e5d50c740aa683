"""The command line: presets, names, and what a resume may change."""

import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from seigan_tf import presets
from seigan_tf.cli import train as command
from seigan_tf.cli.options import flag_of
from seigan_tf.cli.train import read_request
from seigan_tf.config import Config, to_dict

ROOT = Path(__file__).resolve().parents[2]


def begin(arguments, root):
    request = read_request(arguments, root)
    request.folder.save_config(request.config)
    return request


def test_help_is_answered_before_anything_heavy_is_imported():
    code = (
        "import sys, train\n"
        "try: train.main(['--help'])\n"
        "except SystemExit as leaving: assert leaving.code == 0\n"
        "print([name for name in ('keras', 'tensorflow', 'jax', 'grain', 'PIL', 'numpy') if name in sys.modules])\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert answer.splitlines()[-1] == "[]"
    options = ("--preset", "--resume", "--stages", "--data.images", "--vgg-weights")
    for taught in (*options, "Examples", *presets.NAMES, *presets.RECIPES, "inpainter-128"):
        assert taught in answer


@pytest.mark.parametrize("preset", presets.NAMES)
def test_a_preset_gives_the_defaults_and_the_name(preset, tmp_path):
    request = read_request(["--preset", preset, "--training.steps", "7"], tmp_path)
    expected = presets.load_preset(preset)
    assert request.config.name == request.folder.name == preset
    assert request.config.networks == expected.networks
    assert request.config.losses == expected.losses
    assert request.config.training.steps == 7


def test_the_demo_preset_is_the_default(tmp_path):
    assert read_request([], tmp_path).config.losses == presets.load_preset("demo").losses


def test_settings_reach_every_group_by_their_flags(tmp_path):
    config = read_request(
        [
            *["--name", "cats", "--networks.size", "64", "--losses.coarse-gan=2", "--vgg-weights", "none"],
            *["--data.source", "coco", "--data.images", "photos", "--networks.no-confine-mask"],
        ],
        tmp_path,
    ).config
    assert (config.name, config.networks.size, config.losses.coarse_gan) == ("cats", 64, 2.0)
    assert (config.networks.vgg_weights, config.networks.confine_mask) == ("none", False)
    assert (config.data.source, config.data.images) == ("coco", Path("photos"))


@pytest.mark.parametrize("arguments", [["--preset", "nope"], ["--preset=nope"], ["--preset", "nope", "--help"]])
def test_an_unknown_preset_is_named_together_with_those_there_are(arguments, tmp_path):
    with pytest.raises(ValueError, match=r"'nope'.*demo, paper-demo, paper-photos, boxes, paper, mobile"):
        read_request(arguments, tmp_path)


@pytest.mark.parametrize("arguments", [["--no-such-flag"], ["--networks.size", "big"], ["--preset"]])
def test_arguments_that_cannot_be_read_end_with_code_2(arguments, tmp_path, capsys):
    with pytest.raises(SystemExit) as leaving:
        read_request(arguments, tmp_path)
    assert leaving.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_messages_name_a_setting_by_a_flag_that_exists(tmp_path, capsys):
    with pytest.raises(SystemExit):
        read_request(["--help"], tmp_path)
    flags = set(re.findall(r"--[\w.-]+", capsys.readouterr().out))
    settings = [
        f"{section}.{name}" for section, values in to_dict(Config()).items() if section != "name" for name in values
    ]
    assert len(settings) > 50
    for setting in settings:
        flag = flag_of(setting)
        assert any(known == flag or known.startswith(f"{flag}.") for known in flags), flag


def test_the_same_command_twice_makes_a_second_run_and_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert begin([], tmp_path).folder.name == "demo"
    assert capsys.readouterr().out == ""
    second = begin([], tmp_path)
    assert second.folder.name == second.config.name == "demo-2"
    path, command = tmp_path / "demo", "python train.py --name demo --resume"
    assert capsys.readouterr().out == f"{path} is taken; this run is {path}-2 (`{command}` continues the first).\n"


@pytest.mark.parametrize("arguments", [["--name", "demo"], ["--name=demo"]])
def test_a_name_that_was_given_is_never_changed(arguments, tmp_path):
    begin([], tmp_path)
    with pytest.raises(ValueError, match=r"holds a run.*--resume.*--name"):
        read_request(arguments, tmp_path)


def test_a_resume_takes_the_settings_saved_with_the_run(tmp_path):
    photos = ("--data.source", "coco", "--data.images", "photos")
    begun = begin(["--preset", "boxes", "--name", "cats", "--networks.size", "48", *photos], tmp_path)
    resumed = read_request(["--name", "cats", "--resume"], tmp_path)
    assert resumed.config == begun.config
    assert resumed.folder.path == begun.folder.path


def test_the_command_that_began_a_run_resumes_it_with_resume_added(tmp_path):
    command = ["--preset", "boxes", "--name", "cats", "--networks.size", "48"]
    begun = begin(command, tmp_path)
    assert read_request([*command, "--resume"], tmp_path).config == begun.config


def test_a_resume_may_change_the_number_of_steps(tmp_path):
    begin([], tmp_path)
    assert read_request(["--resume", "--training.steps", "99999"], tmp_path).config.training.steps == 99999


@pytest.mark.parametrize(
    ("flag", "section", "name", "value"),
    [
        ("--data.images", "data", "images", Path("moved")),
        ("--data.val-annotations", "data", "val_annotations", Path("moved")),
        ("--data.crops", "data", "crops", Path("moved")),
        ("--vgg-weights", "networks", "vgg_weights", "moved"),
        ("--training.teachers", "training", "teachers", ("moved",)),
    ],
)
def test_places_of_files_may_be_given_anew_with_a_resume(flag, section, name, value, tmp_path):
    begin(["--preset", "boxes", "--data.source", "coco", "--data.images", "photos", "--name", "cats"], tmp_path)
    resumed = read_request(["--name", "cats", "--resume", flag, "moved"], tmp_path)
    assert getattr(getattr(resumed.config, section), name) == value


@pytest.mark.parametrize("flag", ["--losses.coarse-gan", "--data.jitter", "--training.beta-1"])
def test_a_resume_with_another_setting_is_refused_and_names_it(flag, tmp_path):
    begin([], tmp_path)
    with pytest.raises(ValueError, match=rf"{flag}: .*not 0.123") as error:
        read_request(["--resume", flag, "0.123"], tmp_path)
    assert "\n" not in str(error.value)


def test_a_backend_that_does_not_train_leaves_no_folder(tmp_path, monkeypatch):
    @contextmanager
    def importing():
        raise ValueError("KERAS_BACKEND: torch; expected tensorflow or jax")
        yield

    monkeypatch.setattr(command, "native_messages_hidden", importing)
    request = read_request([], tmp_path)
    assert request.folder.path.exists()
    with pytest.raises(ValueError, match="KERAS_BACKEND: torch"):
        command.train(request.config, request.folder)
    assert not request.folder.path.exists()


def test_a_resume_without_a_run_says_how_to_start_one(tmp_path):
    with pytest.raises(ValueError, match=r"no run in .*cats.*leave out --resume"):
        read_request(["--name", "cats", "--resume"], tmp_path)
