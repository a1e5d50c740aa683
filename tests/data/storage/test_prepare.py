"""Preparing crops: here, in worker processes and under Beam the same; complete, or not there at all."""

import contextlib
import importlib.util
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seigan_tf import config as settings
from seigan_tf.data.storage.prepare import check, prepare
from seigan_tf.data.storage.stored_crops import load_stored_crops
from seigan_tf.utils import folder_lock
from seigan_tf.utils.interruption import Terminated
from tests.conftest import PhotoSet

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
BEAM = "runner=FnApiRunner"
"""Beam's own runner in this process; DirectRunner first looks for another one to download."""


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """Settings of a set of eight photos, of which one cannot be read."""
    photos = PhotoSet(tmp_path_factory.mktemp("prepare") / "set")
    for number in range(8):
        x = 60 + number
        photos.add(f"{number}.jpg", (x, 50, 40, 30), segmentation=[[x, 50, x + 40, 50, x + 40, 80, x, 80]])
    (photos.images / "3.jpg").write_bytes(b"no photo")
    return photos.config(held_out=0.25, max_bad=0.2)


@pytest.fixture(scope="module")
def made(config, tmp_path_factory):
    """The folder prepared in this process."""
    folder = tmp_path_factory.mktemp("made") / "crops"
    prepare(config, 32, folder)
    return folder


def contents(folder):
    """The bytes of all files of a folder by their names."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_folder_holds_the_crops_the_report_and_the_pictures_and_nothing_else_is_left(config, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    made = tmp_path / "set" / "crops"
    prepare(config, 32, made)
    assert list((tmp_path / "temporary").iterdir()) == []
    assert [path.name for path in made.parent.iterdir()] == ["crops"]
    others = {path.name for path in made.iterdir() if "array_record" not in path.name}
    expected = {"dataset_info.json", "features.json", "metadata.json", "report.json", "objects.png", "backgrounds.png"}
    assert others == expected
    for name in ("objects.png", "backgrounds.png"):
        Image.open(made / name).verify()


def test_progress_and_report_account_for_every_photo(config, tmp_path):
    told = []
    report = prepare(config, 32, tmp_path / "crops", progress=lambda *counts: told.append(counts))
    assert told[-8:] == [(done, 8) for done in range(1, 9)]
    assert report == json.loads((tmp_path / "crops" / "report.json").read_text())
    train, validation = report["train"], report["validation"]
    assert train["photos"] + validation["photos"] == 8
    lost = train if train["problems"]["photo"] else validation
    assert lost["problems"]["listed"][0].startswith("3.jpg: ")
    assert lost["dropped"]["unreadable_photo"] == 1
    crops = load_stored_crops(tmp_path / "crops", 32)
    assert train["objects"] == len(crops.objects.images)
    assert train["backgrounds"] == len(crops.backgrounds.images)
    assert validation["objects"] == len(crops.evaluation.images)


def test_worker_processes_make_the_same_files(config, made, tmp_path):
    prepare(config, 32, tmp_path / "crops", workers=2)
    assert contents(tmp_path / "crops") == contents(made)


def test_beam_makes_the_same_files(config, made, tmp_path):
    prepare(config, 32, tmp_path / "crops", beam_options=BEAM)
    assert contents(tmp_path / "crops") == contents(made)


# What the command `tfds build` does, which as a whole needs a package for another of its commands.
TFDS_BUILD = """
import json, sys
from tensorflow_datasets.scripts.cli import build, cli_utils

parse = cli_utils.make_flags_parser(build.Args, description="")
for arguments in json.loads(sys.argv[1]):
    parse(["", "seigan_tf/data/storage/seigan_crops", *arguments]).execute()
