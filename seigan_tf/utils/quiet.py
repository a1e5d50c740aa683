"""Suppression of messages that libraries write to stderr during import."""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def native_messages_hidden() -> Iterator[None]:
    """Discard everything that the process writes to file descriptor 2 in the block.

    TensorFlow 2.21 writes several lines before it reads TF_CPP_MIN_LOG_LEVEL; that variable silences the later ones.
    Python exceptions pass through unchanged.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
