"""SIGKILL at random moments of a stage of the recipe: resumed, the run has the files of one that was left alone.

A case is one kill, of the command or of the process of the stage alone. All cases that the log lacks disturb one run,
one after the other.
"""

import contextlib
import os
import random
import signal
import subprocess
from typing import NamedTuple

from benchmarks.faults import phone
from benchmarks.faults.log import Log


class Kill(NamedTuple):
    """A case."""

    seconds: float
    """Time of a processor after which it comes, in seconds."""
    whole_command: bool
    case: int


def run(log: Log, count: int) -> None:
    """Run the cases that the log lacks."""
    if not (cases := sorted(set(range(count)) - log.done())):
        return
    with phone.undone(log) as undone:
        kills = []
        for case in cases:
            source = random.Random(f"{log.seed} {case}")
            kills.append(Kill(source.uniform(0, undone.seconds), source.random() < 0.5, case))
        done, faults = _disturb(undone, sorted(kills))
        changed = phone.difference(undone.folder, undone.contents)
    outcome = "another end" if changed else "unclear" if faults else "same"
    for case in done:
        log.add(case, outcome, **({"message": changed[:1000], "faults": faults} if outcome != "same" else {}))


def _disturb(undone: phone.Undone, kills: list[Kill]) -> tuple[list[int], list[str]]:
    """Kill the stage at all moments, then let it end; return the cases whose moment came, and what was said wrongly."""
    done: list[int] = []
    faults: list[str] = []
    before = -1
    while len(done) > before:
        before, process = len(done), phone.begin(undone.folder)
        for _, pid, seconds in phone.moments(process):
            if kills and len(done) == before and seconds >= kills[0].seconds:
                kill = kills.pop(0)
                done.append(kill.case)
                with contextlib.suppress(ProcessLookupError):  # it has just ended
                    os.kill(process.pid if kill.whole_command else pid, signal.SIGKILL)
        faults += _faults(process)
    return done, faults


def _faults(process: subprocess.Popen[str]) -> list[str]:
    """Return what a command wrote if it is not one line at most; code 1 says that an export exceeds a budget."""
    lines = process.communicate()[1].splitlines()
    expected = process.returncode in (0, 1, -signal.SIGKILL, 128 + signal.SIGKILL)
    return [] if expected and len(lines) <= 1 else [f"{process.returncode}: {lines[-5:]}"]
