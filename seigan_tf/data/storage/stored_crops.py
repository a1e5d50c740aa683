"""Crops read back from the folder in which they were prepared; images only when they are indexed.

Everything is read through ArrayRecord and protocol buffers: TensorFlow is neither needed nor imported.
"""

import math
import operator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from seigan_tf.data.crop_set import BackgroundCrops, Crops, EvaluationCrops, ObjectCrops
from seigan_tf.data.storage import records
from seigan_tf.data.storage.records import StoredRecords, parse_fields
from seigan_tf.utils.claimed_folder import UNFINISHED
from seigan_tf.utils.text import one_line


class StoredImages:
    """Images of one split, uint8 [n, size, size, 3], read and decoded when they are indexed; larger ones are reduced.

    Indexed like an array along its first axis: by an integer, a slice or an array of integers; IndexError or TypeError
    for others. Can be pickled and read from several threads.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, stored: StoredRecords, size: int):
        self._records = stored
        self._size = size

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self._records), self._size, self._size, 3

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int | slice | np.ndarray) -> np.ndarray:
        if isinstance(index, slice):
            index = np.arange(*index.indices(len(self)))
        numbers = np.asarray(index)
        if not numbers.ndim:
            return self._read(operator.index(index))
        if numbers.size and not np.issubdtype(numbers.dtype, np.integer):
            raise TypeError(f"indices of stored images are {numbers.dtype}, expected integers")
        images = np.empty((numbers.size, *self.shape[1:]), np.uint8)
        for image, number in zip(images, numbers.flat, strict=True):
            image[:] = self._read(int(number))
        return images.reshape(*numbers.shape, *self.shape[1:])

    def _read(self, index: int) -> np.ndarray:
        return records.from_jpeg(parse_fields(self._records[index])["image"].bytes_list.value[0], self._size)


def load_stored_crops(folder: Path, size: int) -> Crops:
    """Read crops that `prepare` or `tfds build` made.

    Boxes, and the images and masks of evaluation, are read at once; training images when they are indexed.

    Args:
        folder: OUT of `prepare`, or the version folder of `tfds build`, which has dataset_info.json in it.
        size: side of the crops in pixels, at most that of the stored ones.

    Raises ValueError if the folder is missing or holds no prepared crops, the build is unfinished, damaged or of
    another version, or its crops are smaller than `size`.
    """
    folder = Path(folder)
    info = _info(folder)
    side = info.features["image"].shape[0]
    if not 1 <= size <= side:
        raise ValueError(f"{folder}: crops of {side} pixels cannot give crops of {size}; expected 1 to {side}")
    try:
        stored = splits(info)
        objects, backgrounds = stored["train_objects"], stored["train_backgrounds"]
        boxes = np.empty((len(objects), 4), np.float32)
        for row, record in zip(boxes, objects, strict=True):
            row[:] = box(record)
        return Crops(
            ObjectCrops(StoredImages(objects, size), boxes),
            BackgroundCrops(StoredImages(backgrounds, size)),
            _evaluation(stored["val_objects"], size) if "val_objects" in stored else None,
            info.metadata["report"],
        )
    except (RuntimeError, KeyError) as error:  # A file or a split is missing, cut short or changed.
        raise ValueError(f"{folder}: unfinished or damaged ({one_line(error)}); prepare the crops again") from None


def load_stored_objects(folder: Path, size: int, object_fraction: float) -> ObjectCrops:
    """Read training objects in smaller parts of their crops, of whose sides they take `object_fraction`.

    Raises ValueError as `load_stored_crops`, or if the stored crops show too little of the photographs, or too few
    pixels of these parts.
    """
    folder = Path(folder)
    stored = stored_settings(folder)["object_fraction"]
    zoom = object_fraction / stored
    if zoom < 1:
        raise ValueError(
            f"{folder}: objects take {stored:g} of the sides of these crops, expected at most {object_fraction:g};"
            f" prepare the photographs again with --object-fraction {object_fraction:g}"
        )
    side = _info(folder).features["image"].shape[0]
    inner = round(side / zoom)
    if not 1 <= size <= inner:
        raise ValueError(
            f"{folder}: {inner} pixels of its crops cannot give crops of {size}; prepare the photographs again with"
            f" --size {math.ceil(size * zoom)}"
        )
    images, boxes = load_stored_crops(folder, side).objects
    corners = np.clip((boxes[:, :2] + boxes[:, 2:] - 1 / zoom) / 2, 0, 1 - 1 / zoom).astype(np.float32)
    made = np.empty((len(images), size, size, 3), np.uint8)
    for number, (top, left) in enumerate((side * corners).tolist()):
        part = left, top, min(left + side / zoom, side), min(top + side / zoom, side)
        made[number] = np.asarray(Image.fromarray(images[number]).resize((size, size), Image.Resampling.LANCZOS, part))
    return ObjectCrops(made, np.clip((boxes - np.tile(corners, 2)) * np.float32(zoom), 0, 1))


def stored_settings(folder: Path) -> dict[str, Any]:
    """Return the fields of DataConfig with which prepared crops were made, as plain JSON values.

    Raises ValueError if the folder is missing or holds no prepared crops, the build is unfinished, damaged or of
    another version.
    """
    return dict(_info(Path(folder)).metadata["settings"])


def splits(info: tfds.core.DatasetInfo) -> dict[str, StoredRecords]:
    """Open the records of each split; RuntimeError if some are missing."""
    stored = {name: StoredRecords(split.filepaths, split.shard_lengths) for name, split in info.splits.items()}
    for split in stored.values():
        split.check()
    return stored


def box(record: bytes) -> np.ndarray:
    """Return the box of a record's object, float32 [4]: ymin, xmin, ymax, xmax relative to the crop."""
    # An array, because the list that the message gives keeps the whole message in memory.
    return np.array(parse_fields(record)["box"].float_list.value, np.float32)


def _info(folder: Path) -> tfds.core.DatasetInfo:
    """Read TFDS's description, after checking that it is that of finished crops of this version."""
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder, expected prepared crops")
    # `prepare` leaves its note in OUT.partial, above the crops; TFDS renames "incomplete.*" when it is done.
    above = [place for place in folder.resolve().parents[:1] if place.suffix == ".partial"]
    noted = any((place / UNFINISHED).exists() for place in (folder, *above))
    if noted or folder.name.startswith("incomplete."):
        raise ValueError(f"{folder}: the crops in it are not finished; prepare them again")
    if not (folder / "dataset_info.json").is_file():
        raise ValueError(f"{folder}: no prepared crops in it (no dataset_info.json)")
    try:
        info = tfds.builder_from_directory(folder).info
        info.metadata["settings"]  # Read only now.
    except Exception as error:  # TFDS raises many types for damaged files.
        raise ValueError(f"{folder}: damaged ({one_line(error)}); prepare the crops again") from None
    if info.name != records.NAME:
        raise ValueError(f"{folder}: holds the TFDS set {info.name}, expected {records.NAME}")
    if str(info.version) != records.VERSION:
        raise ValueError(f"{folder}: crops of version {info.version}, expected {records.VERSION}; prepare them again")
    return info


def _evaluation(objects: StoredRecords, size: int) -> EvaluationCrops | None:
    """Read the crops of the validation objects that have a mask."""
    numbers, boxes, masks = [], [], []
    for number, record in enumerate(objects):
        mask = parse_fields(record)["mask"].bytes_list.value[0]
        if mask:
            numbers.append(number)
            boxes.append(box(record))
            masks.append(records.from_png(mask))
    images = StoredImages(objects, size)
    return EvaluationCrops(images[np.array(numbers)], np.stack(boxes), masks) if masks else None
