"""Keeps the start of a command free of remarks about the machine."""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def native_messages_hidden() -> Iterator[None]:
    """Drops what libraries in C++ write to stderr, for the time of their import.

    TensorFlow 2.21 writes several lines before it looks at TF_CPP_MIN_LOG_LEVEL, which silences the later ones.
    Python's exceptions are not concerned.
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
