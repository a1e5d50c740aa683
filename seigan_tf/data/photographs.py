"""Opens photographs, whatever their format and pixels, upright and as RGB."""

import os
import stat
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

# Each registers its format, which Pillow would otherwise do for some only when another format is met.
from PIL import (
    AvifImagePlugin,  # noqa: F401
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    Jpeg2KImagePlugin,  # noqa: F401
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    PpmImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from seigan_tf.data.annotations import Photo

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF")
"""Pillow's names. Others it reads are no photographs, and some of them start programs (EPS)."""
MAX_PIXELS = 178_956_970
"""More than any camera makes; Pillow refuses more as well. Checked before anything is decoded."""
EXIF_ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes an image of that EXIF orientation upright."""


class UnreadablePhoto(Exception):
    """The file is missing, damaged, no photograph or another one than expected; the message, one line, says which."""


def photo_size(path: Path) -> tuple[int, int]:
    """Width and height of the photo as it is looked at: upright, by the orientation in its EXIF data.

    Only the header is read, so that a file with a good start may still be one that `read_photo` refuses.

    Raises:
        UnreadablePhoto: missing, no image, or too large.
    """
    with _opened(path) as image:
        return _turned(image.size, _orientation(image, path))


def read_photo(photo: Photo) -> np.ndarray:
    """The photo's pixels, uint8 [height, width, 3] RGB.

    Upright by its EXIF data; where its annotations were made on the pixels as they are stored, as their width and
    height tell, it is left so. Transparent pixels are laid on white; 16-bit and float values are scaled to 8 bits.

    Raises:
        UnreadablePhoto: the file cannot be decoded, or is of another size than its annotations say.
    """
    expected = photo.width, photo.height
    with _opened(photo.path) as image:
        orientation = _orientation(image, photo.path)
        width, height = size = _turned(image.size, orientation)
        if size != expected and image.size != expected:
            raise UnreadablePhoto(
                f"{width} x {height} pixels, but its annotations expect {photo.width} x {photo.height}"
            )
        image.load()
        rgb = _to_rgb(image)
        if size == expected and orientation != 1:
            rgb = rgb.transpose(TURNS[orientation])
        return np.asarray(rgb)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The image at `path`, header read; whatever goes wrong inside becomes UnreadablePhoto, without warnings."""
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError | ValueError)
        raise UnreadablePhoto("missing" if missing else error.strerror) from None
    if not stat.S_ISREG(status.st_mode):
        raise UnreadablePhoto("a folder, expected a file" if stat.S_ISDIR(status.st_mode) else "not a file")
    if not status.st_size:
        raise UnreadablePhoto("an empty file, expected a photograph")
    too_large = f"more than {MAX_PIXELS:,} pixels, which no photograph has"
    try:
        # Pillow warns of large photos, of damaged metadata and of more; what matters here is an error.
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadablePhoto(too_large)
            yield image
    except UnreadablePhoto:
        raise
    except Image.DecompressionBombError:
        raise UnreadablePhoto(too_large) from None
    except UnidentifiedImageError:
        raise UnreadablePhoto(f"not an image of a known format ({', '.join(FORMATS)})") from None
    except Exception as error:  # Pillow's decoders raise nearly everything on damaged files.
        what = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UnreadablePhoto(what or type(error).__name__) from None


def _turned(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return size[::-1] if orientation >= 5 else size


def _orientation(image: Image.Image, path: Path) -> int:
    """EXIF orientation, 1 to 8, that is still to be applied; 1 where the file has none, or none that can be read."""
    if image.format == "TIFF":
        return 1  # Pillow applies it.
    if image.format == "PNG" and "exif" not in image.info and not _late_exif(path):
        return 1  # Pillow would decode the whole image to look for it.
    try:
        orientation = image.getexif().get(EXIF_ORIENTATION, 1)
    except Exception:  # Damaged metadata of a photo that may be sound.
        return 1
    return orientation if orientation in TURNS else 1


def _late_exif(path: Path) -> bool:
    """Whether a PNG file has its EXIF data behind the pixels, where some programs put it."""
    with path.open("rb") as file:
        file.seek(8)
        while len(header := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", header)
            if kind == b"eXIf":
                return True
            file.seek(length + 4, os.SEEK_CUR)
    return False


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return Image.fromarray(_to_bytes(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_bytes(values: np.ndarray) -> np.ndarray:
    """Grey values of more than 8 bits, scaled from the smallest usual range that holds them to uint8."""
    # Integers are of 16 bits however dark the photo; of floats, ranges of 1 and of 255 are common.
    ranges = (65535.0,) if np.issubdtype(values.dtype, np.integer) else (1.0, 255.0, 65535.0)
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    peak = float(values.max())
    top = next((top for top in ranges if peak <= top), peak)
    return (np.clip(values / top, 0, 1) * 255 + 0.5).astype(np.uint8)
