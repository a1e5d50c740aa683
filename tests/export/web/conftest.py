"""A browser and hosts of static files for the tests of the page."""

import base64
import functools
import http.server
import threading
import types

import numpy as np
import pytest

from export import web
from tests.browser import chromium

MODULES = (
    *("compose", "erasing", "filling", "filters", "geometry", "grabcut", "guided_filter", "pasting", "patches"),
    *("photo", "resample", "shadows", "staying"),
)
TYPES = {"float32": "Float32Array", "uint8": "Uint8ClampedArray", "bool": "Uint8Array", "int32": "Int32Array"}


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


@pytest.fixture(scope="package")
def lab(browser, serve, tmp_path_factory):
    """Calls JavaScript with the page's modules; arrays go in and come out as they are."""
    page = browser.new_page()
    page.goto(serve(web.write(tmp_path_factory.mktemp("page"))) + "/runtime.json")
    page.evaluate(
        """async (names) => {
            Object.assign(window, ...await Promise.all(names.map((name) => import(`./${name}.js`))));
            const types = { Float32Array, Uint8Array, Int32Array, Uint8ClampedArray };
            window.decoded = (value) => {
                if (Array.isArray(value)) return value.map(decoded);
                if (!value?.kind) return value;
                const bytes = Uint8Array.from(atob(value.text), (c) => c.charCodeAt(0));
                return new types[value.kind](bytes.buffer);
            };
            window.encoded = (array) => {
                const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
                let text = "";
                for (let i = 0; i < bytes.length; i += 4096) {
                    text += String.fromCharCode(...bytes.subarray(i, i + 4096));
                }
                return { kind: array.constructor.name, text: btoa(text) };
            };
        }""",
        MODULES,
    )

    def encode(value):
        if isinstance(value, np.ndarray):
            return {"kind": TYPES[value.dtype.name], "text": base64.b64encode(value.tobytes()).decode()}
        return [encode(item) for item in value] if isinstance(value, list | tuple) else value

    def decode(value):
        types = {name: kind for kind, name in TYPES.items()}
        return np.frombuffer(base64.b64decode(value["text"]), types[value["kind"]])

    def call(script, *values):
        """Run a function of `values` that returns a list of typed arrays."""
        found = page.evaluate(
            f"async (values) => (await ({script})(...decoded(values))).map(encoded)",
            [encode(value) for value in values],
        )
        return [decode(value) for value in found]

    call.page = page
    yield call
    page.close()
