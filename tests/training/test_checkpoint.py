"""Checkpoints are whole or named as damaged, and a failed save costs nothing that was there."""

import errno
import zipfile

import numpy as np
import pytest

from seigan_tf.training import checkpoint

STATE = {
    "segmenter/kernel": np.arange(10, dtype="float32"),
    "iterations": np.asarray(3, "int64"),
    "random": np.array([1, 2], "uint32"),
}


def save(folder, step, state=STATE):
    return checkpoint.save(folder, state, {"step": step, "seconds": 1.5})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_checkpoint_gives_back_every_array_and_the_progress(tmp_path):
    path = save(tmp_path / "checkpoint", 7)
    loaded = checkpoint.load_latest(tmp_path / "checkpoint")
    assert loaded.path == path
    assert loaded.progress == {"step": 7, "seconds": 1.5}
    assert list(loaded.state) == list(STATE)
    for name, array in STATE.items():
        np.testing.assert_array_equal(loaded.state[name], array)
        assert loaded.state[name].dtype == array.dtype
        assert loaded.state[name].shape == array.shape


def test_without_a_checkpoint_there_is_none(tmp_path):
    assert checkpoint.load_latest(tmp_path / "missing") is None


def test_the_last_two_are_kept(tmp_path):
    for step in (1, 2, 3, 10):
        save(tmp_path, step)
    assert names(tmp_path) == ["step_00000003.npz", "step_00000010.npz"]


def test_saving_removes_later_checkpoints_whose_future_was_given_up(tmp_path):
    for step in (4, 8, 6):
        save(tmp_path, step)
    assert names(tmp_path) == ["step_00000004.npz", "step_00000006.npz"]


def test_any_flipped_bit_or_missing_end_is_found_or_harmless(tmp_path):
    path = save(tmp_path, 1)
    whole = path.read_bytes()
    damaged = [whole[:length] for length in range(0, len(whole), 7)]
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << (place % 8)
        damaged.append(bytes(flipped))
    found = 0
    for data in damaged:
        path.write_bytes(data)
        try:
            loaded = checkpoint.load_latest(tmp_path)
        except ValueError:
            found += 1
        else:
            for name, array in STATE.items():
                np.testing.assert_array_equal(loaded.state[name], array)
            assert loaded.progress["step"] == 1
    assert found > len(damaged) / 2


def test_damage_below_a_right_checksum_is_found_too(tmp_path):
    path = save(tmp_path, 1)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name in members:
        for content in (members[name][:40], members[name].replace(b"}", b"("), b"[" * 100_000):
            with zipfile.ZipFile(path, "w") as archive:
                for other, whole in members.items():
                    archive.writestr(other, content if other == name else whole)
            with pytest.raises(ValueError, match="no checkpoint can be read"):
                checkpoint.load_latest(tmp_path)


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(tmp_path, caplog):
    save(tmp_path, 1)
    newest = save(tmp_path, 2)
    newest.write_bytes(newest.read_bytes()[:-30])
    assert checkpoint.load_latest(tmp_path).progress["step"] == 1
    assert len(caplog.messages) == 1
    assert str(newest) in caplog.messages[0]
    assert "\n" not in caplog.messages[0]


def test_when_all_are_damaged_the_error_names_them_in_one_line(tmp_path):
    for step in (1, 2):
        save(tmp_path, step).write_bytes(b"")
    with pytest.raises(ValueError, match=r"step_00000002.npz, step_00000001.npz") as error:
        checkpoint.load_latest(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("after", [0, 1])
def test_a_full_disk_leaves_the_previous_checkpoint_and_no_remains(tmp_path, monkeypatch, after):
    previous = save(tmp_path, 1).read_bytes()
    written = []

    def write_array(*arguments, **named):
        written.append(1)
        if len(written) > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(*arguments, **named)

    original = np.lib.format.write_array
    monkeypatch.setattr(np.lib.format, "write_array", write_array)
    with pytest.raises(OSError, match=r"No space left on device; step_00000001.npz is intact") as error:
        save(tmp_path, 2)
    assert error.value.filename == str(tmp_path / "step_00000002.npz")
    assert names(tmp_path) == ["step_00000001.npz"]
    assert (tmp_path / "step_00000001.npz").read_bytes() == previous
