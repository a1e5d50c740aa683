"""One photo as files of every format and EXIF orientation, which all show the same once they stand upright."""

import io

import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener

from tests.compose.scene import ball, box_of

register_heif_opener()

WIDTH, HEIGHT = 120, 90
CENTRE, RADIUS = (42, 36), 20
BOX = box_of(CENTRE, RADIUS)
"""Box of a red ball, left of and above the middle: x, y, width and height in the upright photo."""
FORMATS = {
    "jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    "png": ("PNG", {}),
    "webp": ("WEBP", {"lossless": True}),
    "tif": ("TIFF", {}),
    "heic": ("HEIF", {"quality": 95, "chroma": 444}),
    "avif": ("AVIF", {"quality": 95, "speed": 10, "subsampling": "4:4:4"}),
}
"""File name endings, Pillow's names and settings."""
DIFFERENT = 5.0
"""Largest mean difference, of 255: lossy formats change pixels, and the texture that fills a hole with them."""


def upright() -> np.ndarray:
    return ball(WIDTH, HEIGHT, CENTRE, RADIUS)[0]


def stored(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """The pixels in the order in which a file of that orientation stores them (EXIF 2.3, table 6)."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    across, down = {1: (1, 1), 2: (-1, 1), 3: (-1, -1), 4: (1, -1), 5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}[
        orientation
    ]
    return np.ascontiguousarray(pixels[::down, ::across])


def files(*suffixes: str) -> dict[str, bytes]:
    """Names such as jpg-6.jpg, of every orientation, and the files' contents; all formats by default."""
    found = {}
    for suffix in suffixes or FORMATS:
        name, settings = FORMATS[suffix]
        for orientation in range(1, 9):
            exif, file = Image.Exif(), io.BytesIO()
            exif[0x0112] = orientation
            image = Image.fromarray(stored(upright(), orientation))
            image.save(file, name, exif=exif.tobytes(), **settings)
            found[f"{suffix}-{orientation}.{suffix}"] = file.getvalue()
    return found


def check_alike(pictures: dict[str, np.ndarray]) -> None:
    """Compare uint8 pictures, named as their files, with that of the PNG file which is stored upright."""
    expected = pictures["png-1.png"].astype(int)
    assert {name for name, found in pictures.items() if found.shape != expected.shape} == set()
    differences = {name: np.abs(found - expected).mean() for name, found in pictures.items()}
    assert {name: value for name, value in differences.items() if value > DIFFERENT} == {}
