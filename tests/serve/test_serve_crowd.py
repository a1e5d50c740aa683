"""Many users at once: none is lost, nothing grows, and who finds no place is told so."""

import gc
import http.client
import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.serve import stub
from tests.serve.stub import BOX, StubBackend, encoded, scene

USERS, REQUESTS, ROUNDS = 8, 4, 3
GROWTH = 4_000_000
"""Bytes less than which memory grows in one of the rounds; photos that stay would take 6 million in each."""


def form(**fields):
    """Body and headers of a form with a photo."""
    boundary, body = encode_multipart({"photo": picture("photo.png"), "box": ",".join(map(str, BOX)), **fields})
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def picture(name):
    return FileStorage(io.BytesIO(encoded(scene())), name)


class User:
    """A browser with one connection."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=300)

    def ask(self, action, body, headers):
        self.connection.request("POST", f"/api/{action}", body, headers)
        reply = self.connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()

    def leave(self):
        self.connection.close()


def resident():
    """Bytes of this process in memory."""
    status = Path("/proc/self/status")
    if not status.is_file():
        pytest.skip("needs /proc, to see how much memory is used")
    gc.collect()
    return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmRSS"))


def waited(condition):
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_eight_users_at_once_lose_no_request_and_memory_stays_flat():
    requests = [
        ("cut", *form()),
        ("erase", *form()),
        ("paste", *form(onto=picture("onto.png"), at="5,5")),
        ("open", *form()),
    ]

    def use(address, number):
        user = User(address)
        answers = [user.ask(*requests[(number + turn) % len(requests)]) for turn in range(REQUESTS)]
        user.leave()
        return [(status, len(content)) for status, _, content in answers]

    with stub.served(stub.application()) as address, ThreadPoolExecutor(USERS) as crowd:
        expected = {action: len(User(address).ask(action, *rest)[2]) for action, *rest in requests}
        memory = []
        for _ in range(ROUNDS):
            answers = list(crowd.map(lambda number: use(address, number), range(USERS)))
            memory.append(resident())
            for number, given in enumerate(answers):
                wanted = [expected[requests[(number + turn) % len(requests)][0]] for turn in range(REQUESTS)]
                assert given == [(200, size) for size in wanted]
    assert min(after - before for before, after in pairwise(memory)) < GROWTH


def test_who_finds_no_place_is_told_when_to_come_back_and_the_page_still_opens():
    backend = StubBackend()
    body, headers = form()
    with stub.served(stub.application(backend, waiting=2)) as address, ThreadPoolExecutor(3) as crowd:
        backend.gate.clear()
        placed = [crowd.submit(User(address).ask, "cut", body, headers)]
        waited(lambda: backend.calls)
        late = User(address)
        placed += [crowd.submit(User(address).ask, "cut", body, headers) for _ in range(2)]
        time.sleep(0.3)
        status, told, content = late.ask("cut", body, headers)
        assert (status, told["Retry-After"]) == (503, "5")
        assert "try again in a moment" in json.loads(content)["error"]
        late.connection.request("GET", "/")
        assert late.connection.getresponse().read().startswith(b"<!DOCTYPE html>")
        backend.gate.set()
        assert [future.result()[0] for future in placed] == [200] * 3
        assert late.ask("cut", body, headers)[0] == 200


def test_the_networks_do_not_work_for_a_browser_that_was_closed():
    backend = StubBackend()
    body, headers = form()
    with stub.served(stub.application(backend)) as address, ThreadPoolExecutor(2) as crowd:
        backend.gate.clear()
        first = crowd.submit(User(address).ask, "cut", body, headers)
        waited(lambda: backend.calls == 1)
        gone = User(address)
        gone.connection.request("POST", "/api/cut", body, headers)
        time.sleep(0.3)
        gone.leave()
        time.sleep(0.3)
        backend.gate.set()
        assert first.result()[0] == 200
        assert User(address).ask("cut", body, headers)[0] == 200
        assert backend.calls == 2 * 2  # two looks for each of the two that waited


def test_an_upload_that_is_much_too_large_ends_its_connection_and_nothing_else():
    body, headers = form()
    application = stub.application()
    with stub.served(application, max_request_body_size=application.max_body) as address:
        user = User(address)
        user.connection.putrequest("POST", "/api/open")
        user.connection.putheader("Content-Length", "100000000000")
        user.connection.endheaders()
        assert user.connection.getresponse().status == 413
        assert User(address).ask("cut", body, headers)[0] == 200


def test_clients_that_send_half_a_request_hold_nobody_up():
    body, headers = form()
    with stub.served(stub.application(), threads=4) as address:
        slow = [User(address) for _ in range(12)]
        for user in slow:
            user.connection.putrequest("POST", "/api/cut")
            user.connection.putheader("Content-Length", str(len(body)))
            user.connection.putheader("Content-Type", headers["Content-Type"])
            user.connection.endheaders(body[:1000])
        assert User(address).ask("cut", body, headers)[0] == 200
        for user in slow:
            user.leave()
