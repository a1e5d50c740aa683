"""Cut, erase and paste over HTTP. Nothing is kept: each request brings its photographs and boxes.

    GET  /                 index.html, and the page's other files
    GET  /api/settings     {"name", "size", "max_upload"}
    POST /api/open         photo                                     -> preview; Photo-Size: width,height of the photo
    POST /api/cut          photo, box, [erased ...], [edges]         -> cut-out, PNG; Rectangle: x,y,width,height
    POST /api/erase        photo, box ..., [edges]                   -> photo without the objects, PNG
    POST /api/paste        photo, box, [erased ...], [edges], onto, at -> the other photo with the object, PNG

Forms are multipart/form-data; `photo` and `onto` are files, boxes x,y,width,height in pixels of the upright photo;
`erased` are boxes that are erased from the photo first, `at` is x,y[,width] in pixels of the other photo, edges 0 or 1.
What is wrong comes as {"error": one line}: 400 fields, 403 another host or website, 413 and 422 photos and boxes, 503
too many requests at once.
"""

import json
from collections.abc import Callable, Sequence

import numpy as np
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable, UnprocessableEntity
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from seigan_tf.compose import geometry
from seigan_tf.compose.composer import Composer
from seigan_tf.compose.geometry import Box
from seigan_tf.compose.picture import Picture
from seigan_tf.serve import fields, photos, server
from seigan_tf.serve.hosts import Hosts
from seigan_tf.serve.photos import MEGABYTE, Encoded, Limits
from seigan_tf.serve.turns import Gone, NoPlace, Turns

AGAIN = 5
"""Seconds after which who found no place may come back."""


class Application(server.Application):
    """The page and its requests, as a WSGI application.

    Args:
        composer: that does the work.
        hosts: names that it is called by.
        limits: of each photograph.
        turns: in which requests use the composer.
    """

    routes = Map(
        [
            Rule("/", endpoint="page", methods=["GET"]),
            Rule("/<name>", endpoint="page", methods=["GET"]),
            Rule("/api/settings", endpoint="settings", methods=["GET"]),
            *(Rule(f"/api/{name}", endpoint=name, methods=["POST"]) for name in ("open", "cut", "erase", "paste")),
        ]
    )

    def __init__(self, composer: Composer, hosts: Hosts, limits: Limits, turns: Turns):
        super().__init__(server.page_files("seigan_tf.serve"))
        self.composers = {True: composer, False: Composer(composer.backend, refine=False)}
        self.hosts, self.limits, self.turns = hosts, limits, turns

    @property
    def max_body(self) -> int:
        """Bytes of a request: two photographs and the fields."""
        return 2 * self.limits.bytes + fields.SMALL

    def check(self, request: Request) -> None:
        self.hosts.check(request)
        request.max_content_length = self.max_body
        fields.limit(request)
        if (request.content_length or 0) > self.max_body:
            raise RequestEntityTooLarge(
                f"{request.content_length / MEGABYTE:.1f} MB,"
                f" expected photos of at most {self.limits.bytes / MEGABYTE:g} MB each"
            )

    def settings(self, request: Request) -> Response:
        backend = self.composers[True].backend
        values = {
            "name": backend.name,
            "size": backend.size,
            "max_upload": self.limits.bytes,
        }
        return Response(json.dumps(values), mimetype="application/json")

    def open(self, request: Request) -> Response:
        def work():
            photo = self._photo(request, "photo")
            return photos.preview(photo), {"Photo-Size": _text(photo.size)}

        return self._answer(request, work)

    def cut(self, request: Request) -> Response:
        def work():
            composer, photo, box = self._object(request)
            seen = photo.visible
            matte = composer.matte(seen, box)
            window, cutout = matte.window, matte.cutout(photo, matte.mask(seen))
            _check_found(cutout[..., 3].any())
            rectangle = window.left, window.top, window.width, window.height
            return photos.png(cutout, photo.profile), {"Rectangle": _text(rectangle)}

        return self._answer(request, work)

    def erase(self, request: Request) -> Response:
        def work():
            composer, boxes = self.composers[fields.edges(request)], fields.boxes(request, "box", least=1)
            photo = self._photo(request, "photo")
            erased = composer.erase_picture(photo, boxes)
            _check_found(not np.array_equal(erased.array, photo.array))
            return photos.png(erased.array, erased.profile), {}

        return self._answer(request, work)

    def paste(self, request: Request) -> Response:
        def work():
            composer, photo, box = self._object(request)
            at, onto = fields.at(request), self._photo(request, "onto")
            pasted = composer.paste_picture(photo, box, onto, at)
            _check_found(not np.array_equal(pasted.array, onto.array))
            return photos.png(pasted.array, pasted.profile), {}

        return self._answer(request, work)

    def _photo(self, request: Request, name: str) -> Picture:
        return photos.read(fields.photo(request, name), name, self.limits)

    def _object(self, request: Request) -> tuple[Composer, Picture, Box]:
        """Who is to work, and on which box of which photo."""
        composer = self.composers[fields.edges(request)]
        box, erased = fields.box(request), fields.boxes(request, "erased")
        photo = self._photo(request, "photo")
        box = geometry.clip_box(box, *photo.size)
        return composer, composer.erase_picture(photo, erased) if erased else photo, box

    def _answer(self, request: Request, work: Callable[[], tuple[Encoded, dict[str, str]]]) -> Response:
        """The picture that `work` makes when its turn has come, with its headers."""
        try:
            picture, headers = self.turns.do(work, request.environ.get("waitress.client_disconnected", lambda: False))
        except NoPlace:
            raise ServiceUnavailable(
                "many photos are being worked on right now; please try again in a moment", retry_after=AGAIN
            ) from None
        except Gone:
            raise ServiceUnavailable("the connection was closed") from None
        except ValueError as error:
            raise UnprocessableEntity(" ".join(str(error).split())) from None
        except MemoryError:
            raise UnprocessableEntity("photo: too large for the memory that is free") from None
        return Response(picture.content, mimetype=picture.mimetype, headers=headers)


def warm_up(composer: Composer) -> None:
    """Has every network work once, so that the first request need not wait for them to be made ready."""
    grey = np.full((64, 64, 3), 127, np.uint8)
    box = (16.0, 16.0, 32.0, 32.0)
    composer.erase(grey, box)
    composer.paste(grey, box, grey, (16, 16))


def _check_found(found: bool) -> None:
    if not found:
        raise UnprocessableEntity("no object was found in the box")


def _text(numbers: Sequence[float]) -> str:
    return ",".join(f"{number:g}" if isinstance(number, float) else str(number) for number in numbers)
