"""32 clients at once, of whom one in ten hangs up and one in ten sends something malformed: nobody else is lost.

`serve` composes with networks that are stubs, so that its server is measured and not the networks. Cases are requests,
which are counted together: a line of the log holds the answer times of CHUNK of them, between which no server is
started again, and how much the servers' memory grew.
"""

import http.client
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.faults.log import Log
from tests.serve import stub
from tests.serve.test_serve_crowd import User, form, resident
from tests.study import simulation

CLIENTS, CHUNK = 32, 10_000
SUBJECTS = ("serve", "study serve", "study serve, two servers")


def run(log: Log, count: int) -> None:
    """Send the requests, CHUNK at a time, that the log lacks."""
    work = _compose if log.subject == "serve" else _study
    for case in sorted(set(range((count + CHUNK - 1) // CHUNK)) - log.done()):
        outcomes, times, grown = work(log.subject, f"{log.seed} {case}", min(CHUNK, count - case * CHUNK))
        for number, (outcome, amount) in enumerate(sorted(outcomes.items())):
            details: dict[str, float] = {"requests": amount}
            if number == 0:
                details |= {"p99_ms": round(1000 * float(np.percentile(times, 99))), "grown_percent": round(grown, 1)}
            log.add(case, outcome, **details)


def _behaviour(source: random.Random) -> str:
    return source.choices(("good", "hangs up", "malformed"), (8, 1, 1))[0]


class Count:
    """Outcomes and answer times of threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.outcomes: dict[str, int] = {}
        self.times: list[float] = []

    def add(self, outcome: str, seconds: float | None = None) -> None:
        """Count an outcome, and its answer time if there was an answer."""
        with self.lock:
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
            if seconds is not None:
                self.times.append(seconds)


Ask = Callable[[random.Random, Count], None]
Counted = tuple[dict[str, int], list[float], float]
"""Outcomes, answer times in seconds, and growth of memory in percent."""


def _crowd(ask: Ask, count: int, seed: str) -> Count:
    """`ask(random, counted)` of CLIENTS threads, `count` times together."""
    counted, share = Count(), [count // CLIENTS + (number < count % CLIENTS) for number in range(CLIENTS)]

    def client(number: int) -> None:
        source = random.Random(f"{seed} {number}")
        for _ in range(share[number]):
            ask(source, counted)

    with ThreadPoolExecutor(CLIENTS) as crowd:
        list(crowd.map(client, range(CLIENTS)))
    return counted


def _compose(_subject: str, seed: str, count: int) -> Counted:
    body, headers = form()

    def ask(source: random.Random, counted: Count) -> None:
        user, behaviour, start = User(address), _behaviour(source), time.monotonic()
        sent = body if behaviour != "malformed" else source.randbytes(len(body) // 4) + body[len(body) // 2 :]
        try:
            if behaviour == "hangs up":
                user.connection.request("POST", "/api/cut", body[: source.randrange(len(body))], headers)
                user.leave()
                return counted.add("refused")
            status, _, content = user.ask("cut", sent, headers)
        except (OSError, http.client.HTTPException) as error:
            return counted.add(f"lost: {type(error).__name__}")
        finally:
            user.leave()
        _judge(counted, behaviour, status, content, time.monotonic() - start)

    with stub.served(stub.application(waiting=CLIENTS)) as address:
        _crowd(ask, count // 4, f"{seed} first")  # what every thread keeps for itself
        before = resident()
        counted = _crowd(ask, count, seed)
        grown = 100 * (resident() / before - 1)
    return counted.outcomes, counted.times, grown


def _judge(counted: Count, behaviour: str, status: int, content: bytes, seconds: float) -> None:
    if status == 503:
        counted.add("told to wait", seconds)
    elif behaviour == "malformed":
        whole = 400 <= status < 500 and b"Traceback" not in content and content.count(b"\n") < 2
        counted.add("refused" if whole else f"malformed, answered with {status}")
    else:
        counted.add("answered" if status == 200 else f"good, answered with {status}", seconds)


def _study(subject: str, seed: str, count: int) -> Counted:
    """Each request starts a session and answers one task of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = simulation.write(simulation.study(), Path(name) / "study")
        servers = [simulation.Server(folder, "--assessors", "1000000") for _ in range(2 if "two" in subject else 1)]

        def ask(source: random.Random, counted: Count) -> None:
            client, behaviour, start = (
                simulation.Client(source.choice(servers).port),
                _behaviour(source),
                time.monotonic(),
            )
            try:
                _, state = client.request("POST", "/api/sessions", {"assessor": None})
                answer = {"assessor": state["assessor"], "position": state["task"]["position"], "choice": "left"}
                if behaviour == "malformed":
                    answer[source.choice(list(answer))] = source.choice((None, [], "\0", 2**70, {"": 1}))
                if behaviour == "hangs up":
                    connection = http.client.HTTPConnection("127.0.0.1", client.port)
                    connection.request("POST", "/api/answers", json.dumps(answer)[:9], {"Content-Length": "90"})
                    connection.close()
                    return counted.add("refused")
                status, content = client.request("POST", "/api/answers", answer)
            except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
                return counted.add(f"lost: {type(error).__name__}")
            finally:
                client.close()
            _judge(counted, behaviour, status, json.dumps(content).encode(), time.monotonic() - start)

        try:
            _crowd(ask, count // 4, f"{seed} first")
            before = sum(map(_resident, servers))
            counted = _crowd(ask, count, seed)
            grown = 100 * (sum(map(_resident, servers)) / before - 1)
        finally:
            for server in servers:
                server.kill()
    return counted.outcomes, counted.times, grown


def _resident(server: simulation.Server) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
