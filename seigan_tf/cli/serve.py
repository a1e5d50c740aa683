"""python -m seigan_tf serve: a web page on which photographs are cut, erased and pasted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro
from rich.console import Console

DESCRIPTION = """Serve a web page for cutting, erasing and pasting; in the browser of this machine, or of a phone.

  python -m seigan_tf serve
  python -m seigan_tf serve --host 0.0.0.0        for phones in the same network: http://ADDRESS-OF-THIS-MACHINE:8100/

Photographs are worked on, one at a time, in memory or temporary files, and forgotten with the answer. The page has
neither password nor encryption: beyond a network that you trust put a web server with HTTPS before it, and name it by
--name. Ctrl-C ends serving.
"""
FREE_THREADS = 4
"""That answer while all others wait for their turn: with the page, or that there is no place."""
CONNECTIONS = 200
GRACE = 16_000_000
"""Bytes too many that are still read, so that the answer which says so arrives; beyond, the connection just ends."""


@dataclass(frozen=True)
class Options:
    weights: str = "cats"
    """A shipped name, a run folder, runs/NAME, a .keras file, or an export folder (needs no TensorFlow)."""
    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 is every one of this machine."""
    port: int = 8100
    """0 takes one that is free."""
    name: tyro.conf.UseAppendAction[Annotated[tuple[str, ...], tyro.conf.arg(metavar="HOST")]] = ()
    """A name under which the page is reached besides, as of a web server before it."""
    max_pixels: int = 55_000_000
    """Of a photograph."""
    max_upload: float = 32
    """Megabytes of a photograph."""
    waiting: int = 16
    """Requests that may wait while one is worked on; more are told to try again."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Serves until Ctrl-C.

    Raises:
        ValueError: options or weights that cannot be used, or a port that cannot be had.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    options = tyro.cli(Options, args=list(arguments), prog="python -m seigan_tf serve", description=DESCRIPTION)
    console = console or Console()
    _check(options)

    from seigan_tf.utils import quiet

    with quiet.native_messages_hidden():
        from seigan_tf.compose.composer import Composer
        from seigan_tf.serve import application, hosts, photos, server, turns

        composer = Composer.load(options.weights)
    served = application.Application(
        composer,
        hosts.Hosts(options.host, options.name),
        photos.Limits(options.max_pixels, round(options.max_upload * photos.MEGABYTE)),
        turns.Turns(options.waiting),
    )
    serving, address = server.listen(
        served,
        options.host,
        options.port,
        threads=1 + options.waiting + FREE_THREADS,
        max_request_body_size=served.max_body + GRACE,
        connection_limit=CONNECTIONS,
        channel_request_lookahead=1,  # tells who has gone
        recv_bytes=2**16,
    )
    application.warm_up(composer)
    console.print(
        f"serving {address} with {composer.backend.name}; Ctrl-C ends", soft_wrap=True, highlight=False, markup=False
    )
    if not server.is_loopback(options.host):
        console.print("without encryption, to everybody who reaches this address", highlight=False)
    serving.run()


def _check(options: Options) -> None:
    if options.max_pixels < 1:
        raise ValueError(f"--max-pixels is {options.max_pixels}, expected at least 1")
    if not 0 < options.max_upload <= 1000:
        raise ValueError(f"--max-upload is {options.max_upload:g}, expected megabytes, more than 0 and at most 1000")
    if not 0 <= options.waiting <= 150:
        raise ValueError(f"--waiting is {options.waiting}, expected 0 to 150")
