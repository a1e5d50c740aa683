"""SIGKILL at a random moment: the same command, or the one that it asks for, ends as if nothing had happened."""

import os
import random
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.faults import phone, phone_kills
from benchmarks.faults.commands import COMMANDS, cases, repeated, start
from benchmarks.faults.log import Log

STUDY = "study serve"
SUBJECTS = (*COMMANDS, STUDY, *phone.SUBJECTS)


def run(log: Log, count: int) -> None:
    """Run the cases that the log lacks."""
    if log.subject in phone.SUBJECTS:
        return phone_kills.run(log, count)
    left = sorted(set(range(count)) - log.done())
    if log.subject == STUDY:
        for case in left:
            log.add(case, _killed_study(random.Random(f"{log.seed} {case}")))
        return
    command = COMMANDS[log.subject]
    for case, folder, whole in cases(command, left):
        moment = random.Random(f"{log.seed} {case}").uniform(0, whole.seconds)
        process = start(command.arguments(folder), folder)
        time.sleep(moment)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        outcome, message = repeated(command, folder, whole)
        log.add(case, outcome, moment=round(moment / whole.seconds, 3), **({"message": message} if message else {}))


def _killed_study(source: random.Random) -> str:
    """Twenty assessors answer; the server is killed, and started again."""
    from tests.study import simulation
    from tests.study.test_study_server import assess, stored

    with tempfile.TemporaryDirectory() as name:
        folder = simulation.write(simulation.study(), Path(name) / "study")
        acknowledged: dict[Any, Any] = {}
        running = simulation.Server(folder, "--pairs", "12")
        with ThreadPoolExecutor(20) as crowd:
            sessions = [crowd.submit(assess, running.port, acknowledged, 120.0) for _ in range(20)]
            wanted = source.randrange(250)
            while len(acknowledged) < wanted and not any(session.done() for session in sessions):
                time.sleep(0.001)
            before = dict(acknowledged)
            running.kill()
            kept = stored(folder)
            with simulation.Server(folder, "--pairs", "12", port=running.port):
                ended = [session.result()["task"] is None for session in sessions]
        whole = before.items() <= kept.items() and acknowledged.items() <= stored(folder).items() and all(ended)
    return "same" if whole else "lost an answer"
