"""Interruption of commands: temporary files and folders are removed, and one line tells what is left."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path


class Terminated(RuntimeError):
    """SIGTERM arrived, and temporary files are removed."""

    exit_code = 128 + signal.SIGTERM


class _Interrupt:
    """Handler that treats the first SIGTERM as Ctrl-C and ignores later ones, during the cleaning up."""

    received = False

    def __call__(self, _number, _frame) -> None:
        if not self.received:
            self.received = True
            raise KeyboardInterrupt


def _left_behind(out: Path) -> str:
    return f"{out} is complete" if os.path.lexists(out) else f"nothing is left of {out}"


@contextlib.contextmanager
def termination(out: Path, left_behind: Callable[[Path], str] = _left_behind) -> Iterator[None]:
    """Make SIGTERM end the block as Ctrl-C does, so that temporary files of `out` are removed.

    An inner block, or one in a thread, leaves the signal to its present handler.

    Args:
        out: the file or folder that the block makes.
        left_behind: function that describes the state of `out`, for the message.

    Raises:
        Terminated: SIGTERM arrived.
    """
    handled = isinstance(signal.getsignal(signal.SIGTERM), _Interrupt)
    if handled or threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupt = _Interrupt()
    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except BaseException:
        if not interrupt.received:
            raise
        raise Terminated(f"terminated; {left_behind(out)}") from None
    finally:
        signal.signal(signal.SIGTERM, previous or signal.SIG_DFL)


@contextlib.contextmanager
def parents_made(path: Path) -> Iterator[None]:
    """Make the folders above `path`; at the end of the block the new ones that are empty are removed.

    Raises:
        OSError: one cannot be made.
    """
    missing = [folder for folder in path.absolute().parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        with contextlib.suppress(OSError):  # The first that is not empty ends it.
            for folder in missing:
                folder.rmdir()
