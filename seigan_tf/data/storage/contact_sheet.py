"""Pictures of many crops, to see at a glance whether boxes and sizes are right."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from seigan_tf.utils.atomic import replacing

SHOWN = 96  # crops on one sheet, at most
SHOWN_SIDE = 96  # side of a crop on the sheet, in pixels
GAP = 4
BOX_COLOUR = (0, 255, 0)


def spread(count: int) -> np.ndarray:
    """Choose the crops of a sheet from `count`: up to SHOWN indices, evenly spread."""
    return np.linspace(0, count - 1, min(SHOWN, count)).round().astype(int)


def sheet(images: np.ndarray, boxes: np.ndarray | None, path: Path, columns: int = 12) -> None:
    """Write a PNG grid of crops, each with its box if boxes are given.

    Args:
        images: uint8 [n, S, S, 3], n at least 1; `spread` picks them.
        boxes: float32 [n, 4], ymin, xmin, ymax, xmax relative to the crop, or None.
        path: path of the file, which appears when it is complete.
        columns: crops in a row.

    Raises OSError if the picture cannot be written.
    """
    columns = min(columns, len(images))
    pitch = SHOWN_SIDE + GAP
    picture = Image.new("RGB", (columns * pitch + GAP, -(-len(images) // columns) * pitch + GAP), "white")
    draw = ImageDraw.Draw(picture)
    for place, image in enumerate(images):
        left, top = GAP + place % columns * pitch, GAP + place // columns * pitch
        crop = Image.fromarray(image).resize((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS)
        picture.paste(crop, (left, top))
        if boxes is not None:
            ymin, xmin, ymax, xmax = (boxes[place] * (SHOWN_SIDE - 1)).round().tolist()
            draw.rectangle((left + xmin, top + ymin, left + xmax, top + ymax), outline=BOX_COLOUR)
    with replacing(path) as temporary:
        picture.save(temporary, format="PNG")
