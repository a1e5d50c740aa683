"""Tables of tasks and answers in the formats of Toloka, Mechanical Turk and spreadsheets (docs/study.md)."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from seigan_tf.study.answers import Answer
from seigan_tf.study.manifest import SIDES, Manifest
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.text import shown


class Layout(NamedTuple):
    """Column names of one kind of table of answers."""

    name: str
    assessor: str
    left: str
    right: str
    choice: str
    expected: str  # right choice of an attention check; the column may be missing
    status: str = ""  # state of the answer; the column may be missing
    refused: tuple[str, ...] = ()  # states in which an answer does not count, in lower case

    @property
    def needed(self) -> tuple[str, ...]:
        return self.assessor, self.left, self.right, self.choice

    @property
    def radio(self) -> dict[str, str]:
        """Columns that replace `choice` if a form has one for each radio button, with the values true and false."""
        return {side: f"{self.choice}.{side}" for side in SIDES}

    def fits(self, header: Sequence[str]) -> bool:
        return {*self.needed} <= {*header} or {*self.needed[:-1], *self.radio.values()} <= {*header}

    def chosen(self, values: dict[str, str]) -> str:
        """Return the choice in a row, from either kind of columns."""
        if self.choice in values:
            return values[self.choice]
        return " ".join(side for side, column in self.radio.items() if values.get(column, "").lower() == "true")


LAYOUTS = (
    Layout("plain", "assessor", "left", "right", "choice", "expected"),
    Layout(
        "Toloka",
        *("ASSIGNMENT:worker_id", "INPUT:left", "INPUT:right", "OUTPUT:choice", "GOLDEN:choice", "ASSIGNMENT:status"),
        ("rejected", "skipped", "expired", "active"),
    ),
    Layout(
        "Mechanical Turk",
        *("WorkerId", "Input.left", "Input.right", "Answer.choice", "Input.expected", "AssignmentStatus"),
        ("rejected",),
    ),
)

PLAIN = ("assessor", "left", "right", "choice", "expected", "left_set", "right_set")
"""Columns of `write_answer_table`; the last two are for the reader."""


def read_answer_table(path: Path) -> list[Answer]:
    """Read a table of answers in any of LAYOUTS, which its header tells.

    Columns may have any order; others are ignored. Fields are separated by commas, semicolons or tabs. Pictures are
    given by address or file name, or by the name of their set.

    Raises:
        ValueError: the layout is another one, or a line cannot be understood; the message names it.
        OSError: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not a text in UTF-8, expected a table of answers") from None
    header = text.partition("\n")[0]
    # Not splitlines, which also ends lines at a form feed and other characters that may stand in a field.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max("\t;,", key=header.count), strict=True)
    try:
        return list(_answers(path, rows))
    except csv.Error as error:
        raise ValueError(f"{path} line {rows.line_num}: {error}") from None


def _answers(path: Path, rows: Any) -> Iterator[Answer]:
    header = [name.strip() for name in next(rows, [])]
    layout = next((layout for layout in LAYOUTS if layout.fits(header)), None)
    if layout is None:
        wanted = "; ".join(f"{layout.name}: {', '.join(layout.needed)}" for layout in LAYOUTS)
        raise ValueError(f"{path}: columns are {shown(', '.join(header))}, expected those of one of {wanted}")
    for row in rows:
        if not any(field.strip() for field in row):
            continue
        values = dict(zip(header, map(str.strip, row), strict=False))
        if values.get(layout.status, "").lower() in layout.refused:
            continue
        where = f"{path} line {rows.line_num}"
        yield Answer(
            _filled(values, layout.assessor, where),
            _picture(_filled(values, layout.left, where)),
            _picture(_filled(values, layout.right, where)),
            _side(layout.chosen(values), layout.choice, where),
            _side(values[layout.expected], layout.expected, where) if values.get(layout.expected) else "",
        )


def _filled(values: dict[str, str], column: str, where: str) -> str:
    if not values.get(column):
        raise ValueError(f"{where}: {column} is empty, expected a value")
    return values[column]


def _side(value: str, column: str, where: str) -> str:
    if value.lower() not in SIDES:
        raise ValueError(f"{where}: {column} is {shown(value)}, expected left or right")
    return value.lower()


def _picture(value: str) -> str:
    """Return the picture's name in its address; the name of a set stays as it is."""
    path = PurePosixPath(urlsplit(value).path)
    return path.stem if path.suffix.lower() == ".png" else value


def write_answer_table(answers: Iterable[Answer], manifest: Manifest, path: Path) -> None:
    """Write answers in the plain layout, with the columns PLAIN. Raises OSError if that is impossible."""
    sets = manifest.pictures
    rows = ((*answer, sets.get(answer.left) or "", sets.get(answer.right) or "") for answer in answers)
    _write(path, PLAIN, rows, ",")


def write_tasks(manifest: Manifest, platform: str, address: str, path: Path, seed: int) -> int:
    """Write the pairs and checks of a study as tasks for a platform, in random order and with random sides.

    The platform is "toloka" (tabs; checks are control tasks) or "mturk" (commas; checks look like other tasks, and the
    manifest tells them when the answers come back). `address` is that of the folder of pictures for the assessors'
    browsers. Returns the number of tasks.

    Raises:
        ValueError: the platform is another one.
        OSError: the file cannot be written.
    """
    random = np.random.default_rng(seed)
    tasks = [(pair, False) for pair in manifest.pairs] + [(check, True) for check in manifest.checks]
    rows = []
    for place in random.permutation(len(tasks)):
        pair, check = tasks[place]
        swapped = bool(random.integers(2))
        expected = SIDES[swapped] if check else ""
        addresses = [f"{address.rstrip('/')}/{name}.png" for name in pair.placed(swapped)]
        rows.append((*addresses, expected, "") if platform == "toloka" else addresses)
    if platform == "toloka":
        _write(path, ("INPUT:left", "INPUT:right", "GOLDEN:choice", "HINT:text"), rows, "\t")
    elif platform == "mturk":
        _write(path, ("left", "right"), rows, ",")
    else:
        raise ValueError(f"--platform {platform}: expected toloka or mturk")
    return len(rows)


def _write(path: Path, header: Iterable[str], rows: Iterable[Iterable[str]], delimiter: str) -> None:
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
