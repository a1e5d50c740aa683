"""The server of a study: nothing that was acknowledged is lost, and nothing is given that was not asked for."""

import contextlib
import itertools
import json
import sqlite3
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest
from werkzeug.test import Client as WsgiClient

from seigan_tf.study import database, server
from seigan_tf.study.database import AnswerStore, Conflict, SessionSettings, UnknownAssessor, draw_session
from seigan_tf.study.manifest import SIDES
from tests.study import simulation
from tests.study.simulation import Client, Server


@pytest.fixture
def made():
    return simulation.study()


@pytest.fixture
def folder(made, tmp_path):
    return simulation.write(made, tmp_path / "study")


@pytest.fixture
def store(made, folder):
    opened = AnswerStore(folder / database.ANSWERS_FILE, made, SessionSettings(pairs=12, assessors=3))
    yield opened
    opened.close()


def test_a_new_session_counts_by_an_index_and_not_by_a_temporary_table(store):
    statements = []
    store._connection.set_trace_callback(statements.append)
    store.start()
    (query,) = (statement for statement in statements if "GROUP BY" in statement)
    (plan,) = store._connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()  # one more if it sorts
    assert "USING COVERING INDEX counted" in plan[3]


@pytest.fixture
def client(made, folder, store):
    return WsgiClient(server.StudyApplication(folder, made, store))


def assess(port, acknowledged, patience=300.0):
    """One assessor to the end of a session, who sends an answer until it is acknowledged, as the page does."""
    client, end, token, state = Client(port), time.monotonic() + patience, None, None

    def send(*request):
        while True:
            try:
                return client.request(*request)
            except (OSError, HTTPException):
                assert time.monotonic() < end
                time.sleep(0.05)

    _, state = send("POST", "/api/sessions", {"assessor": None})
    token = state["assessor"]
    for number in itertools.count():
        if not (task := state["task"]):
            break
        choice = SIDES[(number + len(token)) % 2]
        status, state = send(
            "POST", "/api/answers", {"assessor": token, "position": task["position"], "choice": choice}
        )
        assert status == 200, state
        acknowledged[token, task["position"]] = choice
    client.close()
    return state


def stored(folder):
    """Everything that is answered in the database."""
    with sqlite3.connect(folder / database.ANSWERS_FILE) as connection:
        rows = connection.execute(
            "SELECT token, position, choice FROM tasks JOIN assessors ON assessor = id WHERE choice IS NOT NULL"
        )
        return {(token, position): choice for token, position, choice in rows}


def test_twenty_assessors_at_once_lose_no_answer(folder):
    acknowledged = {}
    with Server(folder, "--pairs", "12", "--assessors", "4") as running, ThreadPoolExecutor(20) as crowd:
        states = list(crowd.map(lambda _: assess(running.port, acknowledged), range(20)))
    assert all(state["done"] == state["given"] == 15 for state in states)
    assert len(acknowledged) == 300
    assert stored(folder) == acknowledged
    with sqlite3.connect(folder / database.ANSWERS_FILE) as connection:
        counts = dict(connection.execute("SELECT pair, COUNT(*) FROM tasks WHERE expected = '' GROUP BY pair"))
    assert len(counts) == 60
    assert set(counts.values()) == {4}


def test_a_server_that_is_killed_loses_no_acknowledged_answer_and_everybody_goes_on(folder):
    acknowledged = {}
    running = Server(folder, "--pairs", "12")
    with ThreadPoolExecutor(20) as crowd:
        sessions = [crowd.submit(assess, running.port, acknowledged, 60.0) for _ in range(20)]
        while len(acknowledged) < 100 and not any(session.done() for session in sessions):
            time.sleep(0.001)
        before = dict(acknowledged)
        running.kill()
        kept = stored(folder)
        assert 100 <= len(before) < 300
        assert before.items() <= kept.items()
        with Server(folder, "--pairs", "12", port=running.port):
            assert all(session.result()["task"] is None for session in sessions)
    assert stored(folder) == acknowledged
    assert len(acknowledged) >= 300  # One whose first reply was lost began again.


def test_pairs_are_spread_evenly_and_never_come_twice(made):
    settings = SessionSettings(pairs=20, assessors=5)
    counts, sides = Counter(), Counter()
    for _ in range(15):
        session = draw_session(made, settings, counts, set())
        pairs = [item.pair for item in session if not item.expected]
        checks = [place for place, item in enumerate(session) if item.expected]
        assert len(set(pairs)) == 20
        assert len(checks) == 5
        assert all(place in range(5 * number, 5 * number + 5) for number, place in enumerate(checks))
        for item in session:
            pair = made.checks[int(item.pair[1:])] if item.expected else made.pairs[int(item.pair)]
            assert {item.left, item.right} == set(pair.key)
            sides[item.left == pair.first] += 1
            if item.expected:
                assert {"left": item.left, "right": item.right}[item.expected] == pair.first
        counts.update(pairs)
    assert set(counts.values()) == {5}
    assert 120 < sides[True] < 255  # of 375, six standard deviations to each side
    assert draw_session(made, settings, counts, set()) == []
    seen = {str(number) for number in range(58)}
    assert {item.pair for item in draw_session(made, settings, {}, seen) if not item.expected} == {"58", "59"}


