"""Cut, erase and paste over HTTP. The server stores nothing: each request brings its photographs and boxes.

    GET  /                 index.html, and the page's other files
    GET  /api/settings     {"name", "size", "max_upload", "most_boxes", "finds": whether there is a detector}
    POST /api/open         photo                                     -> preview; Photo-Size: width,height of the photo
    POST /api/find         photo, at                                 -> {"name", "box"}: the object at the point x,y
    POST /api/cut          photo, box, [erased ...], [edges]         -> cut-out, PNG; Rectangle: x,y,width,height
    POST /api/erase        photo, box ..., [edges]                   -> photo without the objects, PNG
    POST /api/paste        photo, box, [erased ...], [edges], onto, at, [shadow] -> the other photo with the object, PNG

Forms are multipart/form-data; `photo` and `onto` are files; boxes are x,y,width,height in pixels of the upright photo;
the boxes `erased` are erased from the photo first. Those, and `box` of erase, are erased one after the other, so that
the first fill may show what a later one takes away, and may go on as x,y,width,height,seed,edges: another seed (default
0) gives another fill, equal ones give equal fills; `edges` is that of the request, unless it is given. `at` is
x,y[,width] in pixels of the other photo, for `find`, which needs a detector, x,y in those of the photo; edges (default
1), whether masks follow the edges of the photo, and shadow (default 0) are 0 or 1.
Errors are {"error": one line}: 400 fields, 403 another host or website, 413 and 422 photos and boxes, 503 too many
requests at once.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnprocessableEntity
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from seigan_tf.compose import geometry, refiner
from seigan_tf.compose.composer import MOST_SEED, Composer, nothing_in
from seigan_tf.data.photos.photo import Object
from seigan_tf.data.photos.picture import Picture
from seigan_tf.serve import photos, server
from seigan_tf.serve.photos import MEGABYTE, Limits
from seigan_tf.serve.work_queue import WorkQueue
from seigan_tf.utils.memory import enough_memory
from seigan_tf.utils.text import numbers, shown

MOST_BOXES = 50
"""Largest number of boxes that a request may erase."""
Find = Callable[[np.ndarray, tuple[float, ...]], Object | None]
"""The object at a point x, y of pixels, uint8 [height, width, 3]; None if there is none."""
ERASURE = "x,y,width,height[,seed[,edges]]"
"""Form of a box to erase."""
FIELDS = 2**18
"""Bytes of all fields but the photographs. Werkzeug also counts the part of a file that it reads at a time, 2^16."""


class Erasure(NamedTuple):
    """An object to erase."""

    box: tuple[float, ...]
    seed: int
    edges: bool


class ComposeApplication(server.Application):
    """The page and its requests as a WSGI application.

    `hosts` are the server's names, `limits` those of a photo; `find` is the detector, if there is one.
    """

    routes = Map(
        [
            Rule("/", endpoint="page", methods=["GET"]),
            Rule("/<name>", endpoint="page", methods=["GET"]),
            Rule("/api/settings", endpoint="settings", methods=["GET"]),
            Rule("/api/<any(open, find, cut, erase, paste):action>", endpoint="work", methods=["POST"]),
        ]
    )

    def __init__(
        self, composer: Composer, hosts: server.Hosts, limits: Limits, queue: WorkQueue, find: Find | None = None
    ):
        super().__init__(server.page_files("seigan_tf.serve"))
        self.composers = {True: composer, False: Composer(composer.backend, False, composer.grow)}
        self.hosts, self.limits, self.queue, self.find = hosts, limits, queue, find

    @property
    def max_body(self) -> int:
        """Largest request in bytes: two photographs and the fields."""
        return 2 * self.limits.bytes + FIELDS

    def check(self, request: Request) -> None:
        self.hosts.check(request)
        # Werkzeug limits the fields of these forms alone; others hold no photograph, and need no more than fields do.
        form = request.mimetype == "multipart/form-data"
        request.max_content_length = self.max_body if form else FIELDS
        request.max_form_memory_size = FIELDS
        request.max_form_parts = MOST_BOXES + 10
        length = request.content_length or 0
        if length > FIELDS and not form:
            raise RequestEntityTooLarge(f"{shown(request.mimetype)} of {length} bytes, expected multipart/form-data")
        if length > self.max_body:
            raise RequestEntityTooLarge(
                f"{length / MEGABYTE:.1f} MB, expected photos of at most {self.limits.bytes / MEGABYTE:g} MB each"
            )

    def settings(self, request: Request) -> Response:
        backend = self.composers[True].backend
        values = {"name": backend.name, "size": backend.size, "max_upload": self.limits.bytes}
        return _json(values | {"most_boxes": MOST_BOXES, "finds": self.find is not None})

    def work(self, request: Request, action: str) -> Response:
        disconnected = request.environ.get("waitress.client_disconnected", lambda: False)
        try:
            with enough_memory("photo: "):
                return self.queue.run(partial(getattr(self, f"_{action}"), request), disconnected)
        except ValueError as error:
            raise UnprocessableEntity(" ".join(str(error).split())) from None

    def _open(self, request: Request) -> Response:
        photo = self._photo(request, "photo")
        response = photos.preview_response(photo)
        response.headers["Photo-Size"] = "{},{}".format(*photo.size)
        return response

    def _find(self, request: Request) -> Response:
        if self.find is None:
            raise UnprocessableEntity("no detector: start `serve` with --detector MODEL.tflite, or draw a box")
        point = _numbers("at", request.form.get("at", ""), (2,), "x,y")
        item = self.find(self._photo(request, "photo").visible, point)
        if item is None:
            raise UnprocessableEntity("the detector finds no object there; draw a box around it")
        return _json({"name": item.category, "box": item.box})

    def _cut(self, request: Request) -> Response:
        composer, photo, box = self._object(request)
        visible = photo.visible
        matte = composer.matte(visible, box)
        if not matte.found:
            raise UnprocessableEntity(nothing_in(box))
        window, cutout = matte.window, matte.cutout(photo, matte.mask(visible))
        response = photos.png_response(cutout, photo.profile)
        response.headers["Rectangle"] = f"{window.left},{window.top},{window.width},{window.height}"
        return response

    def _erase(self, request: Request) -> Response:
        erasures = _erasures(request, "box")
        if not erasures:
            raise BadRequest(f"box: missing, expected {ERASURE}")
        erased, found = self._without(self._photo(request, "photo"), erasures)
        if not found:
            raise UnprocessableEntity(nothing_in(erasures[-1].box))
        return photos.png_response(erased.array, erased.profile)

    def _paste(self, request: Request) -> Response:
        composer, photo, box = self._object(request)
        at = _numbers("at", request.form.get("at", ""), (2, 3), "x,y or x,y,width")
        shadow = _switch(request, "shadow", "0")
        onto = self._photo(request, "onto")
        pasted = composer.paste_picture(photo, box, onto, at, shadow)
        return photos.png_response(pasted.array, pasted.profile)

    def _without(self, photo: Picture, erasures: Sequence[Erasure]) -> tuple[Picture, bool]:
        """The photo after erasing, and whether any object was found.

        One object is erased after the other, as they were on the page: a later one changes no fill of an earlier one.
        """
        found = list[bool]()
        for box, seed, edges in erasures:
            photo = self.composers[edges].erase_picture(photo, [box], found.append, seeds=[seed])
        return photo, any(found)

    def _photo(self, request: Request, name: str) -> Picture:
        if name not in request.files:
            raise BadRequest(f"{name}: missing, expected the file of a photo (multipart/form-data)")
        return photos.decode(request.files[name], name, self.limits)

    def _object(self, request: Request) -> tuple[Composer, Picture, Sequence[float]]:
        """The composer, the photo after earlier erasing, and the object's box in it."""
        composer = self.composers[_switch(request, "edges", "1")]
        given = _numbers("box", request.form.get("box", ""), (4,), "x,y,width,height")
        erasures = _erasures(request, "erased")
        photo = self._photo(request, "photo")
        box = geometry.clip_box(given, *photo.size)
        return composer, self._without(photo, erasures)[0], box


