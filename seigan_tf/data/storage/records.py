"""One crop as one record of the store: its fields, and the packing of pixels and masks into them."""

import io
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.cutting import Crop, cut_photo
from seigan_tf.data.planning.plan import PhotoPlan

NAME = "seigan_crops"  # name of the set in TensorFlow Datasets (TFDS)
VERSION = "1.0.0"  # version of the fields; raised by a change that readers notice
SPLITS = ("train_objects", "train_backgrounds", "val_objects", "val_backgrounds")
QUALITY = 95  # of the JPEG images, with colours at full resolution: crops are small, and training looks at edges


class Record(NamedTuple):
    """A packed crop."""

    split: str  # one of SPLITS
    key: bytes  # 16 bytes, a hash of kind, photo and region: unique in the split, and decides order and file
    fields: dict[str, Any]  # values by the names of the features in `description.FEATURES`


def cut_and_pack(plan: PhotoPlan, size: int) -> list[Record] | Problem:
    """Cut all crops of one photo, which is decoded once, at `size` pixels; or returns the reason why it cannot."""
    crops = cut_photo(plan, size)
    return crops if isinstance(crops, Problem) else [pack(crop) for crop in crops]


def pack(crop: Crop) -> Record:
    """Pack a crop."""
    split = f"{crop.split}_{crop.kind}s"
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
    return Record(split, blake2b(f"{split} {crop.key}".encode(), digest_size=16).digest(), fields)


def to_jpeg(image: np.ndarray) -> bytes:
    """Pack an image, uint8 [S, S, 3] RGB."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=QUALITY, subsampling=0)
    return file.getvalue()


def from_jpeg(data: bytes, size: int) -> np.ndarray:
    """Unpack an image at `size` pixels, at most its stored size: uint8 [size, size, 3]."""
    image: Image.Image = Image.open(io.BytesIO(data), formats=["JPEG"])
    if image.width != size:
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(image)


def to_png(mask: np.ndarray) -> bytes:
    """Pack a mask, bool [side, side], with one bit per pixel."""
    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    return file.getvalue()


def from_png(data: bytes) -> np.ndarray:
    """Unpack a mask, bool [side, side]."""
    return np.array(Image.open(io.BytesIO(data), formats=["PNG"]))