def test_an_answer_stays_and_may_be_sent_again(store):
    token = store.start()
    store.answer(token, 0, "left")
    store.answer(token, 0, "left")
    with pytest.raises(Conflict, match="answered left before"):
        store.answer(token, 0, "right")
    with pytest.raises(UnknownAssessor):
        store.answer(token, 99, "left")
    with pytest.raises(UnknownAssessor):
        store.answer("somebody", 0, "left")
    assert store.state(token).done == 1
    assert store.state(token).tasks[0][0] == 1
    assert store.start(token) == token
    assert store.state(token).given == 15  # not all answered: no further session


def test_pairs_that_others_were_given_are_not_taken_for_answered(made, folder):
    store = AnswerStore(folder / database.ANSWERS_FILE, made, SessionSettings(pairs=60, assessors=1))
    first = store.start()
    assert store.state(first).further == ""
    assert store.start() is None
    assert store.state(None) == (0, 0, [], "later")
    assert store._connection.execute("SELECT COUNT(*) FROM assessors").fetchone() == (1,)
    store._connection.execute("UPDATE tasks SET assigned = assigned - ?", (database.RESERVED,))
    assert store.state(None).further == "now"
    second = store.start()
    assert store.state(second).given == 68
    for position in range(68):
        store.answer(second, position, "left")
    assert store.state(second).further == store.state(None).further == "no"
    assert store.start() is None
    assert store.start(second) == second
    store.close()


def test_a_further_session_has_other_pairs(store, made):
    token = store.start()
    for position in range(15):
        store.answer(token, position, "right")
    store.start(token)
    assert store.state(token).given == 30
    for position in range(15, 30):
        store.answer(token, position, "right")
    given = database.read_answers(store.path, made)
    assert len({frozenset((answer.left, answer.right)) for answer in given}) == 30


def test_answers_are_of_their_study(store, made, folder, one_line_error):
    other = simulation.study(pairs=30)
    for call in (
        lambda: AnswerStore(store.path, other, SessionSettings()),
        lambda: database.read_answers(store.path, other),
    ):
        assert "answers to another study" in one_line_error(call)
    wrong = folder / "wrong.sqlite"
    wrong.write_bytes(b"this is no database, however long one makes it" * 99)
    for call in (lambda: AnswerStore(wrong, made, SessionSettings()), lambda: database.read_answers(wrong, made)):
        assert "wrong.sqlite: not a database of answers" in one_line_error(call)
    assert "there are no answers yet" in one_line_error(database.read_answers, folder / "none.sqlite", made)


@pytest.mark.parametrize("damage", ["left = NULL", "choice = 'lefs'", "expected = x'00'", "right = char(0, 0)"])
def test_answers_that_are_damaged_are_not_counted_but_named_in_one_line(damage, store, made, one_line_error):
    store.answer(store.start(), 0, "left")
    with contextlib.closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("CREATE TABLE copy AS SELECT * FROM tasks")  # without constraints, as damage has none
        connection.execute(f"UPDATE copy SET {damage} WHERE choice IS NOT NULL")
        connection.execute("DROP TABLE tasks")
        connection.execute("ALTER TABLE copy RENAME TO tasks")
    message = one_line_error(database.read_answers, store.path, made)
    assert message.startswith(f"{store.path}: damaged, with the answer ('1', ")


def test_an_answer_on_pictures_that_were_never_asked_together_is_damaged(store, made, one_line_error):
    store.answer(store.start(), 0, "left")
    (answer,) = database.read_answers(store.path, made)
    asked = {pair.key for pair in (*made.pairs, *made.checks)}
    other = next(name for name in made.pictures if {name, answer.left} not in asked and name != answer.left)
    with contextlib.closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE tasks SET right = ? WHERE choice IS NOT NULL", (other,))
    assert f"{store.path}: damaged, with the" in one_line_error(database.read_answers, store.path, made)


def test_a_database_whose_tables_have_damaged_names_is_one_line_with_its_file(store, made, one_line_error):
    store.close()
    with contextlib.closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute("UPDATE sqlite_master SET sql = CAST(x'C561' AS TEXT), name = CAST(x'C561' AS TEXT)")
    message = one_line_error(database.read_answers, store.path, made)
    assert message.startswith(f"{store.path}: not a database of answers ('utf-8' codec")


def test_page_and_pictures_are_served_and_no_other_file(client, made, folder):
    page = client.get("/")
    assert made.question in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert client.get("/page.js").mimetype == "text/javascript"
    assert client.get("/page.css").mimetype == "text/css"
    name = next(iter(made.pictures))
    assert client.get(f"/pictures/{name}.png").data == made.picture(folder, name).read_bytes()
    made.picture(folder, name).unlink()
    for path in (f"/pictures/{name}.png", "/study.json", "/answers.sqlite", "/pictures/../study.json", "/page.html"):
        assert client.get(path).status_code == 404, path
    assert client.get("/pictures/..%2f..%2fetc%2fpasswd.png").status_code == 404


