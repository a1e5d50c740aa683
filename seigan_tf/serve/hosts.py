"""Keeps other websites from using a server that only its own page is to use."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Request

from seigan_tf.serve.server import is_loopback


class Hosts:
    """The names under which a server may be called.

    A website can let its own name stand for this machine (DNS rebinding), and its scripts then count as the page's. It
    cannot do so with addresses. So a server for this machine answers to its loopback names alone, one for others to any
    address, and either to names that were given.

    Args:
        host: that the server listens on.
        names: under which it is reached besides.
    """

    def __init__(self, host: str, names: Iterable[str] = ()):
        self.local = is_loopback(host)
        self.names = {name.lower() for name in names}
        if not _is_address(host):
            self.names.add(host.lower())

    def check(self, request: Request) -> None:
        """Raises Forbidden where the request is for another host, or another website's page sends it."""
        called = request.environ.get("HTTP_HOST", "")
        if not self._known(called):
            raise Forbidden("the address in the browser is not one of this server; start it with --name to add one")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != called.lower():
            raise Forbidden("the request comes from the page of another website")

    def _known(self, called: str) -> bool:
        try:
            name = (urlsplit(f"//{called}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return name in self.names or is_loopback(name) or (_is_address(name) and not self.local)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
