"""Photographs of requests: decoded within limits, encoded for the answer."""

import io
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge, UnprocessableEntity

from seigan_tf.compose import photo_files
from seigan_tf.compose.picture import Picture
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size

PREVIEW = 1600
"""Longest side, in pixels, of the picture that the page shows and works on until something is saved."""
MEGABYTE = 1_000_000


class Limits(NamedTuple):
    """What a photograph may have."""

    pixels: int
    bytes: int


class Encoded(NamedTuple):
    """A picture file in memory."""

    content: bytes
    mimetype: str


def read(upload: FileStorage, name: str, limits: Limits) -> Picture:
    """The photograph in a field, upright.

    Args:
        upload: of the field. It is copied to a name of our own, as Composer's reading takes files; nothing is opened
            by a name that came with it.
        name: of the field.
        limits: checked before anything is decoded.

    Raises:
        RequestEntityTooLarge: more bytes than allowed.
        UnprocessableEntity: not an image, damaged, or more pixels than allowed.
    """
    with tempfile.TemporaryDirectory(prefix="seigan-") as folder:
        path = Path(folder) / "photo"
        upload.save(path)
        size = path.stat().st_size
        if size > limits.bytes:
            raise RequestEntityTooLarge(
                f"{name}: {size / MEGABYTE:.1f} MB, expected at most {limits.bytes / MEGABYTE:g} MB"
            )
        try:
            width, height = photo_size(path)
            if width * height > limits.pixels:
                raise UnreadablePhoto(
                    f"{width:,} x {height:,} pixels, expected at most {limits.pixels / 1e6:g} million"
                )
            return photo_files.read(path)
        except UnreadablePhoto as error:
            raise UnprocessableEntity(f"{name}: {error}") from None
        except ValueError as error:
            raise UnprocessableEntity(f"{name}: {str(error).removeprefix(f'{path}: ')}") from None


def preview(photo: Picture) -> Encoded:
    """The photo with at most PREVIEW pixels on a side: JPEG, or PNG where it is transparent."""
    scale = min(1.0, PREVIEW / max(photo.size))
    size = tuple(max(round(length * scale), 1) for length in photo.size)
    if photo.alpha is None:
        image = Image.fromarray(photo.pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        return _encoded(image, photo.profile, "JPEG", quality=92, subsampling=0)
    # "RGBa" has colours times transparency, so that those of transparent pixels stay out of their neighbours.
    image = Image.fromarray(photo.array).convert("RGBa").resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return _encoded(image.convert("RGBA"), photo.profile, "PNG", compress_level=3)


def png(array: np.ndarray, profile: bytes | None) -> Encoded:
    """Pixels, uint8 [height, width, 3 or 4], as they are."""
    return _encoded(Image.fromarray(array), profile, "PNG", compress_level=3)


def _encoded(image: Image.Image, profile: bytes | None, form: str, **settings) -> Encoded:
    file = io.BytesIO()
    image.save(file, form, icc_profile=profile, **settings)
    return Encoded(file.getvalue(), f"image/{form.lower()}")
