"""Answers in SQLite: each is one transaction, on the disk before anybody is told that it was taken.

The write-ahead log lets `study report` read while assessors answer. SQLite keeps what was committed when the process is
killed; synchronous=FULL keeps it when the machine loses power as well. The log needs a local disk, not a network share.
"""

import contextlib
import hashlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from seigan_tf.study.answers import SIDES, Answer
from seigan_tf.study.manifest import Manifest
from seigan_tf.study.sessions import Session, SessionSettings, draw_session

FILE = "answers.sqlite"

SCHEMA = """
CREATE TABLE study (fingerprint TEXT NOT NULL);
CREATE TABLE assessors (id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, started REAL NOT NULL);
CREATE TABLE tasks (
    assessor INTEGER NOT NULL REFERENCES assessors (id),
    position INTEGER NOT NULL,
    pair TEXT NOT NULL,
    left TEXT NOT NULL,
    right TEXT NOT NULL,
    expected TEXT NOT NULL,
    assigned REAL NOT NULL,
    choice TEXT CHECK (choice IN ('left', 'right')),
    answered REAL,
    PRIMARY KEY (assessor, position)
) WITHOUT ROWID;
"""
"""`pair` is the number of the pair in the manifest, "c" before that of a check; times are seconds since 1970."""

RESERVED = 3600.0
"""Seconds for which a pair that somebody has been given counts as if it were answered."""
MAX_ASSESSORS = 100_000
"""More are nobody's crowd, but a script that fills the disk."""


class UnknownAssessor(LookupError):
    """There is no assessor of that token, or no such task was given to them."""


class Conflict(Exception):
    """Another answer has been taken before."""


class Task(NamedTuple):
    """Two pictures that an assessor has been given and has not compared."""

    position: int
    left: str
    right: str


class State(NamedTuple):
    """Where an assessor stands."""

    done: int
    given: int
    tasks: list[Task]
    """The next ones, at most two: the one to show and the one to load meanwhile."""


