"""python -m seigan_tf study report: ratings, fractions won and figure 4 from the answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console

DESCRIPTION = """Rate the sets of a study by its answers (section 4.1 and figure 4 of the paper).

  python -m seigan_tf study report study
      what `study serve` collected; also writes answers.csv
  python -m seigan_tf study report study --answers toloka.tsv mturk.csv study/answers.csv
      tables of these platforms, in place of what was served
  python -m seigan_tf study report --answers comparisons.csv --out .
      a table that names sets rather than pictures: assessor, left, right, choice

Prints tables and writes report.json and figure4.png. The ratings are those of the Bradley-Terry model, the intervals
come from a bootstrap over assessors.
"""


@dataclass(frozen=True)
class Options:
    study: tyro.conf.Positional[Path | None] = None
    """Folder made by `study make`."""
    answers: tuple[Path, ...] = ()
    """Tables of answers: Toloka's, Mechanical Turk's or plain ones; docs/study.md has the columns."""
    out: Path | None = None
    """Folder for report.json and figure4.png; the study's unless given."""
    min_checks: int = 3
    """An assessor who answered fewer attention checks does not count."""
    min_right: float = 0.8
    """Nor does one who answered a smaller share of them rightly."""
    resamples: int = 1000
    """Of the bootstrap."""
    confidence: float = 0.95
    """Of the intervals."""
    seed: int = 0
    """Of the bootstrap."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Reports.

    Raises:
        ValueError: no answers, answers to something else, or none that count.
        OSError: a file cannot be read or written.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    options = tyro.cli(Options, args=list(arguments), prog="python -m seigan_tf study report", description=DESCRIPTION)
    console = console or Console()
    if options.study is None and not options.answers:
        raise ValueError("study report: expected the folder of a study, or --answers FILE")
    out = options.out or options.study
    if out is None:
        raise ValueError("--out is not given, expected the folder for report.json and figure4.png")
    if not out.is_dir():
        raise ValueError(f"--out {out}: there is no such folder" if options.out else f"{out}: there is no such folder")
    if options.seed < 0:
        raise ValueError(f"--seed is {options.seed}, expected at least 0")

    from seigan_tf.study import answers, database, figure, manifest, summary, tables
    from seigan_tf.study.attention import Rule
    from seigan_tf.utils.atomic import replacing

    study = None if options.study is None else manifest.load(options.study)
    written = ["report.json", "figure4.png"]
    if options.answers:
        given = [answer for path in options.answers for answer in tables.read_answers(path)]
    else:
        given = database.read(options.study / database.FILE, study)
        tables.write_answers(given, study, out / "answers.csv")
        written.append("answers.csv")
    rule = Rule(options.min_checks, options.min_right)
    sorted_out = answers.sort_out(given, study)
    made = summary.summarise(sorted_out, rule, options.resamples, options.confidence, options.seed)
    summary.show(made, console)
    with replacing(out / "report.json") as temporary:
        temporary.write_text(json.dumps(made, indent=2) + "\n")
    figure.draw(made, out / "figure4.png")
    console.print(f"{', '.join(written)} in {out}", soft_wrap=True, highlight=False, markup=False)
