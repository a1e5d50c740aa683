"""The page's server in this process, with networks that need no training: objects are ellipses in their boxes."""

import contextlib
import io
import threading

import numpy as np
from PIL import Image

from seigan_tf.compose.composer import Composer
from seigan_tf.data.photos.photo import Object
from seigan_tf.serve import server
from seigan_tf.serve.application import ComposeApplication
from seigan_tf.serve.photos import Limits
from seigan_tf.serve.work_queue import WorkQueue


class StubBackend:
    """As `compose.backends.Backend`. While `gate` is closed they are at work, and `calls` counts the cuts."""

    name, size, object_fraction, confine_mask, outside_contrast = "stub", 32, 0.78125, True, 1.0

    def __init__(self):
        self.gate, self.calls = threading.Event(), 0
        self.gate.set()

    def segment(self, images, boxes):
        self.calls += 1
        assert self.gate.wait(30)
        centres = (np.arange(self.size) + 0.5) / self.size
        top, left, bottom, right = np.asarray(boxes).T[..., None, None]
        rows = (centres[:, None] - (top + bottom) / 2) / (bottom - top)
        columns = (centres - (left + right) / 2) / (right - left)
        return (rows**2 + columns**2 < 0.25).astype(np.float32)[..., None]

    def inpaint(self, images, masks):
        return np.zeros((*masks.shape[:3], 3), np.float32)

    def enhance(self, images):
        return images.astype(np.float32) / 127.5 - 1


def application(
    backend=None, pixels=3_000_000, size=2_000_000, waiting=8, host="127.0.0.1", find=None
) -> ComposeApplication:
    composer = Composer(backend or StubBackend())
    return ComposeApplication(composer, server.Hosts(host), Limits(pixels, size), WorkQueue(waiting), find)


def find_red(pixels, point):
    """A detector: what is red, if the point lies in its box."""
    rows, columns = (np.flatnonzero((pixels[..., 0] > pixels[..., 1] + 60.0).any(axis)) for axis in (1, 0))
    box = columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]
    inside = all(low <= at <= low + length for at, low, length in zip(point, box[:2], box[2:], strict=True))
    return Object(tuple(map(float, box)), category="disc") if inside else None


@contextlib.contextmanager
def served(application, **limits):
    """Serves in a thread; the page's address."""
    settings = {"threads": 16, "max_request_body_size": 100_000_000, "channel_request_lookahead": 1, **limits}
    serving, address = server.listen(application, "127.0.0.1", 0, **settings)
    threading.Thread(target=serving.run, daemon=True).start()
    try:
        yield address
    finally:
        serving.task_dispatcher.shutdown()
        serving.close()


def scene(width=320, height=240, seed=0, mode="RGB") -> Image.Image:
    """A photo: a red disc, 100 pixels wide, around (120, 110), before coarse noise that is grey."""
    random = np.random.default_rng(seed)
    noise = random.integers(60, 200, (height // 8 + 1, width // 8 + 1)).repeat(8, 0).repeat(8, 1)[:height, :width]
    pixels = np.repeat(noise[..., None], 3, -1).astype(np.uint8)
    y, x = np.mgrid[:height, :width]
    pixels[(x - 120) ** 2 + (y - 110) ** 2 < 50**2] = (200, 30, 30)
    return Image.fromarray(pixels).convert(mode)


BOX = (70, 60, 100, 100)
"""Box of the disc."""


def encoded(image: Image.Image, form="PNG", **settings) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **settings)
    return file.getvalue()
