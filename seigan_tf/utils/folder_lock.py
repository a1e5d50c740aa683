"""Locks of folders and files, which end with the process that holds them."""

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PAUSE = 0.1


@contextlib.contextmanager
def locked(path: Path, patience: float = 0.0) -> Iterator[None]:
    """Hold the lock of a folder or file, without effect on Windows and on file systems that have no such locks.

    NFS locks files, and no folders.

    Args:
        path: exists.
        patience: seconds to wait for another process, which may be ending.

    Raises:
        BlockingIOError: another process holds the lock.
        FileNotFoundError: the folder or file is missing, or was moved away before its lock was free.
    """
    if not fcntl:
        yield
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        end = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise
                time.sleep(PAUSE)
            except OSError:  # there are no locks
                break
        if not os.path.samestat(os.fstat(descriptor), os.stat(path)):
            raise FileNotFoundError(errno.ENOENT, "moved away by another process", str(path))
        yield
    finally:
        os.close(descriptor)
