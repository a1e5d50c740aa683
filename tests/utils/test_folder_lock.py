"""Locks of folders."""

import contextlib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from seigan_tf.utils.folder_lock import locked

HOLD = """
import sys
from pathlib import Path
from seigan_tf.utils.folder_lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of the folder until its input ends, or it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_one_process_at_a_time_holds_a_folder(tmp_path, holder):
    with pytest.raises(BlockingIOError), locked(tmp_path):
        pass
    holder.communicate("")
    with locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_holds_nothing_and_can_be_waited_for(tmp_path, holder):
    holder.kill()
    with locked(tmp_path, patience=60):
        pass


def test_the_lock_of_a_file_that_was_moved_away_meanwhile_is_none(tmp_path):
    path, moved = tmp_path / "a", tmp_path / "b"
    path.touch()
    with ThreadPoolExecutor(1) as pool:
        with locked(path):
            waiting = pool.submit(lambda: contextlib.ExitStack().enter_context(locked(path, patience=60)))
            time.sleep(0.3)
            path.rename(moved)
            path.touch()
        with pytest.raises(FileNotFoundError):
            waiting.result()
