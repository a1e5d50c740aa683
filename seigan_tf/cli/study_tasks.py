"""python -m seigan_tf study tasks: the pairs of a study as a table for a crowd-sourcing platform."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import tyro
from rich.console import Console

DESCRIPTION = """Write the pairs of a study as tasks for Toloka or Mechanical Turk; docs/study.md has the columns.

  python -m seigan_tf study tasks study --platform toloka --address https://example.org/pictures --out tasks.tsv

Put the study's folder pictures/ where --address says; nothing is uploaded. `study report --answers FILE` reads what the
platform gives back.
"""


@dataclass(frozen=True)
class Options:
    study: tyro.conf.Positional[Path]
    """Folder made by `study make`."""
    platform: Annotated[str, tyro.conf.arg(metavar="toloka|mturk")]
    address: str
    """Where assessors' browsers find the pictures: https://..."""
    out: Path
    """Table to write."""
    seed: int = 0
    """Of the order and of left and right."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Writes the table.

    Raises:
        ValueError: no study, another platform, or an address that no browser takes.
        OSError: the table cannot be written.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    options = tyro.cli(Options, args=list(arguments), prog="python -m seigan_tf study tasks", description=DESCRIPTION)
    parts = urlsplit(options.address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"--address {options.address}: expected the address of a folder, https://...")
    if options.seed < 0:
        raise ValueError(f"--seed is {options.seed}, expected at least 0")

    from seigan_tf.study import manifest, tables

    study = manifest.load(options.study)
    count = tables.write_tasks(study, options.platform, options.address, options.out, options.seed)
    (console or Console()).print(
        f"{count} tasks in {options.out}, {len(study.checks)} of them attention checks",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
