"""The web server of a study: page, pictures, and answers that are on the disk before they are acknowledged.

    GET  /                        page.html, with page.css and page.js
    GET  /pictures/NAME.png       names of the manifest only; a path from a client is never opened
    POST /api/sessions            {"assessor": token or null} -> state; gives a session if all tasks are answered and
                                  pairs are open
    GET  /api/state?assessor=     state
    POST /api/answers             {"assessor", "position", "choice"} -> state, after the answer was committed

Final refusals have the header Study-Refusal, so that the page tells them from those of a web server on the way, and
repeats its request after all others: "unknown" (404), no such assessor, or a task that was not given; "conflict" (409),
another answer before, or too many assessors.

A state is {"assessor", "done", "given", "task": {"position", "left", "right"} or null, "ahead": [addresses],
"further"}. `assessor` is null if a new one got no session; `further` is that of `AssessorState`.
"""

import contextlib
import html
import json
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from werkzeug.exceptions import BadRequest, NotFound, ServiceUnavailable, UnsupportedMediaType
from werkzeug.exceptions import Conflict as ConflictResponse
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from seigan_tf.serve import server as web
from seigan_tf.study.database import AnswerStore, Conflict, UnknownAssessor
from seigan_tf.study.manifest import SIDES, Manifest

THREADS = 8
MAX_BODY = 4096  # bytes of a request; an answer has about a hundred
CONNECTIONS = 1000
MAX_POSITION = 2**31  # limit of task positions, below the 2^63 of SQLite's integers
LOGGER = logging.getLogger(__name__)


class StudyApplication(web.Application):
    """The study in a folder, with its manifest and the store of its answers, as a WSGI application."""

    front = "page.html"
    routes = Map(
        [
            Rule("/", endpoint="page", methods=["GET"]),
            Rule("/<any('page.css', 'page.js'):name>", endpoint="page", methods=["GET"]),
            Rule("/pictures/<name>.png", endpoint="picture", methods=["GET"]),
            Rule("/api/sessions", endpoint="session", methods=["POST"]),
            Rule("/api/state", endpoint="state", methods=["GET"]),
            Rule("/api/answers", endpoint="answer", methods=["POST"]),
        ]
    )

    def __init__(self, folder: Path, manifest: Manifest, answers: AnswerStore):
        files = web.page_files("seigan_tf.study")
        text, mimetype = files[self.front]
        files[self.front] = text.replace("QUESTION", html.escape(manifest.question)), mimetype
        super().__init__(files)
        self.folder, self.manifest, self.answers = folder, manifest, answers

    def check(self, request: Request) -> None:
        request.max_content_length = MAX_BODY

    def picture(self, request: Request, name: str) -> Response:
        if name not in self.manifest.pictures:
            raise NotFound("there is no such picture")
        try:
            content = self.manifest.picture(self.folder, name).read_bytes()
        except OSError:
            raise NotFound("the picture is missing from the study's folder") from None
        return Response(content, mimetype="image/png", headers={"Cache-Control": "max-age=86400, immutable"})

    def session(self, request: Request) -> Response:
        token = _values(request, assessor=(str, type(None)))["assessor"]
        with _http_errors():
            return self._state(self.answers.start(token))

    def state(self, request: Request) -> Response:
        with _http_errors():
            return self._state(request.args.get("assessor", ""))

    def answer(self, request: Request) -> Response:
        values = _values(request, assessor=(str,), position=(int,), choice=(str,))
        with _http_errors():
            self.answers.answer(values["assessor"], values["position"], values["choice"])
            return self._state(values["assessor"])

    def _state(self, token: str | None) -> Response:
        state = self.answers.state(token)
        # Addresses are relative: the study may lie in a folder of a larger server.
        shown = [
            {"position": position, "left": f"pictures/{left}.png", "right": f"pictures/{right}.png"}
            for position, left, right in state.tasks
        ]
        content = {
            "assessor": token,
            "done": state.done,
            "given": state.given,
            "task": shown[0] if shown else None,
            "ahead": [task[side] for task in shown[1:] for side in SIDES],
            "further": state.further,
        }
        return Response(json.dumps(content), mimetype="application/json")


def _values(request: Request, **types: tuple[type, ...]) -> dict[str, Any]:
    """Return the checked fields of a JSON body. Forms of other sites cannot send JSON in an assessor's name."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("expected application/json")
    try:
        values = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise BadRequest("the request is not JSON") from None
    if not isinstance(values, dict):
        raise BadRequest("the request is not a JSON object")
    for name, expected in types.items():
        value = values.get(name)
        # bool is a subclass of int.
        if not isinstance(value, expected) or isinstance(value, bool):
            raise BadRequest(f"{name} is missing or of another type")
        if isinstance(value, int) and abs(value) > MAX_POSITION:
            raise BadRequest(f"{name} is out of range")
    return values


@contextlib.contextmanager
def _http_errors() -> Iterator[None]:
    """Turn errors of the store into HTTP errors."""
    try:
        yield
    except UnknownAssessor as error:
        raise NotFound(str(error), _refusal("unknown")) from None
    except Conflict as error:
        raise ConflictResponse(str(error), _refusal("conflict")) from None
    except ValueError as error:
        raise BadRequest(str(error)) from None
    except sqlite3.Error as error:
        LOGGER.error("an answer could not be stored: %s", error)
        raise ServiceUnavailable("the answer could not be stored; try again") from None


def _refusal(kind: str) -> Response:
    return Response(status={"unknown": 404, "conflict": 409}[kind], headers={"Study-Refusal": kind})


def listen(application: StudyApplication, host: str, port: int) -> tuple[Any, str]:
    """Open the port, as `serve.server.listen` does, with limits for many assessors at once."""
    limits = {"threads": THREADS, "max_request_body_size": MAX_BODY * 4, "connection_limit": CONNECTIONS}
    return web.listen(application, host, port, **limits)
