"""Errors of a full disk, of whatever kind, become one that names a place."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from seigan_tf.utils.full_disk import DiskFull, naming_full_disk, temporary_folder


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG])
@pytest.mark.parametrize("kind", [RuntimeError, ValueError, OSError])
def test_any_error_with_the_words_of_the_system_names_the_place(number, kind):
    with pytest.raises(DiskFull) as raised, naming_full_disk(Path("out")):
        raise kind(f"{{{{node SaveV2}}}} /tmp/part-0.tempstate1; {os.strerror(number)} [Op:SaveV2]")
    assert (raised.value.errno, raised.value.strerror, raised.value.filename) == (number, os.strerror(number), "out")


def test_other_errors_stay_as_they_are():
    with pytest.raises(FileNotFoundError, match="nowhere"), naming_full_disk(Path("out")):
        Path("nowhere").read_bytes()


def test_a_full_disk_of_temporary_files_is_not_taken_for_that_of_the_output():
    with pytest.raises(DiskFull) as raised, naming_full_disk(Path("out")), temporary_folder() as folder:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder / "plan"))
    assert raised.value.filename == tempfile.gettempdir()
    assert not folder.exists()
