"""Boxes in the pixels that a file stores, as boxes of the upright photo."""

from pathlib import Path

from seigan_tf.data.photos.photo import Box
from seigan_tf.data.photos.reading import photo_orientation, photo_size


def stored_on_its_side(path: Path, size: tuple[int, int]) -> int:
    """The EXIF orientation, 5 to 8, of a photo whose annotations give width and height of its stored pixels; else 0.

    Raises UnreadablePhoto as `photo_size`.
    """
    upright = photo_size(path)
    orientation = photo_orientation(path) if size != upright and size == upright[::-1] else 0
    return orientation if orientation in range(5, 9) else 0  # of another file it is none, and `read` refuses the photo


def upright_box(box: Box, size: tuple[int, int], orientation: int) -> Box:
    """The box in the upright photo of one in the stored pixels, of that width and height; orientation 5 to 8."""
    (x, y, width, height), (stored_width, stored_height) = box, size
    left = stored_height - y - height if orientation in (6, 7) else y
    top = stored_width - x - width if orientation in (7, 8) else x
    return left, top, height, width