def compile_networks(composer: Composer) -> None:
    """Run every network once, so that the first request does not wait for its compilation."""
    grey = np.full((64, 64, 3), 127, np.uint8)
    box = (16.0, 16.0, 32.0, 32.0)
    side = refiner.SIDE
    refiner.refine(np.zeros((side, side, 3), np.uint8), np.zeros((side, side), np.float32))
    composer.erase(grey, box)
    composer.paste(grey, box, grey, (16, 16))


def _json(values: dict[str, Any]) -> Response:
    return Response(json.dumps(values), mimetype="application/json")


def _erasures(request: Request, name: str) -> list[Erasure]:
    """All objects to erase in the fields of a name."""
    texts = request.form.getlist(name)
    if len(texts) > MOST_BOXES:
        raise BadRequest(f"{name}: {len(texts)} boxes, expected at most {MOST_BOXES}")
    default = float(_switch(request, "edges", "1"))
    made = []
    for text in texts:
        values = _numbers(name, text, (4, 5, 6), ERASURE)
        seed, edges = values[4:] + (0.0, default)[len(values) - 4 :]
        if seed != int(seed) or not 0 <= seed <= MOST_SEED:
            raise BadRequest(f"{name} is {shown(text)}, expected a whole number from 0 to {MOST_SEED} as seed")
        if edges not in (0, 1):
            raise BadRequest(f"{name} is {shown(text)}, expected 0 or 1 as edges")
        made.append(Erasure(values[:4], int(seed), edges == 1))
    return made


def _switch(request: Request, name: str, default: str) -> bool:
    value = request.form.get(name, default)
    if value not in ("0", "1"):
        raise BadRequest(f"{name} is {shown(value)}, expected 0 or 1")
    return value == "1"


def _numbers(name: str, text: str, counts: Sequence[int], form: str) -> tuple[float, ...]:
    values = numbers(text, counts)
    if values is None:
        raise BadRequest(f"{name} is {shown(text)}, expected {form}, numbers in pixels")
    return values
