"""Suppression of messages that libraries write to stderr during import."""

import contextlib
import os
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_kept: list[int] = []
"""Copies of file descriptor 2, one for each block that runs: the first is the real one."""


@contextlib.contextmanager
def native_messages_hidden() -> Iterator[None]:
    """Discard everything that the process writes to file descriptor 2 in the block, in any thread.

    TensorFlow 2.21 writes several lines before it reads TF_CPP_MIN_LOG_LEVEL; that variable silences the later ones.
    Python exceptions pass through unchanged.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _lock:
        _kept.append(os.dup(2))
        if len(_kept) == 1:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
    try:
        yield
    finally:
        with _lock:
            if len(_kept) == 1:
                os.dup2(_kept[0], 2)
            os.close(_kept.pop())
