"""Sessions of assessors, and their answers in SQLite.

Each answer is one transaction, on the disk before the assessor is told that it was taken. The write-ahead log lets
`study report` read while assessors answer. Committed answers survive a killed process and, through synchronous=FULL, a
loss of power. The log needs a local disk; a network share does not do.
"""

import contextlib
import hashlib
import json
import random
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Set
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from seigan_tf.study.answers import Answer
from seigan_tf.study.manifest import SIDES, Manifest, Pair
from seigan_tf.utils.text import shown

ANSWERS_FILE = "answers.sqlite"

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
CREATE INDEX counted ON tasks (pair, choice, assigned);
"""
"""`pair` is the number of a pair in the manifest, or "c" and the number of an attention check; times are seconds since
1970. With the index a new session takes a quarter of the time that it takes without, once there are many answers."""

RESERVED = 3600.0  # seconds for which a pair counts as answered after an assessor was given it
MAX_ASSESSORS = 100_000  # limit against scripts that would fill the disk
PAIRS_PER_CHECK = 4
LEAST_CHECKS = 3  # attention checks in a session, if the study has so many; fewer would say little about an assessor


class SessionSettings(NamedTuple):
    """Size of a session. The paper's 9,000 answers came from 458 assessors, 5 for each pair: about 20 pairs each."""

    pairs: int = 20
    """Pairs in a session; an assessor may do several sessions."""
    assessors: int = 5
    """Answers wanted for each pair."""


class SessionTask(NamedTuple):
    """One task of a session."""

    pair: str
    """Number of the pair in the manifest, "c" before that of a check."""
    left: str
    right: str
    expected: str  # the side of the real picture in an attention check; otherwise empty


class UnknownAssessor(LookupError):
    """No assessor has the token, or the assessor was not given the task."""


class Conflict(Exception):
    """Another answer to the task was taken before, or there are MAX_ASSESSORS."""


class AssessorState(NamedTuple):
    """Progress of an assessor."""

    done: int
    given: int
    tasks: list[tuple[int, str, str]]
    """Position, left and right picture of the next tasks, at most two: one to show, and one to load in advance."""
    further: str
    """Whether `start` gives further tasks: "now"; "later", as the remaining pairs were given to others; "no", as every
    pair that this assessor has not seen has enough answers. Empty while tasks are left."""


class _Counts(NamedTuple):
    """Answers of each pair and check that has any."""

    answered: dict[str, int]
    taken: dict[str, int]
    """With those that were given to an assessor in the last RESERVED seconds."""


