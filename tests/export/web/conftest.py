"""A browser and hosts of static files for the tests of the page."""

import functools
import http.server
import threading
import types

import pytest

from tests.browser import chromium


@pytest.fixture(scope="package")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="package")
def serve():
    """Puts a folder on a host of static files, and returns its address."""
    servers = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments, headers, **settings):
            self.more = headers
            super().__init__(*arguments, **settings)

        def end_headers(self):
            for name, value in self.more.items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, *arguments):
            pass

    def start(folder, headers=types.MappingProxyType({})):
        handler = functools.partial(Quiet, directory=str(folder), headers=headers)
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
