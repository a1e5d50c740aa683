"""Files are replaced whole or not at all."""

import errno
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from seigan_tf.utils import atomic
from seigan_tf.utils.atomic import replacing


def test_the_new_file_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a" * 250, "é" * 125])
def test_the_longest_names_can_be_replaced(tmp_path, name):
    for text in ("old", "new"):
        with replacing(tmp_path / name) as temporary:
            temporary.write_text(text)
    assert (tmp_path / name).read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("x"), OSError(errno.ENOSPC, "disk full")])
def test_after_any_error_only_the_old_file_is_left(tmp_path, error):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(type(error)) as raised, replacing(path) as temporary:
        temporary.write_text("half of")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    if isinstance(error, OSError):
        assert raised.value.filename == str(path)


WRITE = """
import sys
from pathlib import Path
from seigan_tf.utils.atomic import replacing
with replacing(Path(sys.argv[1])) as temporary:
    with temporary.open("w") as file:
        file.write("half of")
        file.flush()
        print("begun", flush=True)
        sys.stdin.read()
        file.write(" the other's")
"""


@pytest.fixture
def writer(tmp_path):
    """A process that has written one half of a.json, and goes on when its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(tmp_path / "a.json")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "begun\n"
    yield process
    process.kill()
    process.communicate()


def test_a_process_that_writes_the_same_file_is_waited_for(tmp_path, writer):
    path, done = tmp_path / "a.json", threading.Event()

    def write():
        with replacing(path) as temporary:
            assert path.read_text() == "half of the other's"
            temporary.write_text("own")
        done.set()

    threading.Thread(target=write, daemon=True).start()
    assert not done.wait(0.3)
    writer.communicate("")
    assert done.wait(30)
    assert writer.returncode == 0
    assert path.read_text() == "own"
    assert list(tmp_path.iterdir()) == [path]


def test_a_process_that_goes_on_writing_the_same_file_is_named_and_left_alone(tmp_path, writer, monkeypatch):
    monkeypatch.setattr(atomic, "PATIENCE", 0.0)
    path = tmp_path / "a.json"
    with pytest.raises(OSError, match="another process is writing it") as raised, replacing(path):
        pass
    assert raised.value.filename == str(path)
    writer.communicate("")
    assert path.read_text() == "half of the other's"


def test_nothing_of_a_killed_process_is_left_after_the_next_write(tmp_path, writer):
    path = tmp_path / "a.json"
    writer.kill()
    writer.wait()
    assert list(tmp_path.iterdir()) != []
    with replacing(path) as temporary:
        temporary.write_text("own")
    assert path.read_text() == "own"
    assert list(tmp_path.iterdir()) == [path]


def test_many_threads_write_one_file_and_each_writes_all_of_it(tmp_path):
    path, size = tmp_path / "a.json", 200_000

    def write(letter):
        with replacing(path) as temporary, temporary.open("w") as file:
            for _ in range(4):
                file.write(letter * (size // 4))
                file.flush()
        text = path.read_text()
        return len(text) == size and len(set(text)) == 1

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write, "abcdefgh"))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_is_followed(tmp_path, exists):
    (tmp_path / "disk").mkdir()
    real, middle, link = tmp_path / "disk" / "real.json", tmp_path / "middle.json", tmp_path / "link.json"
    middle.symlink_to("disk/real.json")
    link.symlink_to(middle)
    if exists:
        real.write_text("old")
    with replacing(link) as temporary:
        temporary.write_text("new")
    assert real.read_text() == "new"
    assert link.is_symlink() and middle.is_symlink()
    assert sorted(tmp_path.rglob("*")) == sorted([real.parent, real, middle, link])


def test_an_error_names_the_link_and_not_where_it_leads(tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to("nowhere/real.json")
    with pytest.raises(FileNotFoundError) as raised, replacing(link):
        pass
    assert raised.value.filename == str(link)
    assert list(tmp_path.iterdir()) == [link]


def test_a_pipe_behind_a_link_stays_a_pipe(tmp_path):
    pipe, link = tmp_path / "pipe", tmp_path / "link.json"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    with replacing(link) as temporary:
        temporary.write_text("new")
    assert pipe.is_fifo()
