"""python -m seigan_tf study serve: the page on which assessors compare pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console

DESCRIPTION = """Serve a study to assessors; their answers go to answers.sqlite in its folder.

  python -m seigan_tf study serve study
  python -m seigan_tf study serve study --host 0.0.0.0 --port 8200

Every answer is on the disk before the page says so. Ctrl-C ends serving; started again, everybody goes on where
they were. The page has neither password nor encryption: beyond this machine put a web server with HTTPS before it.
"""


@dataclass(frozen=True)
class Options:
    study: tyro.conf.Positional[Path]
    """Folder made by `study make`."""
    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 is every one of this machine."""
    port: int = 8200
    """0 takes one that is free."""
    pairs: int = 20
    """In a session; an assessor may do several."""
    assessors: int = 5
    """Answers wanted for each pair."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Serves until Ctrl-C.

    Raises:
        ValueError: no study, a database of another one, or a port that cannot be had.
        OSError: the database cannot be written.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    options = tyro.cli(Options, args=list(arguments), prog="python -m seigan_tf study serve", description=DESCRIPTION)
    console = console or Console()
    for name in ("pairs", "assessors"):
        if getattr(options, name) < 1:
            raise ValueError(f"--{name} is {getattr(options, name)}, expected at least 1")

    from seigan_tf.study import database, manifest, server
    from seigan_tf.study.sessions import SessionSettings
    from seigan_tf.serve.server import is_loopback

    study = manifest.load(options.study)
    path = options.study / database.FILE
    answers = database.AnswerStore(path, study, SessionSettings(options.pairs, options.assessors))
    try:
        serving, address = server.listen(server.Application(options.study, study, answers), options.host, options.port)
        console.print(
            f"serving {address}, answers in {path}; Ctrl-C ends", soft_wrap=True, highlight=False, markup=False
        )
        if not is_loopback(options.host):
            console.print("without encryption, to everybody who reaches this address", highlight=False)
        serving.run()
    finally:
        answers.close()
