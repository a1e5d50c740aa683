"""Numbered versions of a model: a folder appears under its number when it is whole, as TensorFlow Serving needs it.

The server looks for folders whose name is a number and loads the highest, while files may still be written.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from seigan_tf.utils.interruption import parents_made

PARTIAL = ".partial-"
"""How the name of a folder begins that is being written; no number, so that the server passes over it."""
LEFT_BEHIND = 24 * 3600
"""Seconds after which such a folder is taken for one that a killed process left."""


def write(home: Path, fill: Callable[[Path], None]) -> Path:
    """Fills a new folder and gives it the next number.

    Args:
        home: the model's folder, `saved_model/NAME`; made where it is missing.
        fill: called with an empty folder to write to.

    Returns:
        home/N, N one more than the highest there is.

    Raises:
        OSError: home cannot be made or written to; it names home, or the folder above it that is to blame. Whatever
            went wrong, no new number is there, and no folder that was made for it.
    """
    with parents_made(home / PARTIAL):
        try:
            sweep(home, PARTIAL)
            temporary = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=home))
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(home)) from error
        try:
            fill(temporary)
            temporary.chmod(0o755)  # mkdtemp lets its owner in alone; the server runs as somebody else
            _sync(temporary)
            return _take_number(temporary, home)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def numbers(home: Path) -> list[int]:
    """The versions there are, in order; also those that another program wrote."""
    return sorted(int(path.name) for path in home.iterdir() if path.name.isascii() and path.name.isdigit())


def _take_number(temporary: Path, home: Path) -> Path:
    while True:
        path = home / str(max(numbers(home), default=0) + 1)
        try:
            temporary.rename(path)  # fails where another process took the number
        except OSError:
            if not path.exists():
                raise
        else:
            _sync_entry(home)
            return path


def sweep(home: Path, prefix: str) -> None:
    """Removes the folders whose names begin so and that a killed process left; younger ones may be being written."""
    for path in home.glob(f"{prefix}*"):
        with contextlib.suppress(FileNotFoundError):  # its process has just ended
            if time.time() - path.stat().st_mtime > LEFT_BEHIND:
                shutil.rmtree(path, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Makes every file of the folder last before it gets its name."""
    for parent, _, files in os.walk(folder):
        for name in files:
            _sync_entry(Path(parent, name))
        _sync_entry(Path(parent))


def _sync_entry(path: Path) -> None:
    if os.name == "posix":  # Windows has no such call for folders and needs none
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