class AnswerStore:
    """The database of a study, made if it is missing. One object serves all threads of a server.

    Raises:
        ValueError: the file is no such database, or holds answers to another study.
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path, manifest: Manifest, settings: SessionSettings):
        self.path = path
        self._manifest, self._settings = manifest, settings
        self._lock = threading.Lock()
        with _errors(path):
            # isolation_level=None: `_transaction` begins transactions itself; its lock lets threads take turns.
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=FULL")
                fingerprint = _fingerprint(manifest)
                with self._transaction() as connection:
                    if not connection.execute("SELECT name FROM sqlite_master WHERE name = 'study'").fetchone():
                        for statement in filter(str.strip, SCHEMA.split(";")):
                            connection.execute(statement)
                        connection.execute("INSERT INTO study VALUES (?)", (fingerprint,))
                _check(self._connection, fingerprint, path)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction, which is on the disk at the end of the block."""
        with self._lock, self._connection:  # commits, or rolls back after an error
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection

    def start(self, token: str | None = None) -> str | None:
        """Give a session to a new assessor, or to the one with the token if all earlier tasks are answered.

        Nothing is stored if no pair is open. Returns the token of the assessor, None for a new one without a session.

        Raises:
            UnknownAssessor: no assessor has the token.
            Conflict: there are MAX_ASSESSORS.
        """
        now = time.time()
        with self._transaction() as connection:
            assessor = None
            if token is not None:
                assessor = _assessor(connection, token)
            elif connection.execute("SELECT COUNT(*) FROM assessors").fetchone()[0] >= MAX_ASSESSORS:
                raise Conflict(f"{MAX_ASSESSORS} assessors have begun; no more are taken")
            given = _given(connection, assessor)
            if any(choice is None for choice in given.values()):
                return token
            session = draw_session(self._manifest, self._settings, _counts(connection, now).taken, given.keys())
            if not session:
                return token
            if assessor is None:
                token = secrets.token_urlsafe(16)
                insertion = connection.execute("INSERT INTO assessors (token, started) VALUES (?, ?)", (token, now))
                assessor = insertion.lastrowid
            connection.executemany(
                "INSERT INTO tasks (assessor, position, pair, left, right, expected, assigned)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((assessor, position, *task, now) for position, task in enumerate(session, len(given))),
            )
        return token

    def state(self, token: str | None) -> AssessorState:
        """Return the progress of an assessor, or that of a new one for None.

        Raises:
            UnknownAssessor: no assessor has the token.
        """
        with self._lock:
            assessor = None if token is None else _assessor(self._connection, token)
            given = _given(self._connection, assessor)
            tasks = self._connection.execute(
                "SELECT position, left, right FROM tasks WHERE assessor = ? AND choice IS NULL"
                " ORDER BY position LIMIT 2",
                (assessor,),
            ).fetchall()
            # Counting takes longer than the rest, and only the end of a session needs it.
            further = "" if tasks else self._further(given.keys())
        return AssessorState(sum(choice is not None for choice in given.values()), len(given), tasks, further)

    def _further(self, seen: Set[str]) -> str:
        counts = _counts(self._connection, time.time())
        if open_pairs(self._manifest, self._settings, counts.taken, seen):
            return "now"
        return "later" if open_pairs(self._manifest, self._settings, counts.answered, seen) else "no"

    def answer(self, token: str, position: int, choice: str) -> None:
        """Store an answer; it is on the disk when this returns. Storing the same answer again changes nothing.

        Raises:
            UnknownAssessor: no assessor has the token, or that one was not given the task.
            Conflict: the assessor chose the other side before; that choice stays.
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


def draw_session(
    manifest: Manifest, settings: SessionSettings, counts: Mapping[str, int], seen: Set[str]
) -> list[SessionTask]:
    """Draw a session without a seed, so that nobody can predict it.

    It has the pairs with the fewest answers, at random among equals, and an attention check at a random place of every
    PAIRS_PER_CHECK pairs. It is empty if every pair that the assessor has not seen has enough answers. `counts` are the
    answers of each pair, including those that are under way; `seen` has the pairs and checks given before.
    """
    source = random.SystemRandom()
    found = open_pairs(manifest, settings, counts, seen)
    ordered = sorted((counts.get(str(number), 0), source.random(), number) for number in found)
    chosen = [number for *_, number in ordered[: settings.pairs]]
    if not chosen:
        return []
    source.shuffle(chosen)
    tasks = [_task(str(number), manifest.pairs[number], False, source) for number in chosen]
    checks = [number for number in range(len(manifest.checks)) if f"c{number}" not in seen]
    count = min(max(-(-len(tasks) // PAIRS_PER_CHECK), LEAST_CHECKS), len(checks))
    for place, number in enumerate(source.sample(checks, count)):
        # Insert from the last stretch to the first: an insertion then moves none of the places that follow.
        low, high = ((count - 1 - place) * len(chosen) // count, (count - place) * len(chosen) // count)
        tasks.insert(source.randint(low, high), _task(f"c{number}", manifest.checks[number], True, source))
    return tasks


def open_pairs(manifest: Manifest, settings: SessionSettings, counts: Mapping[str, int], seen: Set[str]) -> list[int]:
    """Return the numbers of the pairs that have too few answers and are not among `seen`."""
    return [
        number
        for number in range(len(manifest.pairs))
        if str(number) not in seen and counts.get(str(number), 0) < settings.assessors
    ]


def _task(number: str, pair: Pair, check: bool, source: random.Random) -> SessionTask:
    swapped = bool(source.getrandbits(1))
    return SessionTask(number, *pair.placed(swapped), SIDES[swapped] if check else "")


def read_answers(path: Path, manifest: Manifest) -> list[Answer]:
    """Read all answers, by assessor and in the order of the tasks; a server may be running meanwhile.

    Raises:
        ValueError: the file is missing, is no such database or damaged, or holds answers to another study.
    """
    if not path.is_file():
        raise ValueError(f"{path}: there are no answers yet; `study serve` collects them, or give --answers FILE")
    with _errors(path), contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
        _check(connection, _fingerprint(manifest), path)
        rows = connection.execute(
            "SELECT assessor, left, right, choice, expected FROM tasks WHERE choice IS NOT NULL"
            " ORDER BY assessor, position"
        )
        answers = [Answer(str(assessor), *rest) for assessor, *rest in rows]
    asked = {pair.key for pair in (*manifest.pairs, *manifest.checks)}
    for answer in answers:
        known = frozenset((answer.left, answer.right)) in asked and answer.choice in SIDES
        if not known or answer.expected not in ("", *SIDES):
            raise ValueError(f"{path}: damaged, with the answer {shown(tuple(answer))}")
    return answers


def _assessor(connection: sqlite3.Connection, token: str) -> int:
    row = connection.execute("SELECT id FROM assessors WHERE token = ?", (token,)).fetchone()
    if row is None:
        raise UnknownAssessor("this assessor is not known here")
    return row[0]


def _given(connection: sqlite3.Connection, assessor: int | None) -> dict[str, str | None]:
    """Return the choices of an assessor by pair or check, None for a task that is not answered."""
    return dict(connection.execute("SELECT pair, choice FROM tasks WHERE assessor = ?", (assessor,)))


def _counts(connection: sqlite3.Connection, now: float) -> _Counts:
    rows = connection.execute(
        "SELECT pair, COUNT(choice), COUNT(*) FROM tasks WHERE choice IS NOT NULL OR assigned > ? GROUP BY pair",
        (now - RESERVED,),
    ).fetchall()
    return _Counts({pair: answered for pair, answered, _ in rows}, {pair: taken for pair, _, taken in rows})


def _check(connection: sqlite3.Connection, fingerprint: str, path: Path) -> None:
    if connection.execute("SELECT fingerprint FROM study").fetchone() != (fingerprint,):
        raise ValueError(f"{path}: holds answers to another study, expected those of the study in its folder")


def _fingerprint(manifest: Manifest) -> str:
    """Hash of everything in the study that answers refer to."""
    values = asdict(manifest)
    content = [values[name] for name in ("pictures", "pairs", "checks")]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@contextlib.contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Add the file's name to errors of SQLite."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OSError(f"{path}: {error}") from None
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a database of answers ({error})") from None
