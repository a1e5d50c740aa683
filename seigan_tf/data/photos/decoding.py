"""Pixels of any type, as Pillow decodes them, to 8-bit RGB with transparency."""

from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image, ImageFile
from PIL.TiffImagePlugin import PHOTOMETRIC_INTERPRETATION, TiffImageFile

STRIP_PIXELS = 2**20
"""Pixels that are converted at a time, so that no second copy of a photo is in memory on the way to RGB."""


def is_deep(image: Image.Image) -> bool:
    """Tell whether the image has grey values of more than 8 bits."""
    return image.mode.startswith("I;16") or image.mode in ("I", "F")


def fill(image: Image.Image, pixels: np.ndarray, alpha: np.ndarray | None) -> None:
    """Fill arrays with an image's colours and transparency; grey of more than 8 bits is scaled to them.

    `pixels` is uint8 [height, width, 3]: transparent pixels keep their hidden colours. `alpha` is uint8 [height,
    width]; None for an image without transparency.
    """
    top = _top(image) if is_deep(image) else 255.0
    negative = is_deep(image) and _is_white_zero(image)
    for rows, strip in strips(image):
        if is_deep(image):
            fractions = np.clip(_finite(strip) / top, 0, 1)
            pixels[rows] = ((1 - fractions if negative else fractions) * 255 + 0.5).astype(np.uint8)[..., None]
            if alpha is not None:
                alpha[rows] = np.where(np.asarray(strip) == image.info["transparency"], 0, 255)
        elif alpha is not None:
            layers = np.asarray(strip.convert("RGBA"))
            pixels[rows], alpha[rows] = layers[..., :3], layers[..., 3]
        else:
            _copy(np.asarray(strip if strip.mode == "RGB" else strip.convert("RGB")), pixels[rows])


def _copy(source: np.ndarray, target: np.ndarray) -> None:
    """Copy colours into a view of an upright photo; OpenCV turns them, as NumPy takes five times as long."""
    if abs(target.strides[0]) < abs(target.strides[1]):
        source, target = cv2.transpose(source), target.swapaxes(0, 1)
    for axis in (0, 1):
        if target.strides[axis] < 0:
            source, target = cv2.flip(source, axis), np.flip(target, axis)
    target[...] = source


def mend_transparent_colour(image: ImageFile.ImageFile) -> None:
    """Bring the transparent colour of a PNG file into the range of Pillow's pixels; call it before they are loaded.

    Pillow 12.3 scales pixels of 2, 4 and, in colour, 16 bits to 8, but leaves the colour of the tRNS chunk as it is.
    """
    colour, layout = image.info.get("transparency"), image.tile[0].args if image.tile else None
    if layout in ("L;2", "L;4") and isinstance(colour, int):
        most = 3 if layout == "L;2" else 15
        image.info["transparency"] = colour * (255 // most) if colour <= most else colour
    elif layout == "RGB;16B" and isinstance(colour, tuple):
        # Only the upper bytes are decoded: of two colours that look alike both become transparent.
        image.info["transparency"] = tuple(value >> 8 for value in colour)


def strips(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """Yield the image in pieces of full width, each with its rows."""
    count = max(STRIP_PIXELS // image.width, 1)
    if count >= image.height:
        yield slice(None), image
        return
    for top in range(0, image.height, count):
        bottom = min(top + count, image.height)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def _is_white_zero(image: Image.Image) -> bool:
    """Tell whether 0 is white in a TIFF file. Pillow 12.3 turns the values of such files of up to 8 bits only."""
    return isinstance(image, TiffImageFile) and image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == 0


def _top(image: Image.Image) -> float:
    """Return the value of white among grey values of more than 8 bits: the end of the smallest usual range."""
    # Integers are of 16 bits however dark the photo; of floats, ranges of 1 and of 255 are common.
    ranges = (1.0, 255.0, 65535.0) if image.mode == "F" else (65535.0,)
    peak = max(float(_finite(strip).max()) for _, strip in strips(image))
    return next((top for top in ranges if peak <= top), peak)


def _finite(image: Image.Image) -> np.ndarray:
    """Return grey values of more than 8 bits as float32, with 0 in place of NaN and infinity."""
    return np.nan_to_num(np.asarray(image, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
