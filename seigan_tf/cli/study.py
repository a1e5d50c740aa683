"""python -m seigan_tf study: the human study of the paper, from pictures to figure 4."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import tyro
from rich.console import Console

from seigan_tf.cli import study_make
from seigan_tf.cli.options import check_at_least, parse, say
from seigan_tf.utils.atomic import write_json

SERVE = """Serve a study to assessors and store their answers in answers.sqlite in its folder.

  python -m seigan_tf study serve study
  python -m seigan_tf study serve study --host 0.0.0.0 --port 8200

Every answer is on the disk before the page confirms it. Ctrl-C ends the server; after a restart all assessors go on
from where they were. The page has neither password nor encryption: for access from outside this machine put a web
server with HTTPS before it.
"""
TASKS = """Write the pairs of a study as tasks for Toloka or Mechanical Turk; docs/study.md lists the columns.

  python -m seigan_tf study tasks study --platform toloka --address https://example.org/pictures --out tasks.tsv

Upload the study's folder pictures/ to --address yourself. `study report --answers FILE` reads the answers that the
platform returns.
"""
REPORT = """Rate the sets of a study by its answers (section 4.1 and figure 4 of the paper).

  python -m seigan_tf study report study
      the answers of `study serve`; also writes answers.csv
  python -m seigan_tf study report study --answers toloka.tsv mturk.csv study/answers.csv
      tables of these platforms instead
  python -m seigan_tf study report --answers comparisons.csv --out .
      a table with names of sets instead of pictures: assessor, left, right, choice

Prints tables and writes report.json and figure4.png. The ratings are those of the Bradley-Terry model; their intervals
come from a bootstrap over the assessors.
"""

Study = tyro.conf.Positional[Annotated[Path, tyro.conf.arg(help="Folder made by `study make`.")]]


@dataclass(frozen=True)
class ServeOptions:
    study: Study
    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 means all addresses of this machine."""
    port: int = 8200
    """Port to listen on; 0 takes a free one."""
    pairs: int = 20
    """Pairs in a session; an assessor may do several sessions."""
    assessors: int = 5
    """Answers wanted for each pair."""


@dataclass(frozen=True)
class TasksOptions:
    study: Study
    platform: Annotated[str, tyro.conf.arg(metavar="toloka|mturk")]
    """Platform that will show the tasks."""
    address: str
    """Address of the pictures for the assessors' browsers: https://..."""
    out: Path
    """Table to write."""
    seed: int = 0
    """Seed of the order and of left and right."""


@dataclass(frozen=True)
class ReportOptions:
    study: tyro.conf.Positional[Path | None] = None
    """Folder made by `study make`."""
    answers: tuple[Path, ...] = ()
    """Tables of answers from Toloka, Mechanical Turk or elsewhere; docs/study.md lists the columns."""
    out: Path | None = None
    """Folder for report.json and figure4.png; by default that of the study."""
    min_checks: int = 3
    """Least number of attention checks that an assessor must have answered to count."""
    min_right: float = 0.8
    """Least share of them that must be right."""
    resamples: int = 1000
    """Number of bootstrap resamples."""
    confidence: float = 0.95
    """Confidence level of the intervals."""
    seed: int = 0
    """Seed of the bootstrap."""


def serve(arguments: Sequence[str]) -> None:
    """Serve a study until Ctrl-C."""
    options = parse(ServeOptions, arguments, "study serve", SERVE)
    check_at_least("--pairs", options.pairs, 1)
    check_at_least("--assessors", options.assessors, 1)

    from seigan_tf.serve.server import is_loopback
    from seigan_tf.study import database, server
    from seigan_tf.study.manifest import read_manifest
    from seigan_tf.study.sessions import SessionSettings

    console = Console()
    study = read_manifest(options.study)
    path = options.study / database.ANSWERS_FILE
    answers = database.AnswerStore(path, study, SessionSettings(options.pairs, options.assessors))
    try:
        application = server.StudyApplication(options.study, study, answers)
        serving, address = server.listen(application, options.host, options.port)
        say(console, f"serving {address}, answers in {path}; Ctrl-C ends")
        if not is_loopback(options.host):
            say(console, "without encryption, to everybody who reaches this address")
        serving.run()
    finally:
        answers.close()


