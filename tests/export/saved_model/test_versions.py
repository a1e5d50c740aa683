"""Versions of a SavedModel are complete or not visible."""

import multiprocessing
import os
import signal
import time

import pytest

from export.saved_model import versions


def fill(folder):
    (folder / "variables").mkdir()
    (folder / "variables" / "data").write_text("weights")
    (folder / "saved_model.pb").write_text("graph")


def test_the_first_version_is_1_and_the_next_one_higher_than_any(tmp_path):
    home = tmp_path / "saved_model" / "cats"
    assert versions.write(home, fill) == home / "1"
    (home / "41").mkdir()
    (home / "notes.txt").write_text("no version")
    (home / "²").mkdir()  # a digit to Python, not to the server
    assert versions.write(home, fill) == home / "42"
    assert versions.numbers(home) == [1, 41, 42]
    assert (home / "42" / "variables" / "data").read_text() == "weights"


def test_others_may_read_it(tmp_path):
    assert versions.write(tmp_path, fill).stat().st_mode & 0o777 == 0o755


def test_a_failure_leaves_nothing(tmp_path):
    versions.write(tmp_path, fill)

    def break_off(folder):
        fill(folder)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError):
        versions.write(tmp_path, break_off)
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_a_first_version_that_fails_leaves_no_folders(tmp_path):
    def break_off(folder):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        versions.write(tmp_path / "saved_model" / "cats", break_off)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_visible_before_all_is_written(tmp_path):
    def look(folder):
        fill(folder)
        assert not any(path.name[0].isdigit() for path in tmp_path.iterdir())

    versions.write(tmp_path, look)


def _write_slowly(home, started):
    def slowly(folder):
        fill(folder)
        started.set()
        time.sleep(60)

    versions.write(home, slowly)


def test_a_killed_process_leaves_no_version(tmp_path):
    context = multiprocessing.get_context("fork")
    started = context.Event()
    process = context.Process(target=_write_slowly, args=(tmp_path, started))
    process.start()
    assert started.wait(10)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(versions.PARTIAL)
    assert versions.write(tmp_path, fill).name == "1"
    assert left.exists()  # it may belong to an export that is under way
    os.utime(left, (0, 0))
    assert versions.write(tmp_path, fill).name == "2"
    assert not left.exists()


def test_two_exports_at_a_time_get_two_numbers(tmp_path):
    inner = []

    def fill_while_another_export_ends(folder):
        fill(folder)
        inner.append(versions.write(tmp_path, fill))

    assert versions.write(tmp_path, fill_while_another_export_ends).name == "2"
    assert inner[0].name == "1"


def test_a_number_taken_at_the_last_moment_is_passed_over(tmp_path, monkeypatch):
    versions.write(tmp_path, fill)
    answers = iter([[], [1]])
    monkeypatch.setattr(versions, "numbers", lambda home: next(answers))
    assert versions.write(tmp_path, fill).name == "2"


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError) as caught:
        versions.write(tmp_path / "file" / "cats", fill)
    assert "file/cats" in str(caught.value)
