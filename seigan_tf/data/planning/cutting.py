"""Cuts the crops of a photo, which is decoded once for all of them."""

from typing import NamedTuple

import numpy as np

from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.crops import CropRegion, extract, extract_mask, relative_box
from seigan_tf.data.photos.photo import Object, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.plan import PhotoPlan


class Crop(NamedTuple):
    """One crop, and its place."""

    key: str  # KIND:PHOTO:X:Y:SIDE, unique in its split
    split: str
    kind: str  # either "object" or "background"
    image: np.ndarray  # uint8 [size, size, 3] RGB
    box: np.ndarray  # float32 [4]: ymin, xmin, ymax, xmax of the object relative to the crop; zeros for a background
    mask: np.ndarray | None
    """bool [side, side]: the annotated mask at the resolution of the photo, False outside the photo; None if there is
    none, and always in the split "train"."""
    photo: str  # name of the photo
    photo_size: tuple[int, int]  # height and width in pixels
    region: CropRegion  # place in the photo
    object_id: int
    category: str


def cut_photo(plan: PhotoPlan, size: int) -> list[Crop] | Problem:
    """Cut the crops of one photo, objects first, at `size` pixels; or return the reason why it cannot be read."""
    photo = plan.photo
    try:
        pixels = read_photo(photo)
    except UnreadablePhoto as error:
        return Problem("photo", photo.name, str(error))

    def crop(kind: str, item: Object | None, region: CropRegion) -> Crop:
        mask = object_mask(item, photo) if item and plan.split == "val" else None
        return Crop(
            f"{kind}:{photo.name}:{region.x}:{region.y}:{region.side}",
            plan.split,
            kind,
            extract(pixels, region, size),
            relative_box(item.box, region) if item else np.zeros(4, np.float32),
            None if mask is None else extract_mask(mask, region),
            photo.name,
            (photo.height, photo.width),
            region,
            item.id if item else 0,
            item.category if item else "",
        )

    objects = [crop("object", item, region) for item, region in plan.objects]
    return objects + [crop("background", None, region) for region in plan.backgrounds]
