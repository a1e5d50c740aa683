"""What the web servers of this project share: guarding headers, errors as JSON, the files of a page, the port."""

import ipaddress
import json
import logging
from importlib import resources
from pathlib import PurePath
from typing import Any

import waitress
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound
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
    """A WSGI application whose methods are the endpoints of `routes`. What they refuse becomes JSON, {"error": why}.

    Args:
        files: of the page, as `page_files` reads them.
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
            response = refusal(error, environ)
        except Exception:
            LOGGER.exception("%s failed", request.path)
            response = refusal(InternalServerError("something went wrong; the server's messages say what"), environ)
        response.headers.extend(HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        return response(environ, start_response)

    def check(self, request: Request) -> None:
        """Sets limits of a request, or refuses it by an HTTPException, before anything else is done."""

    def page(self, request: Request, name: str | None = None) -> Response:
        if (name := name or self.front) not in self.files:
            raise NotFound("there is no such page")
        content, mimetype = self.files[name]
        return Response(content, mimetype=mimetype)


def refusal(error: HTTPException, environ) -> Response:
    response = error.get_response(environ)
    response.set_data(json.dumps({"error": error.description}))
    response.content_type = "application/json"
    return response


def page_files(package: str) -> dict[str, tuple[str, str]]:
    """The files in `page` of a package, by name: content and type. In memory, so that no request opens one."""
    files = (file for file in (resources.files(package) / "page").iterdir() if file.is_file())
    return {
        file.name: (file.read_text(encoding="utf-8"), MIME_TYPES[suffix])
        for file in files
        if (suffix := PurePath(file.name).suffix) in MIME_TYPES
    }


def listen(application: Application, host: str, port: int, **limits: Any) -> tuple[Any, str]:
    """Opens the port.

    Args:
        application: that answers.
        host, port: to listen on; port 0 is one that is free.
        limits: threads, max_request_body_size, connection_limit and other settings of waitress.

    Returns:
        The server, whose run() serves until Ctrl-C, and the address of the page.

    Raises:
        ValueError: host and port cannot be had.
    """
    if not 0 <= port <= 65535:
        raise ValueError(f"--port is {port}, expected 0 to 65535")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # A moment's queue is no news.
    try:
        server = waitress.create_server(application, host=host, port=port, channel_timeout=IDLE, ident=None, **limits)
    except (OSError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"--host {host} --port {port}: cannot be listened on ({reason})") from None
    # A name such as localhost may stand for two addresses, each with a socket.
    sockets = getattr(server, "effective_listen", None) or [(server.effective_host, server.effective_port)]
    name, number = sockets[0]
    name = f"[{name}]" if ":" in name else name
    return server, f"http://{name}:{number}/"


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own, which no other one reaches."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
