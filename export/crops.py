"""Crops to calibrate int8 with, and to compare the files with Keras on: real ones wherever there are any."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from seigan_tf import config as configuration
from seigan_tf.config import DataConfig
from seigan_tf.data import crop_set, readers
from seigan_tf.data.annotations import Photo, object_mask
from seigan_tf.data.crops import CropRules, extract, extract_mask, object_regions, relative_box
from seigan_tf.data.photographs import UnreadablePhoto, read_photo
from seigan_tf.data.synthetic import synthetic_objects
from seigan_tf.losses import boxes as box_masks
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.pixels import to_float

from .graphs import Graph

EVERY_SIZE = dict(min_short_side=20.0, max_object_fraction=1.0, min_aspect=0.0)
"""Crop rules where no run says which: whatever the size of the object in its photo."""


class Crops(NamedTuple):
    """Crops of objects, and what else the graphs take."""

    images: np.ndarray
    """uint8 [N, S, S, 3]."""
    boxes: np.ndarray
    """float32 [N, 4], relative."""
    truths: list[np.ndarray] | None
    """True masks, bool [side, side] at the resolution of the photo; None where there are none."""
    source: str
    """Where they come from, to be read by people."""

    @property
    def backgrounds(self) -> np.ndarray:
        """For each crop another one to paste onto, uint8."""
        return np.roll(self.images, 1, axis=0)


def from_photos(images: Path, annotations: Path | None, size: int, object_fraction: float, count: int) -> Crops:
    """Up to `count` crops, evenly spread over the photographs of an annotated set; with masks, where all have one.

    Raises:
        ValueError: a folder or file is missing or of no known format, or no object passes the crop rules.
    """
    source = readers.guess(images, annotations)
    rules = CropRules(object_fraction, **EVERY_SIZE)
    return _cut(source, images, annotations, rules, size, count)


def of_run(run: Path, size: int, count: int, held_out: bool) -> Crops | None:
    """Crops of the data that a run was trained on, or of what it was validated on; None where they are not at hand.

    Args:
        run: the folder of the run, with its config.json.
        size: side of the crops, in pixels.
        count: how many, at most.
        held_out: of its validation set.
    """
    if not (run / "config.json").is_file():
        return None
    data = configuration.load(run / "config.json").data
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
        return None  # the set has moved or changed since; the caller says what it takes in its place


def synthetic(size: int, object_fraction: float, count: int, held_out: bool) -> Crops:
    """Drawn crops, with masks; other ones where `held_out`."""
    drawn = synthetic_objects(count, size, [0, int(held_out)], object_fraction)
    return Crops(drawn.images, drawn.boxes, list(drawn.masks), f"{count} synthetic crops")


def tensors(graph: Graph, model: SEIGAN, crops: Crops, masks: np.ndarray) -> list[dict[str, np.ndarray]]:
    """The inputs of a graph for each crop, float32 and batch 1.

    Args:
        graph: whose inputs to make.
        model: tells whether the mask is confined.
        crops: as many as there are masks.
        masks: the model's own, [N, S, S, 1].
    """
    images, backgrounds = to_float(crops.images), to_float(crops.backgrounds)
    noise = np.random.default_rng(0).standard_normal(masks.shape, np.float32)
    available = {"image": images, "mask": masks, "box": crops.boxes, "background": backgrounds, "noise": noise}
    if graph.name == "enhancer":
        available["image"] = masks * images + (1 - masks) * backgrounds
    return [{name: available[name][i : i + 1] for name in graph.inputs} for i in range(len(images))]


def confined(masks: np.ndarray, boxes: np.ndarray, model: SEIGAN) -> np.ndarray:
    """Masks as the model uses them: zero outside the box where its settings say so."""
    return masks * np.asarray(box_masks.inside(boxes, model.networks.size)) if model.networks.confine_mask else masks


def _cut(source: str, images: Path, annotations: Path | None, rules: CropRules, size: int, count: int) -> Crops:
    photos = [item for item in readers.read(source, images, annotations) if isinstance(item, Photo)]
    kept = []
    for photo in photos:
        pairs = zip(photo.objects, object_regions(photo, rules), strict=True)
        kept += [(photo, item, region) for item, region in pairs if not isinstance(region, str)]
    chosen = np.linspace(0, len(kept) - 1, min(count, len(kept))).round().astype(int) if kept else []
    found, boxes, truths = [], [], []
    for photo, item, region in (kept[i] for i in chosen):
        try:
            pixels = read_photo(photo)
            mask = object_mask(item, photo)
        except (UnreadablePhoto, ValueError):
            continue
        found.append(extract(pixels, region, size))
        boxes.append(relative_box(item, region))
        truths.append(None if mask is None else extract_mask(mask, region))
    if not found:
        raise ValueError(f"{annotations or images}: no object passes the crop rules, expected at least one")
    complete = all(truth is not None for truth in truths)
    source = f"{len(found)} crops of {images.name}"
    return Crops(np.stack(found), np.array(boxes, np.float32), truths if complete else None, source)


def _stored(data: DataConfig, size: int, count: int, held_out: bool) -> Crops | None:
    crops = crop_set.load(data, size)
    chosen = crops.evaluation if held_out else crops.objects
    if chosen is None:
        return None
    places = np.unique(np.linspace(0, len(chosen.images) - 1, count).round().astype(int))
    truths = [chosen.masks[i] for i in places] if held_out else None
    return Crops(np.asarray(chosen.images[places]), chosen.boxes[places], truths, f"{len(places)} stored crops")
