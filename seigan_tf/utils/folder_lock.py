"""Locks of folders, which end with the process that holds them."""

import contextlib
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
def locked(folder: Path, patience: float = 0.0) -> Iterator[None]:
    """Hold the lock of a folder, without effect on Windows and on file systems that have no locks.

    Args:
        folder: exists.
        patience: seconds to wait for another process, which may be ending.

    Raises:
        BlockingIOError: another process holds the lock.
    """
    if not fcntl:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
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
            except OSError:  # such as NFS, which locks files that are open for writing
                break
        yield
    finally:
        os.close(descriptor)
