"""Reading and writing photographs in colour, with their transparency and their colour profile.

Colours and the ICC profile of the file are kept: a conversion to sRGB would change every pixel, and training does not
convert colours either. Other metadata (EXIF, GPS) is left out.
"""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from seigan_tf.compose.picture import Picture
from seigan_tf.data.photos.reading import (
    STORED,
    UnreadablePhoto,
    opened,
    remaining_orientation,
    strips,
    to_rgb,
    turned_size,
)
from seigan_tf.utils.atomic import replacing

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
    """Read the photograph in a file, upright by its EXIF data.

    Args:
        path: JPEG, PNG, WebP, TIFF or another readable format.
        size: width and height in the annotations; a photo whose stored pixels have that size is not turned.

    Raises:
        ValueError: missing, no image, damaged, too large, or of another size.
    """
    try:
        with opened(path) as image:
            orientation = remaining_orientation(image, path)
            width, height = upright = turned_size(image.size, orientation)
            if size not in (None, upright, image.size):
                raise UnreadablePhoto(f"{width} x {height} pixels, but its annotations expect {size[0]} x {size[1]}")
            turned = size in (None, upright) and orientation != 1
            turn = STORED[orientation] if turned else lambda array: array
            width, height = size or upright
            image.load()
            pixels, alpha = np.empty((height, width, 3), np.uint8), None
            if image.has_transparency_data:
                alpha = np.empty((height, width), np.uint8)
                _split(image, turn(pixels), turn(alpha))
            else:
                to_rgb(image, turn(pixels))
            return Picture(pixels, None if alpha is None or alpha.min() == 255 else alpha, _profile(image))
    except UnreadablePhoto as error:
        raise ValueError(f"{path}: {error}") from None


def check_ending(path: Path, transparent: bool = False) -> None:
    """Raise ValueError if the ending is not in FORMATS, or its format lacks the transparency that is needed."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"{path}: cannot write {suffix or 'without an ending'}, expected one of {', '.join(FORMATS)}")
    if transparent and suffix in OPAQUE:
        rest = ", ".join(ending for ending in FORMATS if ending not in OPAQUE)
        raise ValueError(f"{path}: {suffix} cannot hold transparency, expected one of {rest}")


def check_writable(path: Path) -> None:
    """Raise ValueError if no file can be written to `path`: it is a folder, or its folder is missing or read-only."""
    if path.is_dir():
        raise ValueError(f"{path}: a folder, expected a file to write")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"{path}: its folder does not exist")
    if not os.access(path.absolute().parent, os.W_OK):
        raise ValueError(f"{path}: its folder cannot be written to")


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
    name, settings = FORMATS[path.suffix.lower()]
    longest = LONGEST_SIDE.get(name)
    if longest and max(array.shape[:2]) > longest:
        raise ValueError(
            f"{path}: {array.shape[1]} x {array.shape[0]} pixels, {name} holds {longest} a side; expected .png or .tif"
        )
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


def _split(image: Image.Image, pixels: np.ndarray, alpha: np.ndarray) -> None:
    """Fill colours [height, width, 3] and transparency [height, width] from a transparent image."""
    for rows, strip in strips(image):
        rgba = np.asarray(strip.convert("RGBA"))
        pixels[rows], alpha[rows] = rgba[..., :3], rgba[..., 3]


def _profile(image: Image.Image) -> bytes | None:
    """The ICC profile if it is one of RGB; profiles of grey and CMYK do not fit the RGB pixels."""
    profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and profile[16:20] == b"RGB " else None
