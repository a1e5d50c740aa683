"""A folder in which one process makes what is renamed when it is complete."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from seigan_tf.utils.folder_lock import locked

UNFINISHED = "UNFINISHED"
"""Name of the file that marks such a folder."""


@contextlib.contextmanager
def claimed(folder: Path, command: str) -> Iterator[None]:
    """Make the folder for one process, and remove it at the end with what is left, also of a killed process.

    Args:
        folder: its parent exists.
        command: name of the program that writes in it, for messages.

    Raises:
        ValueError: another process writes in it, or somebody else made it.
        OSError: it cannot be written.
    """
    note = folder / UNFINISHED
    if os.path.lexists(folder) and not note.is_file() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ValueError(f"{folder}: is in the way, and was not made by {command}; move it or choose another name")
    own = not folder.exists()
    with contextlib.ExitStack() as claim:
        try:
            folder.mkdir(exist_ok=True)
            try:
                if not note.exists():  # SMB shares let nobody write a file that is locked
                    note.write_text(f"seigan_tf {command} writes here, or was interrupted; then it may be removed\n")
                claim.enter_context(locked(note))
            except (BlockingIOError, FileNotFoundError):  # it works, or has just ended
                own = False
                raise ValueError(f"{folder}: another {command} is writing there") from None
            own = True
            _empty(folder, note)
            yield
        finally:
            if own:
                with contextlib.suppress(OSError):
                    _empty(folder, note)  # the note last: a removal that is broken off stays one of ours
                shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path, note: Path) -> None:
    for path in folder.iterdir():
        if path != note:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
