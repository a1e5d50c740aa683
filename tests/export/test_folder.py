"""The export folder appears whole, and an earlier one is renewed without a gap."""

import json
import os
import time
from pathlib import Path

import pytest

from export import folder
from export.saved_model import versions


def write(target, model, **files):
    with folder.staged(target) as staged:
        for name, text in files.items():
            (staged.path / f"{name}.tflite").write_text(text)
        named = {f"{name}.tflite": {} for name in files}
        (staged.path / "model.json").write_text(json.dumps({"version": folder.VERSION, "files": named} | model))


def names(path):
    return {entry.name for entry in path.iterdir()}


def test_a_new_folder_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "deep" / "out"
    with pytest.raises(KeyError), folder.staged(target) as staged:
        (staged.path / "segmenter.tflite").write_text("half")
        raise KeyError
    assert names(tmp_path) == set()
    write(target, {}, segmenter="whole")
    assert names(target.parent) == {"out"}
    assert names(target) == {"segmenter.tflite", "model.json"}
    assert target.stat().st_mode & 0o777 == 0o755


def test_an_empty_folder_is_filled_and_stays_the_same_one(tmp_path):
    before = tmp_path.stat().st_ino  # of whoever is in it, or of a disk
    with pytest.raises(KeyError), folder.staged(tmp_path) as staged:
        (staged.path / "segmenter.tflite").write_text("half")
        raise KeyError
    assert names(tmp_path) == set()
    write(tmp_path, {}, segmenter="whole")
    assert names(tmp_path) == {"segmenter.tflite", "model.json"}
    assert tmp_path.stat().st_ino == before


def test_an_interruption_while_an_empty_folder_is_filled_changes_nothing(tmp_path, monkeypatch):
    renamed, rename = [], Path.rename

    def interrupted_once(path, target):
        renamed.append(path)
        if len(renamed) == 2:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted_once)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, {}, segmenter="new", inpainter="new")
    assert names(tmp_path) == set()
    assert len(renamed) == 3  # the first was moved back


def test_what_a_killed_export_left_in_an_empty_folder_is_in_nobodys_way(tmp_path):
    target = tmp_path / "out"
    old, young = target / ".export-old", target / ".export-young"
    for left in (old, young, target / "lost+found"):  # the last is of a disk
        left.mkdir(parents=True)
    elsewhere = tmp_path / ".export-mine"
    elsewhere.mkdir()
    long_ago = time.time() - 2 * versions.ABANDONED_AFTER
    for left in (old, elsewhere):
        os.utime(left, (long_ago, long_ago))
    write(target, {}, segmenter="whole")
    assert names(target) == {".export-young", "lost+found", "segmenter.tflite", "model.json"}
    write(tmp_path / "other", {}, segmenter="whole")
    assert elsewhere.exists()


def test_what_is_left_is_told_in_every_phase(tmp_path):
    target = tmp_path / "out"
    before = folder.contents(target)
    assert before == {}
    assert folder.left_behind(target, before) == f"nothing is left of {target}"
    write(target, {}, segmenter="old")
    assert folder.left_behind(target, before) == f"the new export is in {target}, but not its README.md"
    (target / "README.md").touch()
    assert folder.left_behind(target, before) == f"{target} is complete"

    before = folder.contents(target)
    with pytest.raises(KeyError), folder.staged(target) as staged:
        (staged.path / "segmenter.tflite").write_text("half")
        assert folder.left_behind(target, before) == f"the earlier export in {target} stays"
        raise KeyError
    assert folder.left_behind(target, before) == f"the earlier export in {target} stays"
    replacement = tmp_path / "segmenter.tflite"
    replacement.touch()
    replacement.replace(target / "segmenter.tflite")
    assert folder.left_behind(target, before) == (
        f"the earlier export in {target} stays, but some of its files are new already"
    )
    write(target, {}, segmenter="new")
    assert folder.left_behind(target, before) == f"the new export is in {target}, but not its README.md"


def test_an_earlier_export_is_renewed_and_keeps_what_is_not_ours(tmp_path):
    target = tmp_path / "out"
    write(target, {}, segmenter="old", segmenter_dynamic="old")
    (target / "saved_model").mkdir()
    (target / "notes.txt").write_text("mine")
    with pytest.raises(KeyError), folder.staged(target) as staged:
        (staged.path / "segmenter.tflite").write_text("half")
        raise KeyError
    assert (target / "segmenter.tflite").read_text() == "old"
    write(target, {}, segmenter="new")
    assert (target / "segmenter.tflite").read_text() == "new"
    assert names(target) == {"segmenter.tflite", "model.json", "saved_model", "notes.txt"}


def test_the_comparison_of_other_weights_goes_with_their_files(tmp_path):
    target = tmp_path / "out"
    write(target, {"weights": "a"}, segmenter="old")
    for name in ("parity.json", "parity.png"):
        (target / name).touch()
    write(target, {"weights": "a"}, segmenter="old")
    assert names(target) == {"segmenter.tflite", "model.json", "parity.json", "parity.png"}
    write(target, {"weights": "b"})
    assert names(target) == {"model.json"}


def test_removes_nothing_outside_whatever_an_earlier_model_json_says(tmp_path):
    target, outside = tmp_path / "out", tmp_path / "other.tflite"
    outside.write_text("mine")
    write(target, {"files": {"../other.tflite": {}}}, segmenter="old")
    write(target, {}, segmenter="new")
    assert outside.read_text() == "mine"


def test_what_is_no_export_is_refused(tmp_path, one_line_error):
    target = tmp_path / "out"
    target.mkdir()
    (target / "holiday.jpg").touch()
    message = one_line_error(folder.earlier_export, target)
    assert message.startswith(f"--out {target}: not empty and no export")
    for content in ("{", "[]", '{"name": "cats"}', '"version"', '{"version": true}', '{"version": 1, "files": 5}'):
        (target / "model.json").write_text(content)
        assert one_line_error(folder.earlier_export, target) == message


def test_an_export_of_a_later_version_is_refused(tmp_path, one_line_error):
    (tmp_path / "model.json").write_text(json.dumps({"version": folder.VERSION + 1}))
    assert one_line_error(folder.earlier_export, tmp_path) == (
        f"--out {tmp_path}: export of version {folder.VERSION + 1}; this program writes version {folder.VERSION}"
    )


def test_a_file_is_refused(tmp_path, one_line_error):
    path = tmp_path / "out"
    path.touch()
    assert one_line_error(folder.earlier_export, path) == f"--out {path}: a file; expected a folder"
    below = path / "deep" / "out"
    assert one_line_error(folder.earlier_export, below) == f"--out {below}: {path} is a file; expected a folder"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OSError) as caught, folder.staged(tmp_path / "out"):
            pass
        assert caught.value.filename == str(tmp_path)
    finally:
        tmp_path.chmod(0o700)
