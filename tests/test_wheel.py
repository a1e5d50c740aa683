"""The package as somebody installs it: a wheel, used from an empty folder."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    # From a copy of the sources, so that the build leaves nothing in the checkout, and by way of a source distribution.
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, files.split("\0")):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    subprocess.run([sys.executable, "-m", "build", "--outdir", out, source], check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_claims_no_top_level_name_but_its_own(wheel):
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"seigan_tf"}


def test_has_the_export_inside_the_package(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("seigan_tf/export/")}
    tracked = {path.relative_to(ROOT).as_posix() for path in (ROOT / "export").rglob("*") if path.is_file()}
    expected = {f"seigan_tf/{name}" for name in tracked if "__pycache__" not in name}
    assert names == expected


def test_has_every_shipped_weight(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    folder = ROOT / "seigan_tf" / "pretrained"
    shipped = {path.relative_to(ROOT).as_posix() for path in folder.rglob("*") if path.suffix in (".tflite", ".keras")}
    assert "seigan_tf/pretrained/refiner/refiner.tflite" in shipped
    assert shipped <= names


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    """A folder of packages of its own, with the wheel."""
    folder = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
        "--target",
        folder,
        wheel,
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_exports_from_an_empty_folder(site, tmp_path):
    command = [sys.executable, "-m", "seigan_tf.export"]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    settings = dict(cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "python -m seigan_tf.export" in subprocess.run([*command, "--help"], **settings).stdout
    refused = subprocess.run([*command, "--weights", "nowhere", "--out", "out"], **settings)
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: nowhere: no trained model")
    assert refused.stderr.count("\n") == 1
    assert not any(tmp_path.iterdir())


def requirements(part):
    """Lines of requirements.txt: those of every installation ("use"), or those of the extra "train"."""
    parts = dict(zip(("use", "train"), (ROOT / "requirements.txt").read_text().split("\n\n"), strict=True))
    lines = (line.split("#")[0].strip() for line in parts[part].splitlines())
    return [line for line in lines if line]


def normal_name(requirement):
    return re.match(r"[\w-]+", requirement).group().lower().replace("-", "_")


def test_asks_for_what_use_needs_and_in_an_extra_for_what_training_needs(wheel):
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(next(n for n in archive.namelist() if n.endswith("METADATA"))).decode()
    required = [line.split(":")[1].strip() for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
    for part, mark in (("use", None), ("train", 'extra == "train"')):
        asked = {normal_name(line) for line in required if (mark in line if mark else "extra ==" not in line)}
        assert asked == {normal_name(line) for line in requirements(part)}
    use = {normal_name(line) for line in requirements("use")}
    assert not use & {"tensorflow", "keras", "jax", "scipy", "tensorflow_datasets", "apache_beam"}


def test_trains_from_an_empty_folder(site, tmp_path):
    script = site / "bin" / "seigan-train"
    tiny = (
        "--networks.size 32 --networks.segmenter.width 4 --networks.segmenter.depth 1 --networks.inpainter.width 4 "
        "--networks.inpainter.depth 1 --networks.enhancer.width 4 --networks.enhancer.depth 1 "
        "--networks.discriminator.width 4 --networks.discriminator.depth 1 --losses.inpaint-gan-back 0 "
        "--losses.background-mae 0 --losses.object-mae 0 --losses.object-identity 0 --losses.background-identity 0 "
        "--data.synthetic-train 16 --data.synthetic-val 4 --training.steps 2 --training.batch-size 2"
    )
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, script, *tiny.split()], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "demo" / "report.json").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"runs"}
