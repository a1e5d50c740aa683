"""Opens photographs as their annotations expect them."""

import struct

import numpy as np
from PIL import Image, ImageOps

from seigan_tf.data.annotations import Photo

DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    LookupError,
    TypeError,
    Image.DecompressionBombError,
)
"""What Pillow's decoders raise on damaged files."""


class UnreadablePhoto(Exception):
    """The file is missing, damaged or no photograph; the message says which."""


def read_photo(photo: Photo) -> np.ndarray:
    """The photo's pixels, uint8 [height, width, 3] RGB.

    The orientation in the file's EXIF data is applied where the photo then has the annotated size.

    Raises:
        UnreadablePhoto: the file cannot be decoded.
        ValueError: the photo is of another size than its annotations say.
    """
    path = photo.path
    if not path.is_file():
        raise UnreadablePhoto("missing")
    try:
        with Image.open(path) as stored:
            stored.load()
            upright = ImageOps.exif_transpose(stored)
            fitting = [image for image in (upright, stored) if image.size == (photo.width, photo.height)]
            if fitting:
                return np.asarray(fitting[0].convert("RGB"))
            width, height = stored.size
    except DAMAGED as error:
        raise UnreadablePhoto(" ".join(str(error).split()) or type(error).__name__) from None
    raise ValueError(f"{path}: {width} x {height} pixels, but its annotations expect {photo.width} x {photo.height}")
