"""Use of weights where the packages of the extra `train` are not installed."""

import os
import re
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest
from PIL import Image

from seigan_tf.cli.errors import BACKENDS, TRAINING
from tests.test_wheel import ROOT, normal_name, requirements

BLOCKED = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {{*{TRAINING}, *{BACKENDS}}} - {{"flatbuffers"}}:  # which LiteRT brings
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
from seigan_tf.cli import commands
"""


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)).save(path)
    return path


def run(code, folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", BLOCKED + code]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_photographs_are_cut_erased_and_pasted(photo, tmp_path):
    box = ["--box", "20,10,30,40"]
    calls = [
        ["cut", str(photo), *box, "-o", str(tmp_path / "cut.png")],
        ["erase", str(photo), *box, "-o", str(tmp_path / "erased.png")],
        ["paste", str(photo), *box, "--onto", str(photo), "--at", "1,2,25", "-o", str(tmp_path / "pasted.png")],
    ]
    ended = run(f"for call in {calls}: commands.main(call)", tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png", "cut.png", "erased.png", "pasted.png"}


def test_the_page_is_served():
    command = [sys.executable, "-c", BLOCKED + "commands.main(['serve', '--port', '0'])"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout.readline().startswith("serving http://")  # after a first use of every network
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_every_other_command_says_in_one_line_what_it_needs(photo_set, tmp_path):
    photo = str(photo_set.add("photo.png", (20, 10, 60, 80)))
    photo_set.config()
    data = ["--images", str(photo_set.images), "--annotations", str(photo_set.annotations)]
    out = ["--out", str(tmp_path / "out")]
    calls = [
        ["cut", photo, "--box", "20,10,60,80", "-o", str(tmp_path / "cut.png"), "--backend", "keras"],
        ["evaluate", *data],
        ["distill", "--teachers", "cats"],
        ["table1", *out],
        ["prepare", *data, *out],
        ["study", "make", *data, *out, "--weights", "cats"],
        ["train"],
        ["export", *out],
        ["pack", *out, "--weights", "cats"],
        ["refiner", "--images", str(photo_set.images), "--out", str(tmp_path / "refiner.tflite")],
    ]
    ended = run(
        f"""
import export.command, export.pack, export.refiner, seigan_tf.cli.train
from seigan_tf.cli.errors import exit_code_of
others = {{"train": seigan_tf.cli.train.run, "export": export.command.run, "pack": export.pack.run}}
others["refiner"] = export.refiner.run
for name, *arguments in {calls}:
    try:
        code = exit_code_of(lambda: others[name](arguments)) if name in others else commands.main([name, *arguments])
    except SystemExit as ended:
        code = ended.code
    print(name, code)
""",
        tmp_path,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == [word for name, *_ in calls for word in (name, "2")]
    lines = ended.stderr.splitlines()
    assert len(lines) == len(calls)
    for line in lines:
        assert re.fullmatch(
            r'error: this command needs \w+, which is not installed: pip install "seigan-tf\[train\]"'
            r' \(in a clone "\.\[train\]"\)',
            line,
        )
    assert not list((tmp_path / "runs").iterdir())


def test_the_packages_of_the_message_are_those_of_the_extra():
    installed = metadata.packages_distributions()  # top-level module -> distributions
    modules = {name: {normal_name(found) for found in installed.get(name, ())} for name in TRAINING}
    extra = {normal_name(line) for line in requirements("train")}
    assert {name for found in modules.values() for name in found} & extra == extra
    assert [name for name, found in modules.items() if not found & extra] == []
