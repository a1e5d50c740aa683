"""One crop as one record of the store: its fields, and how pixels and masks are packed into them."""

import io
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.cutting import Crop, cut_photo
from seigan_tf.data.planning.plan import PhotoPlan

NAME = "seigan_crops"
"""By which TFDS knows the set."""
VERSION = "1.0.0"
"""Of the fields below; a change that readers notice raises it."""
SPLITS = ("train_objects", "train_backgrounds", "val_objects", "val_backgrounds")
QUALITY = 95
"""Of the JPEG images, with colours at full resolution: crops are small, and training looks at edges."""


class Record(NamedTuple):
    """A crop, packed."""

    split: str
    """One of SPLITS."""
    key: bytes
    """Unlike that of any other record of the split; its hash decides the order."""
    fields: dict[str, Any]
    """By the names of the features in `seigan_crops`."""


def cut_and_pack(plan: PhotoPlan, size: int) -> list[Record] | Problem:
    """All records of one photo, which is decoded once; or why there are none.

    Args:
        size: side of the crops in pixels.
    """
    crops = cut_photo(plan, size)
    return crops if isinstance(crops, Problem) else [pack(crop) for crop in crops]


def pack(crop: Crop) -> Record:
    fields = {
        "image": to_jpeg(crop.image),
        "box": crop.box,
        "mask": b"" if crop.mask is None else to_png(crop.mask),
        "photo": crop.photo.encode(),
        "photo_size": np.array(crop.photo_size, np.int32),
        "region": np.array([crop.region.x, crop.region.y, crop.region.side], np.int32),
        "object_id": crop.object_id,
        "category": crop.category.encode(),
    }
    return Record(f"{crop.split}_{crop.kind}s", crop.key.encode(), fields)


def to_jpeg(image: np.ndarray) -> bytes:
    """uint8 [S, S, 3] RGB, packed."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=QUALITY, subsampling=0)
    return file.getvalue()


def from_jpeg(data: bytes, size: int) -> np.ndarray:
    """The image at `size` pixels, which is at most that of the packed one, uint8 [size, size, 3]."""
    image = Image.open(io.BytesIO(data), formats=["JPEG"])
    if image.width != size:
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(image)


def to_png(mask: np.ndarray) -> bytes:
    """bool [side, side], packed; a bit a pixel."""
    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    return file.getvalue()


def from_png(data: bytes) -> np.ndarray:
    """The mask, bool [side, side]."""
    return np.array(Image.open(io.BytesIO(data), formats=["PNG"]))
