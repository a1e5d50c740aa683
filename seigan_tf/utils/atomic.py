"""Files that are replaced as a whole, even if the process or the machine dies."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seigan_tf.utils.folder_lock import locked

LONGEST_NAME = 255
"""Bytes in the name of a file, on most file systems."""
PATIENCE = 60.0
"""Seconds to wait for another process that writes the same file."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path` to write to; at the end of the block it replaces `path`.

    If `path` is a symbolic link, the file that it leads to is replaced. One process at a time writes a file: others
    wait, and replace it afterwards. `locked` says which file systems cannot make them wait.

    Raises:
        OSError: writing failed (full disk, no permission), or another process has been writing the file for PATIENCE;
            it names `path`, which has not changed.
    """
    target = _followed(path)
    # The name depends on the file: the next process overwrites the leftover of a killed one, and processes that write
    # other files to the same folder are not disturbed.
    name = f".partial-{target.name}"
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = f".partial-{hashlib.sha256(os.fsencode(target.name)).hexdigest()}"
    temporary = target.with_name(name)
    try:
        with _claimed(temporary):
            try:
                yield temporary
                with temporary.open("rb+") as file:
                    os.fsync(file.fileno())
                temporary.replace(target)
                sync(target.parent)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def _followed(path: Path) -> Path:
    """The file that a path leads to over symbolic links, whether it exists or not; pipes and devices stay as named."""
    if os.path.exists(path) and not os.path.isfile(path):
        return path
    return Path(os.path.realpath(path))


@contextlib.contextmanager
def _claimed(temporary: Path) -> Iterator[None]:
    """Make a file, or take over the leftover of a killed process, for this process alone."""
    with contextlib.ExitStack() as claim:
        while True:
            temporary.touch()
            try:
                claim.enter_context(locked(temporary, PATIENCE))
                break
            except FileNotFoundError:  # the process that had it put it in place; this one needs a new file
                continue
            except BlockingIOError as error:
                raise OSError(error.errno, "another process is writing it") from None
        yield


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
