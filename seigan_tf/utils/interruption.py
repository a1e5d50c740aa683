"""What a command that is broken off leaves behind: nothing, and one line that says so."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path


class Terminated(RuntimeError):
    """SIGTERM arrived, and everything that was on the way is cleaned up."""

    exit_code = 128 + signal.SIGTERM


class _Interrupt:
    """Handles SIGTERM as Ctrl-C is handled, once: nothing disturbs the cleaning up."""

    received = False

    def __call__(self, _number, _frame) -> None:
        if not self.received:
            self.received = True
            raise KeyboardInterrupt


def _left_behind(out: Path) -> str:
    return f"{out} is complete" if os.path.lexists(out) else f"nothing is left of {out}"


@contextlib.contextmanager
def termination(out: Path, left_behind: Callable[[Path], str] = _left_behind) -> Iterator[None]:
    """Lets SIGTERM end the block as Ctrl-C does, so that what has been written on the way to `out` is removed.

    `left_behind` says in words what is there of `out` then. Such a block inside another one, or in a thread, leaves
    the signal to whoever has it.

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
    """Makes the folders above `path`; those that hold nothing at the end of the block are removed again.

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
