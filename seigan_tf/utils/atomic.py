"""Files that are replaced as a whole, even if the process or the machine dies."""

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seigan_tf.utils.folder_lock import PAUSE, locked

LONGEST_NAME = 255
"""Bytes in the name of a file, on most file systems."""
PATIENCE = 60.0
"""Seconds to wait for another process that writes the same file."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path in a temporary folder beside `path` to write to; at the end of the block the file replaces `path`.

    If `path` is a symbolic link, the file that it leads to is replaced. One process at a time writes a file: others
    wait, and replace it afterwards. `locked` says which file systems cannot make them wait.

    Raises:
        OSError: writing failed (full disk, no permission), or another process has been writing the file for PATIENCE;
            it names `path`, which has not changed.
    """
    target = _followed(path)
    # The name depends on the file: the next process takes over the leftover of a killed one, and processes that write
    # other files to the same folder are not disturbed.
    name = f".partial-{target.name}"
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = f".partial-{hashlib.sha256(os.fsencode(target.name)).hexdigest()}"
    try:
        with _claimed(target.with_name(name)) as folder:
            temporary = folder / target.name
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(target)
            sync(target.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def _followed(path: Path) -> Path:
    """The file that a path leads to over symbolic links, whether it exists or not; pipes and devices stay as named."""
    if os.path.exists(path) and not os.path.isfile(path):
        return path
    return Path(os.path.realpath(path))


@contextlib.contextmanager
def _claimed(folder: Path) -> Iterator[Path]:
    """Make a folder, or take over the leftover of a killed process, for this process alone; it is removed at the end.

    Not the file is locked but its folder: SMB shares let nobody write a locked file, whoever locked it.
    """
    end = time.monotonic() + PATIENCE
    with contextlib.ExitStack() as claim:
        while True:
            folder.mkdir(exist_ok=True)
            try:
                claim.enter_context(locked(folder, end - time.monotonic()))
                break
            except (FileNotFoundError, BlockingIOError) as error:
                # The process that had it has removed it, and this one needs a new one; or it works for too long.
                if isinstance(error, BlockingIOError) or time.monotonic() > end:
                    raise OSError(error.errno, "another process is writing it") from None
                time.sleep(PAUSE)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def write_json(path: Path, values: Any) -> None:
    """Write plain values as indented JSON, as `replacing` writes. Raises OSError if that is impossible."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to disk; Windows has no such call for folders and needs none."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
