"""Photographs in requests, decoded within limits, and in responses."""

import io
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge, UnprocessableEntity
from werkzeug.wrappers import Response

from seigan_tf.compose import photo_files
from seigan_tf.data.photos.kinds import RAW_SUFFIXES
from seigan_tf.data.photos.picture import Picture
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size

PREVIEW = 1600
"""Longest side, in pixels, of the picture that the page shows and works on until something is saved."""
MEGABYTE = 1_000_000


class Limits(NamedTuple):
    pixels: int
    bytes: int


def decode(upload: FileStorage, name: str, limits: Limits) -> Picture:
    """Decode the photograph in the form field `name`, upright; `limits` are checked before.

    The upload is copied to a temporary file; of its own name only the ending of camera raw files is kept.

    Raises:
        RequestEntityTooLarge: too many bytes.
        UnprocessableEntity: not an image, damaged, or too many pixels.
    """
    with tempfile.TemporaryDirectory(prefix="seigan-") as folder:
        suffix = Path(upload.filename or "").suffix.lower()
        path = Path(folder) / f"photo{suffix if suffix in RAW_SUFFIXES else ''}"
        upload.save(path)
        size = path.stat().st_size
        if size > limits.bytes:
            raise RequestEntityTooLarge(
                f"{name}: {size / MEGABYTE:.1f} MB, expected at most {limits.bytes / MEGABYTE:g} MB"
            )
        try:
            width, height = photo_size(path)
            if width * height > limits.pixels:
                raise ValueError(f"{width:,} x {height:,} pixels, expected at most {limits.pixels / 1e6:g} million")
            return photo_files.read(path)
        except (UnreadablePhoto, ValueError) as error:
            raise UnprocessableEntity(f"{name}: {str(error).removeprefix(f'{path}: ')}") from None


def preview_response(photo: Picture) -> Response:
    """The photo with at most PREVIEW pixels on a side: JPEG, or PNG with transparency."""
    scale = min(1.0, PREVIEW / max(photo.size))
    size = max(round(photo.size[0] * scale), 1), max(round(photo.size[1] * scale), 1)
    if photo.alpha is None:
        image = Image.fromarray(photo.pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        return _picture_response(image, photo.profile, "JPEG", quality=92, subsampling=0)
    # "RGBa" has colours times transparency, so that those of transparent pixels do not reach their neighbours.
    image = Image.fromarray(photo.array).convert("RGBa").resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return _picture_response(image.convert("RGBA"), photo.profile, "PNG", compress_level=3)


def png_response(array: np.ndarray, profile: bytes | None) -> Response:
    """The pixels, uint8 [height, width, 3 or 4], as PNG."""
    return _picture_response(Image.fromarray(array), profile, "PNG", compress_level=3)


def _picture_response(image: Image.Image, profile: bytes | None, form: str, **settings) -> Response:
    file = io.BytesIO()
    image.save(file, form, icc_profile=profile, **settings)
    return Response(file.getvalue(), mimetype=f"image/{form.lower()}")
