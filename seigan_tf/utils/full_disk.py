"""Errors of a full disk, as one kind of error that names what the user knows."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DiskFull(OSError):
    """A disk is full, or a quota or the largest size of a file is reached."""


@contextlib.contextmanager
def naming_full_disk(place: Path) -> Iterator[None]:
    """Raise DiskFull with the name of `place` for any error of a full disk in the block, but for another DiskFull.

    Files that Python writes have errors without a name or with a temporary one, and TensorFlow, HDF5 and Beam have
    errors of their own, in which the words of the system are all that can be relied on.
    """
    try:
        yield
    except DiskFull:
        raise
    except Exception as error:
        for number in NUMBERS:
            if os.strerror(number) in str(error):
                raise DiskFull(number, os.strerror(number), str(place)) from None
        raise


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a temporary folder, removed at the end. DiskFull in the block names the folder of all temporary files."""
    temporary = tempfile.gettempdir()
    with naming_full_disk(Path(temporary)), tempfile.TemporaryDirectory(prefix="seigan-", dir=temporary) as folder:
        yield Path(folder)
