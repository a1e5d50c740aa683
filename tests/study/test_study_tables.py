"""Tasks for crowd-sourcing platforms and the answers that come back."""

import csv
from collections import Counter

import pytest

from seigan_tf.study import tables
from seigan_tf.study.answers import Answer, sort_answers
from tests import commands
from tests.study import simulation

TOLOKA = (
    "INPUT:left", "INPUT:right", "OUTPUT:choice", "GOLDEN:choice", "HINT:text", "ASSIGNMENT:link",
    "ASSIGNMENT:assignment_id", "ASSIGNMENT:task_id", "ASSIGNMENT:worker_id", "ASSIGNMENT:status", "ASSIGNMENT:started",
)  # fmt: skip
MTURK = (
    "HITId", "HITTypeId", "Title", "AssignmentId", "WorkerId", "AssignmentStatus", "AcceptTime", "WorkTimeInSeconds",
    "Input.left", "Input.right", "Answer.choice", "Approve", "Reject",
)  # fmt: skip


@pytest.fixture
def made():
    return simulation.study()


@pytest.fixture
def tasks(made, tmp_path, capsys):
    """Writes the tasks of a platform with the command, and reads them back."""
    folder = simulation.write(made, tmp_path / "study")

    def call(platform, delimiter):
        path = tmp_path / f"{platform}.txt"
        address = "https://example.org/cats/"
        ended = commands.call(
            capsys, "study", "tasks", folder, "--platform", platform, "--address", address, "--out", path
        )
        assert ended.code == 0, ended.err
        assert f"68 tasks in {path}, 8 of them attention checks" in ended.out
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file, delimiter=delimiter))

    return call


def write(path, header, rows, delimiter):
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, header, delimiter=delimiter, restval="x")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(("platform", "delimiter"), [("toloka", "\t"), ("mturk", ",")])
def test_tasks_come_back_as_answers(made, tasks, tmp_path, platform, delimiter):
    given = tasks(platform, delimiter)
    sides, rows, better = Counter(), [], {pair.key: pair.first for pair in (*made.pairs, *made.checks)}
    for number, task in enumerate(given):
        prefix = "INPUT:" if platform == "toloka" else ""
        left, right = task[f"{prefix}left"], task[f"{prefix}right"]
        assert left.startswith("https://example.org/cats/")
        names = [address.rsplit("/", 1)[1].removesuffix(".png") for address in (left, right)]
        first = better.pop(frozenset(names))  # every pair and check once
        choice = "left" if names[0] == first else "right"
        sides[choice] += 1
        worker, taken = f"w{number % 3}", number % 10 != 9
        if platform == "toloka":
            check = first in {pair.first for pair in made.checks}
            assert task["GOLDEN:choice"] == (choice if check else "")
            row = task | {"OUTPUT:choice": choice, "ASSIGNMENT:worker_id": worker}
            rows.append(row | {"ASSIGNMENT:status": "APPROVED" if taken else "REJECTED"})
        else:
            assert set(task) == {"left", "right"}  # nothing tells a check
            row = {"Input.left": left, "Input.right": right, "Answer.choice": choice, "WorkerId": worker}
            rows.append(row | {"AssignmentStatus": "Approved" if taken else "Rejected"})
    assert not better
    assert min(sides.values()) > 15
    path = write(tmp_path / "back.csv", TOLOKA if platform == "toloka" else MTURK, rows, delimiter)
    found = sort_answers(tables.read_answer_table(path), made)
    firsts = {(made.pictures[pair.first], made.pictures[pair.second]) for pair in made.pairs}
    assert all((comparison.winner, comparison.loser) in firsts for comparison in found.comparisons)
    assert sum(map(len, found.checks.values())) + len(found.comparisons) == 62  # 6 were rejected
    assert all(all(answers) for answers in found.checks.values())
    assert set(found.checks) == {"w0", "w1", "w2"}


def test_plain_tables_go_out_and_come_in(made, tmp_path):
    given = simulation.answers(made, assessors=3, pairs=10, seed=0)
    given[0] = given[0]._replace(expected="left")
    tables.write_answer_table(given, made, tmp_path / "answers.csv")
    assert tables.read_answer_table(tmp_path / "answers.csv") == given


def test_spreadsheets_semicolons_and_sets_are_read(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_bytes(
        b'\xef\xbb\xbfchoice;note;left;assessor;right;expected\r\nLEFT;"a; b";GroundTruth; me ;NoCycle;\r\n;;;;;\r\n'
    )
    assert tables.read_answer_table(path) == [Answer("me", "GroundTruth", "NoCycle", "left")]


def test_only_ends_of_lines_end_rows(tmp_path, one_line_error):
    path = tmp_path / "answers.csv"
    text = "note,assessor,left,right,choice\r\na\u2028b\x85c\x0cd,me,a,b,left\r\n"
    path.write_bytes(text.encode())
    assert tables.read_answer_table(path) == [Answer("me", "a", "b", "left")]
    path.write_bytes((text + '"e\r\nf",me,a,b,right\r\n,me,a,b,up\r\n').encode())
    assert "line 5: choice is up" in one_line_error(tables.read_answer_table, path)


def test_radio_buttons_with_a_column_each_are_read(tmp_path, one_line_error):
    path = tmp_path / "batch.csv"
    header = '"WorkerId","Input.left","Input.right","Answer.choice.left","Answer.choice.right"\n'
    path.write_text(header + '"A1","x/1.png","x/2.png","true","false"\n"A1","x/3.png","x/4.png","false","TRUE"\n')
    assert tables.read_answer_table(path) == [Answer("A1", "1", "2", "left"), Answer("A1", "3", "4", "right")]
    path.write_text(header + '"A1","x/1.png","x/2.png","false","false"\n')
    assert "line 2: Answer.choice is " in one_line_error(tables.read_answer_table, path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "columns are "),
        ("who,left,right,choice\n", "columns are who, left, right, choice, expected those of one of plain: assessor"),
        ("assessor,left,right,choice\nme,a,b,up\n", "line 2: choice is up, expected left or right"),
        ("assessor,left,right,choice\nme,a,b\n", "line 2: choice is "),
        ("assessor,left,right,choice\n,a,b,left\n", "line 2: assessor is empty"),
        ("assessor,left,right,choice,expected\nme,a,b,left,yes\n", "line 2: expected is yes"),
        ('assessor,left,right,choice\nme,a,"b,left\n', "line 2: unexpected end of data"),
        (b"\xff\xfe\x00", "not a text in UTF-8"),
    ],
)
def test_tables_that_cannot_be_read_are_named(tmp_path, one_line_error, text, expected):
    path = tmp_path / "answers.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    message = one_line_error(tables.read_answer_table, path)
    assert message.startswith(str(path))
    assert expected in message


def test_tasks_that_cannot_be_written_are_one_line(made, tmp_path, capsys):
    folder = simulation.write(made, tmp_path / "study")

    def refusal(platform="toloka", address="https://example.org", out=tmp_path / "tasks.tsv"):
        arguments = "--platform", platform, "--address", address, "--out", out
        return commands.call(capsys, "study", "tasks", folder, *arguments).refusal

    assert "--platform facebook: expected toloka or mturk" in refusal(platform="facebook")
    assert "--address pictures: expected" in refusal(address="pictures")
    assert "No such file or directory" in refusal(out=tmp_path / "none" / "tasks.tsv")