def test_an_assessor_never_sees_the_sets(client, made):
    texts = [client.get("/").text, client.post("/api/sessions", json={"assessor": None}).text]
    assert not any(name in text for name in made.sets for text in texts)
    assert "expected" not in texts[1]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("no JSON", 400),
        ("[]", 400),
        ("{}", 400),
        ('{"assessor": "x", "position": 0, "choice": "left"}', 404),
        ('{"assessor": "TOKEN", "position": 0, "choice": "up"}', 400),
        ('{"assessor": "TOKEN", "position": true, "choice": "left"}', 400),
        ('{"assessor": "TOKEN", "position": -1, "choice": "left"}', 404),
        ('{"assessor": "TOKEN", "position": 1e3, "choice": "left"}', 400),
        ('{"assessor": "TOKEN", "position": 99999999999999999999, "choice": "left"}', 400),
        ('{"assessor": "\\ud800", "position": 0, "choice": "left"}', 400),
        ("[" * 3000, 400),
        ('{"assessor": "' + "x" * 5000 + '"}', 413),
    ],
)
def test_what_is_no_answer_is_refused(client, store, body, status):
    token = client.post("/api/sessions", json={"assessor": None}).json["assessor"]
    reply = client.post("/api/answers", data=body.replace("TOKEN", token), content_type="application/json")
    assert reply.status_code == status
    assert reply.json["error"]
    assert store.state(token).done == 0


def test_only_refusals_that_are_final_are_marked_as_such(client):
    token = client.post("/api/sessions", json={"assessor": None}).json["assessor"]

    def mark(assessor, position, choice):
        answer = {"assessor": assessor, "position": position, "choice": choice}
        reply = client.post("/api/answers", json=answer)
        return reply.status_code, reply.headers.get("Study-Refusal"), reply.mimetype

    assert mark(token, 0, "left") == (200, None, "application/json")
    assert mark(token, 0, "right") == (409, "conflict", "application/json")
    assert mark(token, 1000, "left") == (404, "unknown", "application/json")
    assert mark("x", 0, "left") == (404, "unknown", "application/json")
    assert mark(token, 0, "up") == (400, None, "application/json")


def test_only_json_is_taken_which_a_form_of_another_site_cannot_send(client):
    assert client.post("/api/sessions", data='{"assessor": null}', content_type="text/plain").status_code == 415


@pytest.mark.parametrize("host", ["study.example", "127.0.0.1:8200"])
def test_a_web_server_before_it_may_pass_on_the_host_or_not(client, host):
    page = {"headers": {"Origin": "https://study.example"}, "base_url": f"http://{host}"}
    token = client.post("/api/sessions", json={"assessor": None}, **page).json["assessor"]
    answer = {"assessor": token, "position": 0, "choice": "left"}
    assert client.post("/api/answers", json=answer, **page).json["done"] == 1


def test_no_page_of_another_site_is_allowed_to_send_json(client):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    reply = client.options("/api/answers", headers=asked)
    assert "Access-Control-Allow-Origin" not in reply.headers


def test_a_field_that_a_request_does_not_need_is_not_read(client):
    assert client.post("/api/sessions", json={"assessor": None, "position": "x"}).json["given"] == 15


def test_what_cannot_be_stored_is_not_acknowledged(client, store):
    state = client.post("/api/sessions", json={"assessor": None}).json
    store._connection.execute("PRAGMA query_only = ON")  # as on a disk that is full
    answer = {"assessor": state["assessor"], "position": 0, "choice": "left"}
    assert client.post("/api/answers", json=answer).status_code == 503
    store._connection.execute("PRAGMA query_only = OFF")
    assert client.post("/api/answers", json=answer).json["done"] == 1


def test_threads_of_one_store_take_turns(store):
    tokens = [store.start() for _ in range(8)]
    failures = []

    def work(token):
        try:
            for position in range(15):
                store.answer(token, position, "left")
                store.state(token)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert [store.state(token).done for token in tokens] == [15] * 8


def test_a_port_that_is_taken_is_one_line(folder, capsys):
    from tests import commands

    with Server(folder) as running:
        ended = commands.call(capsys, "study", "serve", folder, "--port", running.port)
    assert f"--port {running.port}: cannot be listened on (Address already in use)" in ended.refusal
    for arguments, expected in (
        (("--port", "70000"), "--port is 70000"),
        (("--pairs", "0"), "--pairs is 0"),
        (("--host", "no.such.host.invalid"), "cannot be listened on"),
    ):
        assert expected in commands.call(capsys, "study", "serve", folder, *arguments).refusal
    (folder / "study.json").write_text(json.dumps({"question": "?"}))
    assert "study.json: not the description of a study" in commands.call(capsys, "study", "serve", folder).refusal
    assert "no study" in commands.call(capsys, "study", "serve", folder / "nowhere").refusal