"""


def test_tfds_build_gives_the_same_shards_with_and_without_beam(config, tmp_path):
    # With Beam, the photos are only where its workers look for them.
    remote, emptied = (shutil.copytree(config.images, tmp_path / name) for name in ("remote", "emptied"))
    for path in emptied.iterdir():
        path.write_bytes(b"")
    data = settings.to_dict(config)
    here = {"name": "cats", "size": 32, "data": data}
    there = here | {"data": data | {"images": str(emptied)}, "beam": True, "remote_images": str(remote)}
    runs = []
    for config, folder, more in ((here, "here", ()), (there, "there", (f"--beam_pipeline_options={BEAM}",))):
        data_dir = str(tmp_path / folder)
        runs.append(["--config", json.dumps(config), "--data_dir", data_dir, "--num_shards", "3", *more])
    subprocess.run([sys.executable, "-c", TFDS_BUILD, json.dumps(runs)], cwd=ROOT, env=ENVIRONMENT, check=True)
    folders = [tmp_path / name / "seigan_crops" / "cats" / "1.0.0" for name in ("here", "there")]
    expected, found = map(contents, folders)
    assert len([name for name in expected if "train_objects" in name]) > 1
    metadata = [json.loads(files.pop("metadata.json")) for files in (expected, found)]
    assert found == expected
    assert metadata[0]["report"] == metadata[1]["report"]
    assert len(load_stored_crops(folders[1], 32).objects.images) == metadata[0]["report"]["train"]["objects"]


def test_beam_ends_with_the_reason_where_no_photo_can_be_read(config, tmp_path, one_line_error):
    folder = shutil.copytree(config.images, tmp_path / "photos")
    for path in folder.iterdir():
        path.write_bytes(b"")
    message = one_line_error(prepare, replace(config, images=folder), 32, tmp_path / "crops", beam_options=BEAM)
    assert "of 8 photographs cannot be used" in message
    assert "max-bad" in message
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_beam_that_is_missing_or_has_no_such_runner_is_named(config, tmp_path, one_line_error, monkeypatch):
    assert "NoSuchRunner" in one_line_error(prepare, config, 32, tmp_path / "crops", beam_options="runner=NoSuchRunner")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    message = one_line_error(prepare, config, 32, tmp_path / "crops", beam_options="")
    assert "pip install seigan-tf[beam]" in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "size", "part"),
    [
        ({"max_bad": 0.01}, 32, "max-bad 1 %"),
        ({"source": "synthetic"}, 32, "data.source is synthetic"),
        ({"min_short_side": 50.0}, 32, "(dropped: min_short_side "),
        ({}, 0, "size is 0"),
    ],
)
def test_a_mistake_leaves_nothing(config, tmp_path, one_line_error, changes, size, part):
    assert part in one_line_error(prepare, replace(config, **changes), size, tmp_path / "crops")
    assert list(tmp_path.iterdir()) == []


def test_folders_made_on_the_way_are_removed_after_a_mistake_and_stay_otherwise(config, tmp_path, one_line_error):
    out = tmp_path / "zz" / "yy" / "crops"
    one_line_error(prepare, replace(config, max_bad=0.01), 32, out)
    assert list(tmp_path.iterdir()) == []
    prepare(config, 32, out)
    assert [path.name for path in out.parent.iterdir()] == ["crops"]


def test_terminated_after_the_renaming_says_that_it_is_complete(config, tmp_path, monkeypatch):
    rename = Path.rename

    def rename_and_terminate(self, target):
        rename(self, target)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Path, "rename", rename_and_terminate)
    with pytest.raises(Terminated, match="crops is complete"):
        prepare(config, 32, tmp_path / "crops")
    assert [path.name for path in tmp_path.iterdir()] == ["crops"]
    assert load_stored_crops(tmp_path / "crops", 32)


def test_what_cannot_succeed_is_refused_before_anything_is_read(config, tmp_path, one_line_error):
    out = tmp_path / "crops"
    check(replace(config, images=tmp_path / "not yet there"), 32, out, 2, BEAM)
    for changes, arguments, part in (
        ({}, (0, out), "size is 0"),
        ({}, (32, out, -1), "workers is -1"),
        ({}, (32, tmp_path), "exists already"),
        ({"held_out": 2.0}, (32, out), "held_out is 2"),
        ({}, (32, out, 0, "direct_num_workers=many"), "direct_num_workers: invalid int value: 'many'"),
        ({}, (32, out, 0, "runner=NoSuchRunner"), "NoSuchRunner"),
    ):
        assert part in one_line_error(check, replace(config, **changes), *arguments)


def test_the_origin_is_recorded_in_place_of_what_was_made_on_the_way(config, tmp_path):
    origin = {"source": "somewhere", "images": None}
    report = prepare(config, 32, tmp_path / "crops", origin=origin)
    metadata = json.loads((tmp_path / "crops" / "metadata.json").read_text())
    assert metadata["settings"] == json.loads(json.dumps(settings.to_dict(config) | origin))
    assert metadata["report"]["source"] == report["source"] == "somewhere"


@pytest.mark.parametrize("kind", ["folder", "file", "broken link"])
def test_what_exists_is_not_touched(config, tmp_path, one_line_error, kind):
    for name in ("crops", "crops.partial"):
        taken = tmp_path / kind / name
        taken.parent.mkdir(exist_ok=True)
        if kind == "folder":
            taken.mkdir()
            (taken / "mine.txt").write_text("mine")
        elif kind == "file":
            taken.write_text("mine")
        else:
            taken.symlink_to("nowhere")
        assert str(taken) in one_line_error(prepare, config, 32, tmp_path / kind / "crops")
        assert os.path.lexists(taken)
        if kind == "folder":
            assert (taken / "mine.txt").read_text() == "mine"
        taken.rename(taken.with_name("aside"))
        shutil.rmtree(tmp_path / kind, ignore_errors=True)


def test_two_at_once_do_not_disturb_each_other(config, tmp_path, one_line_error):
    messages = []

    def second(done, total):
        if done == 5 and total:
            messages.append(one_line_error(prepare, config, 32, tmp_path / "crops"))

    prepare(config, 32, tmp_path / "crops", progress=second)
    assert "another prepare is writing there" in messages[0]
    assert load_stored_crops(tmp_path / "crops", 32)


@pytest.mark.parametrize(("number", "error"), [(signal.SIGTERM, Terminated), (signal.SIGINT, KeyboardInterrupt)])
@pytest.mark.parametrize("workers", [0, 1])
def test_an_interrupted_build_leaves_nothing(config, tmp_path, number, error, workers):
    def interrupt(done, total):
        if done == 4 and total:
            os.kill(os.getpid(), number)

    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(error):
        prepare(config, 32, tmp_path / "crops", workers, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) == handler


def test_interrupted_before_the_folder_is_locked_leaves_nothing(config, tmp_path, monkeypatch):
    def interrupt(*_):
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(folder_lock.fcntl, "flock", interrupt)
    with pytest.raises(Terminated):
        prepare(config, 32, tmp_path / "new" / "crops")
    assert list(tmp_path.iterdir()) == []


def test_it_works_in_a_thread(config, tmp_path):
    thread = threading.Thread(target=prepare, args=(config, 32, tmp_path / "crops"))
    thread.start()
    thread.join()
    assert load_stored_crops(tmp_path / "crops", 32)


KILLED = """
import json, multiprocessing, os, signal, sys
from pathlib import Path
from seigan_tf import config
from seigan_tf.data.storage import build, prepare

