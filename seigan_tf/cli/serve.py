"""python -m seigan_tf serve: serve a web page that cuts, erases and pastes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from seigan_tf import pretrained
from seigan_tf.cli.options import (
    Backend,
    Grow,
    Host,
    Port,
    Weights,
    check_range,
    check_trained,
    load_composer,
    parse,
    say,
    say_address,
)
from seigan_tf.utils.text import shown

if TYPE_CHECKING:
    from seigan_tf.serve.application import Find

DESCRIPTION = """Serve a web page for cutting, erasing and pasting, to browsers on this machine or on phones.

  python -m seigan_tf serve
  python -m seigan_tf serve --host 0.0.0.0        for phones in the same network; it prints the address for them

The switch "Shadow" of the page gives pastes the shadow of `paste --shadow`. seigan_tf/serve/application.py describes
the requests of the HTTP interface.

Photographs are processed one at a time, in memory or temporary files, and deleted with the answer, and at Ctrl-C or
SIGTERM; a server that is killed (SIGKILL) leaves those of the moment in the system's temporary folder, in seigan-*. The
page has neither password nor encryption: outside a network that you trust put a web server with HTTPS before it, and
give its host name by --name. For nginx, with --name photos.example.org:

  proxy_pass http://127.0.0.1:8100;
  proxy_set_header Host $http_host;    may be left out if the page is at the usual port, 443 or 80
  client_max_body_size 201m;           two photographs of --max-upload
  proxy_read_timeout 10m;              large photographs take long, and others wait for them

Ctrl-C ends the server.
"""
FREE_THREADS = 4  # threads for the page and for refusals, while all others wait for their turn
CONNECTIONS = 200
GRACE = 16_000_000
"""Excess bytes that are still read, so that the client receives the refusal; beyond them the connection is closed."""


@dataclass(frozen=True)
class Options:
    weights: Weights = pretrained.DEFAULT
    backend: Backend = "auto"
    grow: Grow = 0.1  # boxes drawn by hand are inexact (docs/experiments.md)
    detector: Path | None = None
    """LiteRT (.tflite) detection model that finds the object that is tapped; docs/detectors.md names some."""
    detector_class: str | None = None
    """Name or number of the class of the objects that it looks for; by default all."""
    host: Host = "127.0.0.1"
    port: Port = 8100
    name: tyro.conf.UseAppendAction[Annotated[tuple[str, ...], tyro.conf.arg(metavar="HOST")]] = ()
    """A further host name of the page, such as that of a web server before it."""
    max_pixels: int = 210_000_000
    """Largest number of pixels of a photograph; phones make up to 200 million. Each takes 8 bytes or more of memory."""
    max_upload: float = 100
    """Largest file of a photograph, in megabytes."""
    waiting: int = 16
    """Requests that may wait while one is processed; further ones are asked to try again."""


def run(arguments: Sequence[str]) -> None:
    """Serve until Ctrl-C."""
    options = parse(Options, arguments, "serve", DESCRIPTION)

    from seigan_tf.data.photos.reading import MAX_PIXELS

    if not 1 <= options.max_pixels <= MAX_PIXELS:
        raise ValueError(f"--max-pixels is {options.max_pixels:,}, expected 1 to {MAX_PIXELS:,}")
    if not 0 < options.max_upload <= 1000:
        raise ValueError(f"--max-upload is {options.max_upload:g}, expected megabytes, more than 0 and at most 1000")
    if not 0 <= options.waiting <= 150:
        raise ValueError(f"--waiting is {options.waiting}, expected 0 to 150")
    for name in options.name:
        if not name or "/" in name or name.count(":") == 1:
            raise ValueError(f"--name {shown(name)}: expected a host without scheme and port, as photos.example.org")
    check_range("--grow", options.grow, 1)

    from seigan_tf.inference.weights import untrained
    from seigan_tf.serve import application, photos, server, work_queue

    check_trained(options.weights, ("segmenter",))
    missing = untrained(options.weights)
    find = _find(options)
    composer = load_composer(options.weights, options.backend, grow=options.grow)
    served = application.ComposeApplication(
        composer,
        server.Hosts(options.host, options.name),
        photos.Limits(options.max_pixels, round(options.max_upload * photos.MEGABYTE)),
        work_queue.WorkQueue(options.waiting),
        find,
    )
    serving, address = server.listen(
        served,
        options.host,
        options.port,
        threads=1 + options.waiting + FREE_THREADS,
        max_request_body_size=served.max_body + GRACE,
        connection_limit=CONNECTIONS,
        channel_request_lookahead=1,  # notices clients that have gone
        recv_bytes=2**16,
    )
    application.compile_networks(composer)
    if missing:
        say(f"{' and '.join(missing)} of these weights: never trained; use them to cut alone")
    say_address(f"serving {address} with {composer.backend.name}", options.host)
    try:
        server.run(serving)
    finally:
        served.queue.close()


def _find(options: Options) -> "Find | None":
    """Return the detector of --detector. Raises ValueError if it cannot be used."""
    if options.detector is None:
        if options.detector_class is not None:
            raise ValueError("--detector-class: is of no use without --detector")
        return None
    from seigan_tf.data.detection.detector import Detector, choose

    detector = Detector(options.detector)
    wanted = None if options.detector_class is None else detector.labels.find(options.detector_class)
    return lambda pixels, point: choose(detector.find(pixels)[0], wanted, point)
