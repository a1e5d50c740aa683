"""Photographs in and out, with their transparency and colour profile; other metadata (EXIF, GPS) is left out."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from seigan_tf.data.photos import reading
from seigan_tf.data.photos.picture import Picture
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.outputs import check_writable

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {"compress_level": 3}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"quality": 95}),
    ".tif": ("TIFF", {"compression": "tiff_deflate"}),
    ".tiff": ("TIFF", {"compression": "tiff_deflate"}),
}
"""Writable file endings: Pillow's name and settings. PNG and TIFF keep every pixel; PNG's level 3 takes a third of the
time of the usual 6, and files are hardly larger."""
OPAQUE = (".jpg", ".jpeg")
"""Endings of formats without transparency."""
LONGEST_SIDE = {"JPEG": 65_535, "WEBP": 16_383}
"""Largest side of these formats in pixels."""


def read(path: Path, size: tuple[int, int] | None = None) -> Picture:
    """Read a photograph as `data.photos.reading.read`; errors are ValueError and name the path."""
    try:
        return reading.read(path, size)
    except reading.UnreadablePhoto as error:
        raise ValueError(f"{path}: {error}") from None


def check_ending(path: Path, transparent: bool = False, given: str = "") -> None:
    """Raise ValueError if the ending is not in FORMATS, or its format lacks the transparency that is needed.

    `given`: what the message names, by default the path.
    """
    suffix, given = path.suffix.lower(), given or str(path)
    if suffix not in FORMATS:
        raise ValueError(f"{given}: cannot write {suffix or 'without an ending'}, expected one of {', '.join(FORMATS)}")
    if transparent and suffix in OPAQUE:
        rest = ", ".join(ending for ending in FORMATS if ending not in OPAQUE)
        raise ValueError(f"{given}: {suffix} cannot hold transparency, expected one of {rest}")


def check_size(path: Path, width: int, height: int) -> None:
    """Raise ValueError if the format of the path's ending, one of FORMATS, cannot hold as many pixels a side."""
    name, _ = FORMATS[path.suffix.lower()]
    longest = LONGEST_SIDE.get(name)
    if longest and max(width, height) > longest:
        raise ValueError(f"{path}: {width} x {height} pixels, {name} holds {longest} a side; expected .png or .tif")


def write(path: Path, array: np.ndarray, profile: bytes | None = None) -> None:
    """Write a picture; a failure leaves the old file, or none.

    Args:
        path: file with an ending of FORMATS.
        array: uint8 [height, width], [height, width, 3] or [height, width, 4]. Formats without transparency get it on
            white.
        profile: ICC profile of RGB colours.

    Raises:
        ValueError: the path cannot be written to, or the format cannot hold a picture of that size.
        OSError: writing failed.
    """
    check_ending(path)
    check_writable(path)
    check_size(path, array.shape[1], array.shape[0])
    name, settings = FORMATS[path.suffix.lower()]
    if array.ndim == 3 and array.shape[2] == 4 and path.suffix.lower() in OPAQUE:
        array = Picture(array[..., :3], array[..., 3]).visible
    if profile and array.ndim == 3:
        settings = {**settings, "icc_profile": profile}
    with replacing(path) as temporary:
        Image.fromarray(array).save(temporary, format=name, **settings)


def convert_colours(pixels: np.ndarray, source: bytes | None, target: bytes | None) -> np.ndarray:
    """Convert uint8 [height, width, 3] between ICC profiles; None is sRGB. Damaged profiles change nothing."""
    if source == target:
        return pixels
    try:
        before, after = (
            ImageCms.ImageCmsProfile(io.BytesIO(profile) if profile else ImageCms.createProfile("sRGB"))
            for profile in (source, target)
        )
        image = ImageCms.profileToProfile(Image.fromarray(pixels), before, after, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return pixels
    return np.asarray(image)
