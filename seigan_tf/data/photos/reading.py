"""Reading of photographs of any format and pixel type, upright and as RGB."""

import os
import stat
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from seigan_tf.data.photos.photo import Photo
from seigan_tf.utils.text import one_line

Image.init()  # registers every format now, which Pillow would do for some only when another one is met

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF")
"""Pillow's names. Others it reads are no photographs, and some of them start programs (EPS)."""
MAX_PIXELS = 110_000_000
"""Cameras for photographs make up to 102 million (medium format, 11,656 x 8,742). Decoding takes up to 8 bytes for each
in every worker process, however small the file; so more is refused, by the header."""
STRIP_PIXELS = 2**20
"""Pixels that are converted at a time, so that no second copy of a photo is in memory on the way to RGB."""
EXIF_ORIENTATION = 0x0112
STORED = {
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: upright.swapaxes(0, 1)[::-1],
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: upright.swapaxes(0, 1)[:, ::-1],
}
"""Views of an upright photo's pixels in the order in which a file of that EXIF orientation stores them."""


class UnreadablePhoto(Exception):
    """The file is missing, damaged, no photograph or another one than expected; the message is one line."""


def photo_size(path: Path) -> tuple[int, int]:
    """Read width and height of the upright photo, by the orientation in its EXIF data, from the file's header.

    Raises UnreadablePhoto if it is missing, no image, or too large; `read_photo` may refuse the rest of the file.
    """
    with opened(path) as image:
        return turned_size(image.size, remaining_orientation(image, path))


def read_photo(photo: Photo) -> np.ndarray:
    """Read the photo's pixels, uint8 [height, width, 3] RGB.

    They are turned upright by the EXIF data, unless width and height of the annotations are those of the pixels as they
    are stored. Transparent pixels are laid on white; 16-bit and float values are scaled to 8 bits.

    Raises UnreadablePhoto if the file cannot be decoded, or is of another size than its annotations say.
    """
    expected = photo.width, photo.height
    with opened(photo.path) as image:
        orientation = remaining_orientation(image, photo.path)
        size = turned_size(image.size, orientation)
        if size != expected and image.size != expected:
            raise UnreadablePhoto(
                f"{size[0]} x {size[1]} pixels, but its annotations expect {expected[0]} x {expected[1]}"
            )
        image.load()
        pixels = np.empty((photo.height, photo.width, 3), np.uint8)
        turned = size == expected and orientation != 1
        to_rgb(image, STORED[orientation](pixels) if turned else pixels)
        return pixels


def without_exif(content: bytes) -> bytes:
    """Remove the EXIF data of a JPEG file; other files are returned unchanged."""
    if not content.startswith(b"\xff\xd8"):
        return content
    kept, position = [content[:2]], 2
    while content[position : position + 1] == b"\xff" and position + 4 <= len(content):
        marker, end = content[position + 1], position + 2 + int.from_bytes(content[position + 2 : position + 4], "big")
        if marker == 0xDA or end <= position + 2:  # the pixels begin, or the file is damaged
            break
        if not (marker == 0xE1 and content[position + 4 : position + 10] == b"Exif\0\0"):
            kept.append(content[position:end])
        position = end
    return b"".join([*kept, content[position:]])


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Yield the image at `path`, header read; any error inside becomes UnreadablePhoto, warnings are dropped."""
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError | ValueError)
        raise UnreadablePhoto("missing" if missing else one_line(error)) from None
    if not stat.S_ISREG(status.st_mode):
        raise UnreadablePhoto("a folder, expected a file" if stat.S_ISDIR(status.st_mode) else "not a file")
    if not status.st_size:
        raise UnreadablePhoto("an empty file, expected a photograph")
    too_large = f"more than {MAX_PIXELS:,} pixels, expected a photograph of a camera"
    try:
        # Pillow warns of large photos, of damaged metadata and of more; only errors matter here. It is given no path,
        # because from one it maps uncompressed TIFF files into memory, and turns those of some modes wrongly.
        with (
            warnings.catch_warnings(action="ignore"),
            path.open("rb") as file,
            Image.open(file, formats=FORMATS) as image,
        ):
            if image.width * image.height > MAX_PIXELS:
                raise UnreadablePhoto(too_large)
            yield image
    except UnreadablePhoto:
        raise
    except Image.DecompressionBombError:
        raise UnreadablePhoto(too_large) from None
    except MemoryError:
        raise UnreadablePhoto("too large for the memory that is free; use fewer workers") from None
    except UnidentifiedImageError:
        raise UnreadablePhoto(f"not an image of a known format ({', '.join(FORMATS)})") from None
    except Exception as error:  # Pillow's decoders raise nearly everything on damaged files.
        raise UnreadablePhoto(getattr(error, "strerror", None) or one_line(error)) from None


def turned_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return size[::-1] if orientation >= 5 else size


def remaining_orientation(image: Image.Image, path: Path) -> int:
    """Return the EXIF orientation, 1 to 8, that Pillow has not applied; 1 if the file has none that can be read."""
    if image.format == "TIFF":
        return 1  # Pillow applies it.
    if image.format == "PNG" and "exif" not in image.info and not _late_exif(path):
        return 1  # Pillow would decode the whole image to look for it.
    try:
        orientation = image.getexif().get(EXIF_ORIENTATION, 1)
    except Exception:  # Damaged metadata of a photo that may be sound.
        return 1
    return orientation if orientation in STORED else 1


def _late_exif(path: Path) -> bool:
    """Tell whether a PNG file has its EXIF data behind the pixels, where some programs put it."""
    with path.open("rb") as file:
        file.seek(8)
        while len(header := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", header)
            if kind == b"eXIf":
                return True
            file.seek(length + 4, os.SEEK_CUR)
    return False


def to_rgb(image: Image.Image, pixels: np.ndarray) -> None:
    """Fill `pixels`, uint8 [height, width, 3], with the image's colours."""
    deep = image.mode.startswith("I;16") or image.mode in ("I", "F")
    top = _top(image) if deep else 255.0
    for rows, strip in strips(image):
        if deep:
            pixels[rows] = (np.clip(_finite(strip) / top, 0, 1) * 255 + 0.5).astype(np.uint8)[..., None]
        elif strip.has_transparency_data:
            layer = strip.convert("RGBA")
            white = Image.new("RGBA", layer.size, "white")
            pixels[rows] = np.asarray(Image.alpha_composite(white, layer).convert("RGB"))
        else:
            pixels[rows] = np.asarray(strip if strip.mode == "RGB" else strip.convert("RGB"))


def strips(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """Yield the image in pieces of full width, each with its rows."""
    count = max(STRIP_PIXELS // image.width, 1)
    if count >= image.height:
        yield slice(None), image
        return
    for top in range(0, image.height, count):
        bottom = min(top + count, image.height)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def _top(image: Image.Image) -> float:
    """Return the value of white among grey values of more than 8 bits: the end of the smallest usual range."""
    # Integers are of 16 bits however dark the photo; of floats, ranges of 1 and of 255 are common.
    ranges = (1.0, 255.0, 65535.0) if image.mode == "F" else (65535.0,)
    peak = max(float(_finite(strip).max()) for _, strip in strips(image))
    return next((top for top in ranges if peak <= top), peak)


def _finite(image: Image.Image) -> np.ndarray:
    """Return grey values of more than 8 bits as float32, with 0 in place of NaN and infinity."""
    return np.nan_to_num(np.asarray(image, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