def tasks(arguments: Sequence[str]) -> None:
    """Write a table of tasks for a crowd-sourcing platform."""
    options = parse(TasksOptions, arguments, "study tasks", TASKS)
    parts = urlsplit(options.address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"--address {options.address}: expected the address of a folder, https://...")
    check_at_least("--seed", options.seed, 0)

    from seigan_tf.study.manifest import read_manifest
    from seigan_tf.study.tables import write_tasks

    study = read_manifest(options.study)
    count = write_tasks(study, options.platform, options.address, options.out, options.seed)
    say(Console(), f"{count} tasks in {options.out}, {len(study.checks)} of them attention checks")


def report(arguments: Sequence[str]) -> None:
    """Print ratings and write report.json and figure4.png."""
    options = parse(ReportOptions, arguments, "study report", REPORT)
    if options.study is None and not options.answers:
        raise ValueError("study report: expected the folder of a study, or --answers FILE")
    out = options.out or options.study
    if out is None:
        raise ValueError("--out is not given, expected the folder for report.json and figure4.png")
    if not out.is_dir():
        raise ValueError(f"--out {out}: there is no such folder" if options.out else f"{out}: there is no such folder")
    check_at_least("--seed", options.seed, 0)

    from seigan_tf.study import database, tables
    from seigan_tf.study.answers import AttentionRule, sort_answers
    from seigan_tf.study.figure import draw_figure
    from seigan_tf.study.manifest import read_manifest
    from seigan_tf.study.summary import print_summary, summarise

    console = Console()
    study = None if options.study is None else read_manifest(options.study)
    written = ["report.json", "figure4.png"]
    if options.answers or options.study is None or study is None:
        given = [answer for path in options.answers for answer in tables.read_answer_table(path)]
    else:
        given = database.read_answers(options.study / database.ANSWERS_FILE, study)
        tables.write_answer_table(given, study, out / "answers.csv")
        written.append("answers.csv")
    rule = AttentionRule(options.min_checks, options.min_right)
    summary = summarise(sort_answers(given, study), rule, options.resamples, options.confidence, options.seed)
    print_summary(summary, console)
    write_json(out / "report.json", summary)
    draw_figure(summary, out / "figure4.png")
    say(console, f"{', '.join(written)} in {out}")


ACTIONS: dict[str, tuple[Callable[[Sequence[str]], None], str]] = {
    "make": (study_make.run, "make a folder with pictures, pairs and attention checks"),
    "serve": (serve, "serve a page on which assessors compare the pairs; answers go to SQLite"),
    "tasks": (tasks, "write the pairs as a table for Toloka or Mechanical Turk"),
    "report": (report, "report Bradley-Terry ratings with intervals, fractions won, figure 4"),
}
HELP = (
    "usage: python -m seigan_tf study ACTION ...\n\n{}\n\npython -m seigan_tf study ACTION --help tells more.".format(
        "\n".join(f"  {name:<7} {purpose}" for name, (_, purpose) in ACTIONS.items())
    )
)


def run(arguments: Sequence[str]) -> None:
    """Run the action that the first argument names."""
    if not arguments:
        raise ValueError(f"study: no action is given, expected one of {', '.join(ACTIONS)}")
    if arguments[0] in ("-h", "--help"):
        print(HELP)
        raise SystemExit(0)
    if arguments[0] not in ACTIONS:
        raise ValueError(f"study {arguments[0]}: no such action, expected one of {', '.join(ACTIONS)}")
    action, _ = ACTIONS[arguments[0]]
    action(arguments[1:])
