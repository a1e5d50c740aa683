"""SIGTERM ends what is under way as Ctrl-C does; folders made for nothing are removed."""

import os
import signal

import pytest

from seigan_tf.utils.interruption import Terminated, parents_made, termination


def terminate():
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_second_signal_does_not_disturb_the_cleaning_up(tmp_path):
    cleaned = []
    with pytest.raises(Terminated, match=f"nothing is left of {tmp_path / 'out'}"), termination(tmp_path / "out"):
        try:
            terminate()
        finally:
            terminate()
            cleaned.append(True)
    assert cleaned
    assert Terminated.exit_code == 143


def test_what_is_complete_is_not_said_to_be_gone(tmp_path):
    with pytest.raises(Terminated, match="is complete"), termination(tmp_path / "out"):
        (tmp_path / "out").mkdir()
        terminate()


def test_the_outermost_block_has_the_signal_and_gives_it_back(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated, match="outer"), termination(tmp_path / "outer"), termination(tmp_path / "inner"):
        terminate()
    assert signal.getsignal(signal.SIGTERM) == before


def test_errors_and_ctrl_c_pass(tmp_path):
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), termination(tmp_path / "out"):
            raise error


def test_only_folders_that_were_made_and_hold_nothing_are_removed(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(ValueError), parents_made(tmp_path / "mine" / "a" / "b" / "out"):
        assert (tmp_path / "mine" / "a" / "b").is_dir()
        raise ValueError
    assert list((tmp_path / "mine").iterdir()) == []
    with parents_made(tmp_path / "mine" / "a" / "b" / "out"):
        (tmp_path / "mine" / "a" / "kept").touch()
    assert sorted(path.name for path in (tmp_path / "mine" / "a").iterdir()) == ["kept"]
