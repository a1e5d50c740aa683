"""Crops to calibrate int8 with and to compare files with Keras on; real ones if there are any."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from seigan_tf import config as configuration
from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.formats import guess_format, read_annotations
from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.crops import CropRegion, extract, extract_mask, relative_box
from seigan_tf.data.loading import load_crops
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.rules import CropRules, object_regions
from seigan_tf.data.synthetic import synthetic_objects
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.boxes import box_to_mask, fade_outside
from seigan_tf.utils.pixels import to_float

from .graphs import Graph


class Crops(NamedTuple):
    """Crops of objects."""

    images: np.ndarray
    """uint8 [N, S, S, 3]."""
    boxes: np.ndarray
    """float32 [N, 4], relative."""
    truths: list[np.ndarray] | None
    """True masks, bool [side, side] at the resolution of the photo; None if any is missing."""
    source: str
    """Their origin, for people."""

    @property
    def backgrounds(self) -> np.ndarray:
        """Another crop for each crop, to paste onto, uint8."""
        return np.roll(self.images, 1, axis=0)


def from_photos(images: Path, annotations: Path | None, size: int, object_fraction: float, count: int) -> Crops:
    """Cut up to `count` crops of objects of any size, evenly spread over an annotated set.

    Raises:
        ValueError: a folder or file is missing or of an unknown format, no object passes the crop rules, or none of
            those that do can be read.
    """
    source = guess_format(images, annotations)
    rules = CropRules(object_fraction, min_short_side=20.0, max_object_fraction=1.0, min_aspect=0.0)
    return _cut(source, images, annotations, rules, size, count)


def of_run(run: Path, size: int, count: int, held_out: bool) -> Crops | None:
    """Up to `count` crops of size `size` from the training set of a run folder, or from its validation set if
    `held_out`; None if that set is not at hand.
    """
    if not (run / "config.json").is_file():
        return None
    data = configuration.load_config(run / "config.json").data
    if data.source == "synthetic":
        return synthetic(size, data.object_fraction, count, held_out)
    try:
        if data.source == "crops":
            return _stored(data, size, count, held_out)
        images = data.val_images if held_out else data.images
        annotations = data.val_annotations if held_out else data.annotations
        if images is None or not images.is_dir():
            return None
        return _cut(data.source, images, annotations, CropRules.from_config(data), size, count)
    except (ValueError, OSError):
        return None  # the set was moved or changed since; the caller prints its replacement


def synthetic(size: int, object_fraction: float, count: int, held_out: bool) -> Crops:
    """Drawn crops with masks; others if `held_out`."""
    drawn = synthetic_objects(count, size, [0, int(held_out)], object_fraction)
    return Crops(drawn.images, drawn.boxes, list(drawn.masks), f"{count} synthetic crops")


def tensors(graph: Graph, crops: Crops, masks: np.ndarray, contrast: float) -> list[dict[str, np.ndarray]]:
    """Inputs of a graph for each of N crops, float32, batch 1.

    `masks` [N, S, S, 1] are the model's own, `contrast` its `outside_contrast`.
    """
    images, backgrounds = to_float(crops.images), to_float(crops.backgrounds)
    noise = np.random.default_rng(0).standard_normal(masks.shape, np.float32)
    available = {"image": images, "mask": masks, "box": crops.boxes, "background": backgrounds, "noise": noise}
    if graph.name == "segmenter":
        available["image"] = fade_outside(images, crops.boxes, contrast)
    if graph.name == "enhancer":
        available["image"] = masks * images + (1 - masks) * backgrounds
    return [{name: available[name][i : i + 1] for name in graph.inputs} for i in range(len(images))]


def confined(masks: np.ndarray, boxes: np.ndarray, model: SEIGAN) -> np.ndarray:
    """Masks as the model uses them: zero outside the box if its settings confine them."""
    size = model.networks.size
    return masks * box_to_mask(boxes, size, size)[..., None] if model.networks.confine_mask else masks


def _cut(source: str, images: Path, annotations: Path | None, rules: CropRules, size: int, count: int) -> Crops:
    kept: list[tuple[Photo, Object, CropRegion]] = []
    unread: list[str] = []
    for photo in read_annotations(source, images, annotations):
        if isinstance(photo, Photo):
            pairs = zip(photo.objects, object_regions(photo, rules), strict=True)
            kept += [(photo, item, region) for item, region in pairs if isinstance(region, CropRegion)]
        elif isinstance(photo, Problem) and photo.kind == "photo":
            unread.append(f"{photo.where}: {photo.what}")
    found: list[np.ndarray] = []
    boxes, truths = [], []
    for index in _with_substitutes(len(kept), count):
        if len(found) == count:
            break
        photo, item, region = kept[index]
        try:
            pixels, mask = read_photo(photo), object_mask(item, photo)
        except UnreadablePhoto as error:
            unread.append(f"{photo.name}: {error}")
            continue
        except ValueError as error:  # names the photo and the annotation
            unread.append(str(error))
            continue
        found.append(extract(pixels, region, size))
        boxes.append(relative_box(item.box, region))
        truths += [] if mask is None else [extract_mask(mask, region)]
    if not found:
        fault = "no object passes the crop rules, expected at least one"
        if unread:
            fault = (
                "no object that passes the crop rules can be read, expected at least one;"
                f" the first problem is {unread[0]}"
            )
        raise ValueError(f"{annotations or images}: {fault}")
    complete = truths if len(truths) == len(found) else None
    origin = f"{len(found)} crops of {images.name}" + (f" ({len(unread)} others cannot be read)" if unread else "")
    return Crops(np.stack(found), np.array(boxes, np.float32), complete, origin)


def _stored(data: DataConfig, size: int, count: int, held_out: bool) -> Crops | None:
    crops = load_crops(data, size)
    chosen = crops.evaluation if held_out else crops.objects
    if chosen is None:
        return None
    places = _spread(len(chosen.images), count)
    truths = [crops.evaluation.masks[i] for i in places] if held_out and crops.evaluation else None
    return Crops(np.asarray(chosen.images[places]), chosen.boxes[places], truths, f"{len(places)} stored crops")


def _with_substitutes(length: int, count: int) -> np.ndarray:
    """All indices of `length` entries: those of `_spread`, then the others, which stand in for what cannot be read."""
    first = _spread(length, count)
    others = np.setdiff1d(np.arange(length), first)
    return np.concatenate([first, np.random.default_rng(0).permutation(others)])


def _spread(length: int, count: int) -> np.ndarray:
    """Up to `count` indices, evenly spread over `length` entries."""
    return np.linspace(0, length - 1, min(count, length)).round().astype(int)
