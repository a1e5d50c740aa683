"""A picture of the model's results for a few crops, one row each."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from seigan_tf.data.crop_set import Crops
from seigan_tf.inference import arrays
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.pixels import to_uint8

ROWS = 6
MARGIN, TITLE_HEIGHT = 4, 20
"""Space between crops and height of the titles, in pixels."""
SHOWN_SIDE = 112
"""Side in pixels to which smaller crops are enlarged, at least."""
GENERATED = {
    "z coarse": "coarse",
    "y1 composite": "composite",
    "x1 background": "background",
    "x2 object back": "object_back",
    "y2 background back": "background_back",
}
"""Title of each column, and the name of its images in `arrays.swap`."""


class Samples(NamedTuple):
    """Crops to show, all of one side S."""

    objects: np.ndarray
    """uint8 [N, S, S, 3]."""
    boxes: np.ndarray
    """float32 [N, 4], [ymin, xmin, ymax, xmax] relative to the crop."""
    backgrounds: np.ndarray | None
    """uint8 [N, S, S, 3]; None to show masks alone."""
    masks: list[np.ndarray]
    """True masks, bool [h, w] at any resolution; empty if there are none."""


def choose(crops: Crops, with_backgrounds: bool = True) -> Samples:
    """Choose the first ROWS evaluation crops, or training crops if none are held out, and backgrounds if asked for."""
    objects = crops.evaluation or crops.objects
    rows = min(ROWS, len(objects.images))
    backgrounds = None
    if with_backgrounds:
        backgrounds = crops.backgrounds.images[np.arange(rows) % len(crops.backgrounds.images)]
    masks = crops.evaluation.masks[:rows] if crops.evaluation else []
    return Samples(objects.images[:rows], objects.boxes[:rows], backgrounds, masks)


def sample_grid(model: SEIGAN, samples: Samples) -> Image.Image:
    """Draw x, its mask and its true mask if there is one; with backgrounds also y and the images of both swaps.

    Args:
        model: a trained model.
        samples: crops to show.
    """
    objects, boxes, backgrounds, truths = samples
    side = objects.shape[1]
    if backgrounds is None:
        images = {"mask": arrays.segment(model, objects, boxes)}
    else:
        images = arrays.swap(model, objects, boxes, backgrounds)
    columns = {"x": objects, "mask": _grey(images["mask"])}
    if truths:
        columns["true mask"] = np.stack([_shrunk(mask, side) for mask in truths])
    if backgrounds is not None:
        columns["y"] = backgrounds
        columns |= {title: to_uint8(images[name]) for title, name in GENERATED.items()}
    return _grid(columns, scale=max(1, -(-SHOWN_SIDE // side)))


def _grid(columns: dict[str, np.ndarray], scale: int) -> Image.Image:
    """Draw columns of uint8 [N, S, S, 3] images, enlarged by a whole factor without smoothing."""
    rows, side = next(iter(columns.values())).shape[:2]
    pitch = side * scale + MARGIN
    sheet = Image.new("RGB", (len(columns) * pitch + MARGIN, rows * pitch + MARGIN + TITLE_HEIGHT), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=11)
    for column, (title, images) in enumerate(columns.items()):
        left = MARGIN + column * pitch
        draw.text((left, MARGIN), title, fill="black", font=font)
        for row, image in enumerate(images):
            enlarged = Image.fromarray(image).resize((side * scale, side * scale), Image.Resampling.NEAREST)
            sheet.paste(enlarged, (left, TITLE_HEIGHT + MARGIN + row * pitch))
    return sheet


def _grey(masks: np.ndarray) -> np.ndarray:
    """Return masks in [0, 1], [N, S, S, 1], as grey uint8 [N, S, S, 3]."""
    return np.repeat(np.clip(np.rint(masks * 255), 0, 255).astype(np.uint8), 3, axis=-1)


def _shrunk(mask: np.ndarray, side: int) -> np.ndarray:
    image = Image.fromarray(mask.astype(np.uint8) * 255).resize((side, side), Image.Resampling.BOX)
    return np.repeat(np.asarray(image)[:, :, None], 3, axis=-1)