def die(*_):
    print(*(worker.pid for worker in multiprocessing.active_children()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

moment, out, data, workers = sys.argv[1:]
progress = None
if moment == "cutting":
    progress = lambda done, total: done == 4 and total and die()
elif moment == "writing":
    write = build.write_shard
    build.write_shard = lambda path, examples: write(path, examples) if "objects" in path else die()
elif moment == "describing":
    prepare.sheet = die
else:
    Path.rename = die
prepare.prepare(config.from_dict(config.DataConfig, json.loads(data)), 32, Path(out), int(workers), progress=progress)
"""


def running(pid):
    """Whether there is such a process, and it has not ended; a process that nobody waits for stays as a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


@pytest.mark.parametrize(
    ("moment", "workers"), [("cutting", 0), ("cutting", 2), ("writing", 0), ("describing", 0), ("renaming", 0)]
)
def test_a_killed_build_leaves_nothing_that_looks_complete_and_the_next_one_succeeds(
    config, made, tmp_path, moment, workers
):
    out = tmp_path / "crops"
    data = json.dumps(settings.to_dict(config))
    # Into files: workers that lived on would keep a pipe open.
    written = [tmp_path / "workers", tmp_path / "errors"]
    with written[0].open("w") as output, written[1].open("w") as errors:
        arguments = [sys.executable, "-c", KILLED, moment, out, data, str(workers)]
        result = subprocess.run(arguments, env=ENVIRONMENT, stdout=output, stderr=errors)
    pids, errors = written[0].read_text().split(), written[1].read_text()
    assert result.returncode == -signal.SIGKILL, errors
    for path in written:
        path.unlink()
    assert len(pids) == workers
    deadline = time.monotonic() + 300
    while any(map(running, pids)):
        assert time.monotonic() < deadline, "a worker process outlives its parent"
        time.sleep(0.05)
    assert [path.name for path in tmp_path.iterdir()] == ["crops.partial"]
    partial = out.with_name("crops.partial")
    for folder in (out, partial, *(path for path in partial.rglob("*") if path.is_dir())):
        with pytest.raises(ValueError, match=r"no such folder|not finished|no prepared crops"):
            load_stored_crops(folder, 32)
    prepare(config, 32, out)
    assert [path.name for path in tmp_path.iterdir()] == ["crops"]
    assert contents(out) == contents(made)


@contextlib.contextmanager
def no_file_larger_than(size):
    """As if the disk were full for each file, which needs no rights."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("size", "workers"), [(100, 0), (30_000, 0), (70_000, 0), (30_000, 2)])
def test_a_full_disk_is_one_line_that_names_the_folder_and_leaves_nothing(config, tmp_path, size, workers):
    out = tmp_path / "crops"
    with pytest.raises(OSError) as caught, no_file_larger_than(size):
        prepare(config, 32, out, workers)
    assert multiprocessing.active_children() == []
    assert caught.value.filename == str(out)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
