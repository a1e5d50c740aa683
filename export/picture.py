"""parity.png: what Keras makes of a few crops, and beside it what each file does."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.pixels import to_uint8

ROWS = 4
SHOWN_SIDE = 96
MARGIN = 4
TITLE_HEIGHT = 30


def write(path: Path, columns: Mapping[str, np.ndarray]) -> None:
    """Writes a PNG with a row for each of the first crops.

    Args:
        path: where to.
        columns: by title, of which each word has a line: uint8 images, images in [-1, 1] or masks in [0, 1].
    """
    rows = min(ROWS, *(len(values) for values in columns.values()))
    pitch = SHOWN_SIDE + MARGIN
    sheet = Image.new("RGB", (len(columns) * pitch + MARGIN, rows * pitch + MARGIN + TITLE_HEIGHT), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
    for column, (title, values) in enumerate(columns.items()):
        left = MARGIN + column * pitch
        draw.text((left, MARGIN), "\n".join(title.split()), fill="black", font=font, spacing=1)
        for row in range(rows):
            image = Image.fromarray(_pixels(values[row])).resize((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.NEAREST)
            sheet.paste(image, (left, TITLE_HEIGHT + MARGIN + row * pitch))
    with replacing(path) as temporary:
        sheet.save(temporary, format="PNG")


def _pixels(values: np.ndarray) -> np.ndarray:
    if values.dtype == np.uint8:
        return values
    return to_uint8(values if values.shape[-1] == 3 else np.repeat(2 * values - 1, 3, axis=-1))
