"""Numbered versions of a model. A version gets its number when it is complete.

TensorFlow Serving watches for folders whose name is a number and loads the highest, even one that is being written.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from seigan_tf.utils.atomic import sync
from seigan_tf.utils.interruption import parents_made

PARTIAL = ".partial-"
"""Start of the name of a folder that is being written; not a number, so the server ignores it."""
ABANDONED_AFTER = 24 * 3600
"""Seconds after which such a folder is taken for the remains of a killed process."""


def write(home: Path, fill: Callable[[Path], None]) -> Path:
    """Call `fill` with an empty folder, and rename that to home/N, with N one more than the highest version.

    `home` is the model's folder, `saved_model/NAME`; created if missing. After an error there is no new version and no
    new folder.
    """
    with parents_made(home / PARTIAL), temporary_folder(home, PARTIAL) as temporary:
        fill(temporary)
        temporary.chmod(0o755)  # mkdtemp admits the owner alone; the server runs as another user
        for parent, _, files in os.walk(temporary):
            for name in (*files, ""):
                sync(Path(parent, name))
        while True:
            path = home / str(max(numbers(home), default=0) + 1)
            try:
                temporary.rename(path)  # fails if another process took the number
            except OSError:
                if not path.exists():
                    raise
            else:
                sync(home)
                return path


def numbers(home: Path) -> list[int]:
    """The versions in a model's folder, in ascending order, whoever wrote them."""
    return sorted(int(path.name) for path in home.iterdir() if path.name.isascii() and path.name.isdigit())


@contextlib.contextmanager
def temporary_folder(home: Path, prefix: str, sweep: bool = True) -> Iterator[Path]:
    """A new folder in `home`, removed at the end of the block unless it was renamed.

    Its name begins with `prefix`. `sweep` first removes what killed processes left: folders with this prefix, untouched
    for ABANDONED_AFTER.

    Raises:
        OSError: it cannot be created; the error names `home`.
    """
    try:
        for path in home.glob(f"{prefix}*") if sweep else ():
            with contextlib.suppress(FileNotFoundError):  # its process has just ended
                if time.time() - path.stat().st_mtime > ABANDONED_AFTER:
                    shutil.rmtree(path, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(home)) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
