"""SIGKILL at a random moment: the same command, or the one that it asks for, ends as if nothing had happened."""

import http.client
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

STUDY, SERVE = "study serve", "serve"
SUBJECTS = (*COMMANDS, STUDY, SERVE, *phone.SUBJECTS)


def run(log: Log, count: int) -> None:
    """Run the cases that the log lacks."""
    if log.subject in phone.SUBJECTS:
        return phone_kills.run(log, count)
    left = sorted(set(range(count)) - log.done())
    if log.subject in (STUDY, SERVE):
        work = _killed_study if log.subject == STUDY else _killed_serve
        for case in left:
            log.add(case, work(random.Random(f"{log.seed} {case}")))
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


def _killed_serve(source: random.Random) -> str:
    """Four users ask again if the server, which is killed, did not answer; a new one gives the same pictures."""
    from tests.serve.test_serve_crowd import form, picture
    from tests.web_server import Server

    arguments = ("serve", "--weights", "cats", "--port")
    requests = [("cut", *form()), ("erase", *form()), ("paste", *form(onto=picture("onto.png"), at="5,5"))]
    with Server(*arguments, 0) as running:
        expected = [_answer(running.address, *request) for request in requests]
        assert all(answer and answer[0] == 200 for answer in expected)

        def ask(number: int) -> str:
            for turn in range(6):
                request, deadline = (number + turn) % len(requests), time.monotonic() + 60
                while (answer := _answer(running.address, *requests[request])) is None:
                    if time.monotonic() > deadline:
                        return "no answer"
                    time.sleep(0.05)
                if answer != expected[request]:
                    return "another answer"
            return "same"

        with ThreadPoolExecutor(4) as users:
            asked = [users.submit(ask, number) for number in range(4)]
            time.sleep(source.uniform(0, 2))
            running.kill()
            with Server(*arguments, running.port):
                ended = {user.result() for user in asked}
    return max(ended - {"same"}, default="same")


def _answer(address: str, action: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes] | None:
    """Status and picture, or None without an answer."""
    from tests.serve.test_serve_crowd import User

    user = User(address)
    try:
        status, _, content = user.ask(action, body, headers)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        user.leave()
    return status, content