class AnswerStore:
    """The database of a study's folder; one object serves all threads of a server.

    Args:
        path: of the file, made where it is missing.
        manifest: of the study.
        settings: how much an assessor is given.

    Raises:
        ValueError: the file is no such database, or holds answers to another study.
        OSError: it cannot be written.
    """

    def __init__(self, path: Path, manifest: Manifest, settings: SessionSettings):
        self.path = path
        self._manifest, self._settings = manifest, settings
        self._lock = threading.Lock()
        with _errors(path):
            # Transactions are begun here by hand; the lock lets threads take turns.
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=FULL")
                self._create()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _create(self) -> None:
        fingerprint = _fingerprint(self._manifest)
        with self._transaction() as connection:
            if not connection.execute("SELECT name FROM sqlite_master WHERE name = 'study'").fetchone():
                for statement in filter(str.strip, SCHEMA.split(";")):
                    connection.execute(statement)
                connection.execute("INSERT INTO study VALUES (?)", (fingerprint,))
        _check(self._connection, fingerprint, self.path)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block or nothing of it; the data are on the disk at its end."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def start(self, token: str | None = None) -> str:
        """Gives an assessor a session: a new one, or the one of the token if they have answered all they were given.

        Nothing is added where every pair has been answered often enough.

        Returns:
            The assessor's token.

        Raises:
            UnknownAssessor: nobody has the token.
            Conflict: there are MAX_ASSESSORS.
        """
        now = time.time()
        with self._transaction() as connection:
            if token is None:
                token = secrets.token_urlsafe(16)
                if connection.execute("SELECT COUNT(*) FROM assessors").fetchone()[0] >= MAX_ASSESSORS:
                    raise Conflict(f"{MAX_ASSESSORS} assessors have begun; no more are taken")
                connection.execute("INSERT INTO assessors (token, started) VALUES (?, ?)", (token, now))
            assessor = _assessor(connection, token)
            given = connection.execute("SELECT pair, choice FROM tasks WHERE assessor = ?", (assessor,)).fetchall()
            if all(choice is not None for _, choice in given):
                counts = connection.execute(
                    "SELECT pair, COUNT(*) FROM tasks WHERE choice IS NOT NULL OR assigned > ? GROUP BY pair",
                    (now - RESERVED,),
                )
                session = draw_session(self._manifest, self._settings, dict(counts), {pair for pair, _ in given})
                self._add(connection, assessor, len(given), session, now)
        return token

    def _add(self, connection, assessor: int, first: int, session: Session, now: float) -> None:
        rows = (
            (assessor, position, item.pair, item.left, item.right, item.expected, now)
            for position, item in enumerate(session, first)
        )
        connection.executemany(
            "INSERT INTO tasks (assessor, position, pair, left, right, expected, assigned)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def state(self, token: str) -> State:
        """Where the assessor stands.

        Raises:
            UnknownAssessor: nobody has the token.
        """
        with self._lock:
            assessor = _assessor(self._connection, token)
            given, done = self._connection.execute(
                "SELECT COUNT(*), COUNT(choice) FROM tasks WHERE assessor = ?", (assessor,)
            ).fetchone()
            tasks = self._connection.execute(
                "SELECT position, left, right FROM tasks WHERE assessor = ? AND choice IS NULL"
                " ORDER BY position LIMIT 2",
                (assessor,),
            ).fetchall()
        return State(done, given, [Task(*task) for task in tasks])

    def answer(self, token: str, position: int, choice: str) -> None:
        """Takes an answer; when this returns it is on the disk. The same answer again, after a lost reply, is fine.

        Raises:
            UnknownAssessor: nobody has the token, or they were not given that task.
            Conflict: they chose the other side before; that stays.
            ValueError: the choice is not one of SIDES.
        """
        if choice not in SIDES:
            raise ValueError(f"choice is {choice!r}, expected left or right")
        with self._transaction() as connection:
            assessor = _assessor(connection, token)
            changed = connection.execute(
                "UPDATE tasks SET choice = ?, answered = ? WHERE assessor = ? AND position = ? AND choice IS NULL",
                (choice, time.time(), assessor, position),
            ).rowcount
            if not changed:
                row = connection.execute(
                    "SELECT choice FROM tasks WHERE assessor = ? AND position = ?", (assessor, position)
                ).fetchone()
                if row is None:
                    raise UnknownAssessor(f"task {position} was not given to this assessor")
                if row[0] != choice:
                    raise Conflict(f"task {position} was answered {row[0]} before")


def read(path: Path, manifest: Manifest) -> list[Answer]:
    """All answers taken so far, by assessor and in their order; a server may be running.

    Raises:
        ValueError: there is no such file, it is no such database, or holds answers to another study.
    """
    if not path.is_file():
        raise ValueError(f"{path}: there are no answers yet; `study serve` collects them, or give --answers FILE")
    with _errors(path), contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
        _check(connection, _fingerprint(manifest), path)
        rows = connection.execute(
            "SELECT assessor, left, right, choice, expected FROM tasks WHERE choice IS NOT NULL"
            " ORDER BY assessor, position"
        )
        return [Answer(str(assessor), *rest) for assessor, *rest in rows]


def _assessor(connection: sqlite3.Connection, token: str) -> int:
    row = connection.execute("SELECT id FROM assessors WHERE token = ?", (token,)).fetchone()
    if row is None:
        raise UnknownAssessor("this assessor is not known here")
    return row[0]


def _check(connection: sqlite3.Connection, fingerprint: str, path: Path) -> None:
    if connection.execute("SELECT fingerprint FROM study").fetchone() != (fingerprint,):
        raise ValueError(f"{path}: holds answers to another study, expected those of the study in its folder")


def _fingerprint(manifest: Manifest) -> str:
    """Of what answers refer to."""
    values = asdict(manifest)
    content = [values[name] for name in ("pictures", "pairs", "checks")]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@contextlib.contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Names the file in what SQLite says of it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OSError(f"{path}: {error}") from None
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{path}: not a database of answers ({error})") from None
