"""Processes of a command's parts: other modules of the project, run as `python -m` does."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import seigan_tf

ROOT = Path(seigan_tf.__file__).parents[1]
ENDINGS = ("error: ", "stopped: ")
"""Beginnings of the last line of a command that failed."""


class Ended(NamedTuple):
    """The end of a process."""

    code: int
    """Exit code; 128 and the signal's number, if a signal ended it."""
    message: str
    """The line with which it ended, without its first word; empty if there is none."""


def export_module() -> str:
    """Return the name of the package `export`: in the repository it lies beside seigan_tf, installed in it."""
    return "seigan_tf.export" if find_spec("seigan_tf.export") else "export"


def run_module(arguments: Sequence[str]) -> Ended:
    """Run a module with arguments to its end; SIGINT and SIGTERM are passed on, so that it can save its work.

    The process ends with this one. What it writes to stderr appears there, but for the line with which it fails.
    """
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-m", "seigan_tf.utils.child", *arguments],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, "PYTHONPATH": path},
        # Ctrl-C on a terminal reaches this process alone, which passes it on: the child takes a second one as final.
        process_group=0,
    )
    previous = {
        number: signal.signal(number, lambda received, _: process.send_signal(received))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    message = ""
    try:
        for line in process.stderr or ():
            if line.startswith(ENDINGS):
                message = line.partition(": ")[2].strip()
            else:
                sys.stderr.write(line)
        code = process.wait()
    finally:
        process.kill()
        for number, handler in previous.items():
            signal.signal(number, handler)
    if code < 0:
        return Ended(128 - code, message or f"ended by signal {-code}")
    return Ended(code, message)
