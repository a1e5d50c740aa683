"""Parts that the web servers of this project share: headers, errors as JSON, page files, host names, the port."""

import ipaddress
import json
import logging
import signal
import socket
from collections.abc import Iterable
from importlib import resources
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

import waitress
from werkzeug.exceptions import Forbidden, HTTPException, InternalServerError, NotFound
from werkzeug.routing import Map
from werkzeug.wrappers import Request, Response

IDLE = 60
"""Seconds after which a silent connection is closed."""
MIME_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
LOGGER = logging.getLogger(__name__)


class Application:
    """A WSGI application whose methods are the endpoints of `routes`. Errors become JSON, {"error": one line}.

    `files` are the page, as `page_files` returns it.
    """

    routes: Map
    front = "index.html"
    """The file at /."""

    def __init__(self, files: dict[str, tuple[str, str]]):
        self.files = files

    def __call__(self, environ, start_response):
        request = Request(environ)
        try:
            self.check(request)
            endpoint, arguments = self.routes.bind_to_environ(environ).match()
            response = getattr(self, endpoint)(request, **arguments)
        except HTTPException as error:
            response = _json_error(error, environ)
        except Exception:
            LOGGER.exception("%s failed", request.path)
            failure = InternalServerError("something went wrong; the server's messages say what")
            response = _json_error(failure, environ)
        response.headers.extend(HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        return response(environ, start_response)

    def check(self, request: Request) -> None:
        """Set a request's limits, or raise an HTTPException, before anything else is done."""

    def page(self, request: Request, name: str | None = None) -> Response:
        if (name := name or self.front) not in self.files:
            raise NotFound("there is no such page")
        content, mimetype = self.files[name]
        return Response(content, mimetype=mimetype)


def _json_error(error: HTTPException, environ) -> Response:
    response = error.get_response(environ)
    response.set_data(json.dumps({"error": error.description}))
    response.content_type = "application/json"
    return response


def page_files(package: str) -> dict[str, tuple[str, str]]:
    """Content and type of the files in `page` of a package, by name. No request opens a file."""
    files = (file for file in (resources.files(package) / "page").iterdir() if file.is_file())
    return {
        file.name: (file.read_text(encoding="utf-8"), MIME_TYPES[suffix])
        for file in files
        if (suffix := PurePath(file.name).suffix) in MIME_TYPES
    }


class Hosts:
    """Names of a server that only its own page may use.

    A website can point its own name at this machine (DNS rebinding), and its scripts then have the page's rights. It
    cannot do so with addresses. Therefore a server for this machine answers to its loopback names alone, one for others
    to any address, and both to the names given. `host` is the address or name that the server listens on.

    The Origin of the page's requests is the host that they are for; a web server before this one may pass them on to
    its address instead. Therefore the names given are also origins, at the usual port alone: other ports of a host may
    belong to others.
    """

    def __init__(self, host: str, names: Iterable[str] = ()):
        self.local = is_loopback(host)
        self.given = frozenset(name.lower() for name in names)
        self.names = set(self.given)
        if not _is_address(host):
            self.names.add(host.lower())

    def check(self, request: Request) -> None:
        """Raise Forbidden if the request is for another host, or comes from another website's page."""
        called = request.environ.get("HTTP_HOST", "")
        if not self._known(called):
            raise Forbidden("the address in the browser is not one of this server; start it with --name to add one")
        origin = request.headers.get("Origin")
        if origin is not None and origin.lower().partition("://")[2] not in {called.lower(), *self.given}:
            raise Forbidden(
                "the request comes from the page of another website; if that one passes it on, start this server with"
                " its host as --name, or let it pass on the Host of the request too"
            )

    def _known(self, called: str) -> bool:
        try:
            name = (urlsplit(f"//{called}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return name in self.names or is_loopback(name) or (_is_address(name) and not self.local)


def is_loopback(host: str) -> bool:
    """Whether a name or address is one of this machine only."""
    return ipaddress.ip_address(host).is_loopback if _is_address(host) else host == "localhost"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def listen(application: Application, host: str, port: int, **limits: Any) -> tuple[Any, str]:
    """Open the port, or a free one if it is 0; `limits` are settings of waitress.

    Returns:
        The server, whose run() serves until Ctrl-C, and the address of the page.

    Raises:
        ValueError: host and port cannot be listened on.
    """
    if not 0 <= port <= 65535:
        raise ValueError(f"--port is {port}, expected 0 to 65535")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is normal
    try:
        server = waitress.create_server(application, host=host, port=port, channel_timeout=IDLE, ident=None, **limits)
    except (OSError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"--host {host} --port {port}: cannot be listened on ({reason})") from None
    # A name such as localhost may stand for two addresses, each with a socket.
    sockets = getattr(server, "effective_listen", None) or [(server.effective_host, server.effective_port)]
    name, number = sockets[0]
    if _is_address(name) and ipaddress.ip_address(name).is_unspecified:
        name = own_address(":" in name) or name  # a browser cannot open 0.0.0.0
    name = f"[{name}]" if ":" in name else name
    return server, f"http://{name}:{number}/"


def run(serving: Any) -> None:
    """Serve until Ctrl-C, or SIGTERM, by which service managers and containers end programs.

    The request at work ends before the process does, and its temporary files are removed; `close` the queue of others.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    serving.run()


def own_address(version_6: bool = False) -> str | None:
    """The address of this machine in its network, by version 4 or 6 of IP; None without one. Nothing is sent."""
    # Addresses of documentation: the system only chooses its way there.
    family, other = (socket.AF_INET6, "2001:db8::1") if version_6 else (socket.AF_INET, "192.0.2.1")
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((other, 9))
            return probe.getsockname()[0]
    except OSError:
        return None
