"""Run folders: a new run never changes an existing one."""

import pytest

from seigan_tf.config import Config
from seigan_tf.training import run_folder


def begin(root, name, exact=False):
    folder = run_folder.fresh(root, name, exact)
    folder.save_config(Config(name=folder.name))
    return folder


def test_a_fresh_run_gets_its_name(tmp_path):
    assert begin(tmp_path / "runs", "demo").path == tmp_path / "runs" / "demo"


def test_a_default_name_that_is_taken_gets_the_next_free_number(tmp_path):
    assert [begin(tmp_path, "demo").name for _ in range(3)] == ["demo", "demo-2", "demo-3"]


def test_a_given_name_that_is_taken_is_refused_with_both_ways_out(tmp_path):
    begin(tmp_path, "cats")
    with pytest.raises(ValueError, match=r"cats.*--resume.*--name"):
        run_folder.fresh(tmp_path, "cats", exact=True)


def test_a_folder_without_config_is_no_run(tmp_path):
    (tmp_path / "cats").mkdir()
    assert run_folder.fresh(tmp_path, "cats", exact=True).path == tmp_path / "cats"
    with pytest.raises(ValueError, match="no run in"):
        run_folder.existing(tmp_path, "cats")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/abs", "a\\b"])
def test_a_name_that_would_leave_the_folder_of_runs_is_refused(tmp_path, name):
    for find in (lambda: run_folder.fresh(tmp_path, name, True), lambda: run_folder.existing(tmp_path, name)):
        with pytest.raises(ValueError, match="--name"):
            find()


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(OSError, match="runs"):
        run_folder.fresh(tmp_path / "runs", "demo", False)


def test_settings_and_report_come_back(tmp_path):
    folder = begin(tmp_path, "demo")
    assert folder.config() == Config(name="demo")
    assert folder.report() is None
    report = {"count": 3, "cost": {"steps": 2, "seconds": 1.0}}
    folder.save_report(report)
    assert folder.report() == report


def test_a_damaged_report_is_named(tmp_path):
    folder = begin(tmp_path, "demo")
    folder.report_file.write_text("{")
    with pytest.raises(ValueError, match=r"report.json: not JSON"):
        folder.report()
    for damaged in ({}, [], {"cost": 3}, {"cost": {"steps": 2}}):
        folder.save_report(damaged)
        with pytest.raises(ValueError, match=r"report.json: is damaged, expected the steps"):
            folder.report()


def test_two_runs_that_start_at_once_do_not_share_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "PATIENCE", 0)
    first = run_folder.fresh(tmp_path, "demo", False)
    late = run_folder.fresh(tmp_path, "demo", False)  # the first has not begun yet
    assert late.path == first.path
    with first.held():
        with pytest.raises(ValueError, match="demo: another process is training there"), late.held():
            pass
        assert run_folder.fresh(tmp_path, "demo", False).name == "demo-2"
        with pytest.raises(ValueError, match="holds a run"):
            run_folder.fresh(tmp_path, "demo", exact=True)
        with pytest.raises(ValueError, match="no run in"):
            run_folder.existing(tmp_path, "demo")
        monkeypatch.setattr(run_folder.processes, "index", lambda: 1)  # of those that train together, a late one
        assert run_folder.fresh(tmp_path, "demo", exact=True).path == first.path
    with late.held():
        pass


def test_a_recipe_is_run_by_one_process(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "PATIENCE", 0)
    folder = run_folder.fresh(tmp_path, "birds", True)
    folder.recipe_file.write_text("{}")
    with folder.recipe_held():
        with folder.held():  # its last stage, in a process of its own
            pass
        with pytest.raises(ValueError, match=r"birds: another process is training there"), folder.recipe_held():
            pass


def test_only_an_empty_folder_is_discarded(tmp_path):
    begun, empty = begin(tmp_path, "demo"), run_folder.fresh(tmp_path, "other", True)
    for folder in (begun, empty):
        folder.discard_if_empty()
    assert begun.path.exists()
    assert not empty.path.exists()
