"""Reading of photographs of any format and pixel type, upright and as RGB: the one reader of the whole project.

Colours and the ICC profile of the file are kept: a conversion to sRGB would change every pixel.
"""

import logging
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from seigan_tf.data.photos.decoding import fill, mend_transparent_colour
from seigan_tf.data.photos.exif import has_late_exif
from seigan_tf.data.photos.kinds import START, UNREAD, image_kind, raw_kind
from seigan_tf.data.photos.photo import Photo
from seigan_tf.data.photos.picture import Picture
from seigan_tf.utils.text import one_line, shown

logging.getLogger("PIL").addHandler(logging.NullHandler())  # its lines would come before the one of this project
Image.init()  # registers every format now, which Pillow would do for some only when another one is met

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF")
"""Pillow's names. Others it reads are no photographs, and some of them start programs (EPS)."""
MAX_PIXELS = 210_000_000
"""Phones make photos of up to 200 million pixels, 16,320 x 12,240. Decoding takes up to 8 bytes for each, however small
the file; so more is refused, by the header."""
if Image.MAX_IMAGE_PIXELS is not None:
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, MAX_PIXELS // 2)  # Pillow itself refuses twice its number
FEW = 2_000_000
"""Pixels of a photo that is decoded in hundredths of a second, in full."""
MOST_IN_FULL = 110_000_000
"""Largest JPEG file that `read_photo` decodes in full: several processes read training data at once."""
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

    Raises UnreadablePhoto if it is missing, no image, or too large; `read` may refuse the rest of the file.
    """
    with _opened(path) as image:
        return _turned_size(image.size, _remaining_orientation(image, path))


def photo_orientation(path: Path) -> int:
    """Read the EXIF orientation, 1 to 8, by which `read` turns the photo; errors as in `photo_size`."""
    with _opened(path) as image:
        return _remaining_orientation(image, path)


def read_photo(photo: Photo, reduction: float = 1.0) -> np.ndarray:
    """Read the photo's visible pixels, uint8 [height, width, 3] RGB, on white where it is transparent.

    A JPEG of more than FEW pixels may be decoded at 1/2, 1/4 or 1/8 of its width and height, and each of those pixels
    is repeated: crops that reduce the photo further look the same, and decoding takes less than half the time. One of
    more than MOST_IN_FULL pixels is always reduced, as decoding takes 5 bytes a pixel. Otherwise as `read`.

    Args:
        photo: file, size and name.
        reduction: largest factor by which width and height may be reduced.
    """
    return _read(photo.path, (photo.width, photo.height), reduction, MOST_IN_FULL).visible


def read(path: Path, size: tuple[int, int] | None = None) -> Picture:
    """Read the photograph in a file, turned upright by its EXIF data.

    16-bit and float values are scaled to 8 bits. `size`: width and height in its annotations; a photo whose stored
    pixels have that size, which it has not when it is upright, is not turned.

    Raises UnreadablePhoto if the file cannot be decoded, or is of another size than its annotations say.
    """
    return _read(path, size, 1.0, MAX_PIXELS)


def _read(path: Path, size: tuple[int, int] | None, reduction: float, most_in_full: int) -> Picture:
    with _opened(path) as image:
        orientation = _remaining_orientation(image, path)
        upright = _turned_size(image.size, orientation)
        if size not in (None, upright, image.size):
            raise UnreadablePhoto(
                f"{upright[0]} x {upright[1]} pixels, but its annotations expect {size[0]} x {size[1]}"
            )
        turned = size in (None, upright) and orientation != 1
        turn = STORED[orientation] if turned else lambda array: array
        width, height = size or upright
        repeats = _repeats(image, reduction, most_in_full)
        if repeats > 1:
            image.draft(image.mode, (image.width // repeats, image.height // repeats))
        image.load()
        pixels, alpha = np.empty((height, width, 3), np.uint8), None
        if image.has_transparency_data:
            alpha = np.empty((height, width), np.uint8)
        if repeats > 1:
            reduced = np.empty((-(-height // repeats), -(-width // repeats), 3), np.uint8)
            fill(image, turn(reduced), None)
            _repeat(reduced, pixels, repeats, _from_the_end(turn(pixels), pixels))
        else:
            fill(image, turn(pixels), None if alpha is None else turn(alpha))
        return Picture(pixels, None if alpha is None or alpha.min() == 255 else alpha, _profile(image))


def _repeats(image: Image.Image, reduction: float, most_in_full: int) -> int:
    """Return the factor by which the decoder reduces width and height: 1, 2, 4 or 8."""
    count = image.width * image.height
    if image.format not in ("JPEG", "MPO") or count <= FEW:
        return 1
    least = 2 if count > most_in_full else 1
    return max(factor for factor in (1, 2, 4, 8) if factor <= max(reduction, least))


def _from_the_end(stored: np.ndarray, upright: np.ndarray) -> tuple[bool, bool]:
    """Tell whether rows and columns of an upright photo are stored from the last one on: `stored` is its view so."""
    backwards = {-stride for stride in stored.strides[:2] if stride < 0}
    return upright.strides[0] in backwards, upright.strides[1] in backwards


def _repeat(reduced: np.ndarray, pixels: np.ndarray, repeats: int, from_the_end: tuple[bool, bool]) -> None:
    """Fill `pixels` with those of a photo of 1/`repeats` of their width and height, rounded up.

    The decoder rounds up at the end of what is stored, which is the beginning of axes that are `from_the_end`.
    """
    lengths = zip(reduced.shape[:2], pixels.shape[:2], from_the_end, strict=True)
    above, before = (few * repeats - length if turned else 0 for few, length, turned in lengths)
    for row, values in enumerate(reduced):
        top = row * repeats - above
        columns = np.repeat(values, repeats, axis=0)[before : before + pixels.shape[1]]
        pixels[max(top, 0) : top + repeats] = columns


def _profile(image: Image.Image) -> bytes | None:
    """The ICC profile if it is one of RGB; profiles of grey and CMYK do not fit the RGB pixels."""
    profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and profile[16:20] == b"RGB " else None


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
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
    start = b""
    try:
        # Pillow warns of large photos, of damaged metadata and of more; only errors matter here. It is given no path,
        # because from one it maps uncompressed TIFF files into memory, and turns those of some modes wrongly.
        with warnings.catch_warnings(action="ignore"), path.open("rb") as file:
            start = file.read(START)
            formats = _formats(file, start, path)
            with Image.open(file, formats=formats) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise UnreadablePhoto(too_large)
                mend_transparent_colour(image)
                image.info.pop("xmp", None)  # Pillow would turn a TIFF file by it, see `_remaining_orientation`
                yield image
    except UnreadablePhoto:
        raise
    except Image.DecompressionBombError:
        raise UnreadablePhoto(too_large) from None
    except MemoryError:
        raise UnreadablePhoto("too large for the memory that is free; use fewer workers") from None
    except UnidentifiedImageError:
        kind = image_kind(start)
        if kind and kind not in UNREAD:
            raise UnreadablePhoto(f"damaged or unusual {kind} file") from None
        what = f"{kind} file" if kind else "not an image of a known format"
        raise UnreadablePhoto(f"{what}, expected one of {', '.join(FORMATS)}, HEIC") from None
    except Exception as error:  # Pillow's decoders raise nearly everything on damaged files.
        raise UnreadablePhoto(getattr(error, "strerror", None) or one_line(error)) from None


def _formats(file: BinaryIO, start: bytes, path: Path) -> tuple[str, ...]:
    """Pillow's names of the formats that the file may have; raises UnreadablePhoto if it is a camera raw file."""
    if raw := raw_kind(file, start, path.suffix):
        raise UnreadablePhoto(
            f"a camera raw file ({raw}), whose only picture is a preview; develop it first, for example: "
            f"darktable-cli {shown(path.name)} {shown(path.stem)}.jpg"
        )
    file.seek(0)
    if image_kind(start) != "HEIC":
        return FORMATS
    _register_heic()
    return ("HEIF",)


@cache
def _register_heic() -> None:
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        raise UnreadablePhoto("a HEIC photograph needs the package pillow-heif: pip install pillow-heif") from None
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def _turned_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return size[::-1] if orientation >= 5 else size


def _remaining_orientation(image: Image.Image, path: Path) -> int:
    """Return the EXIF orientation, 1 to 8, that Pillow has not applied; 1 if the file has none that can be read.

    An orientation in XMP alone does not count, as in browsers, OpenCV and the exported models; Pillow's own `getexif`
    falls back to it.
    """
    if image.format in ("TIFF", "HEIF"):
        return 1  # Pillow or its plugin applies it.
    try:
        if image.format == "PNG" and "exif" not in image.info and has_late_exif(path):
            image.load()  # decodes the whole image
        exif = Image.Exif()
        exif.load(image.info.get("exif", b""))
        orientation = exif.get(EXIF_ORIENTATION, 1)
    except Exception:  # Damaged metadata of a photo that may be sound.
        return 1
    return orientation if orientation in STORED else 1
