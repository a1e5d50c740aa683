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
            note.touch()
            try:
                claim.enter_context(locked(note))
            except BlockingIOError:
                own = False
                raise ValueError(f"{folder}: another {command} is writing there") from None
            own = True
            for path in folder.iterdir():
                if path != note:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            note.write_text(f"seigan_tf {command} writes here, or was interrupted; then this folder may be removed\n")
            yield
        finally:
            if own:
                shutil.rmtree(folder, ignore_errors=True)
