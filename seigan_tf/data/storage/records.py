"""Crops as records: packing of their pixels and fields, and ArrayRecord files of them.

Files are written through `array_record`'s own writer, and read by the record's number.
"""

import contextlib
import errno
import io
import math
import os
import tempfile
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from array_record.python.array_record_module import ArrayRecordReader, ArrayRecordWriter
from etils import epath
from PIL import Image
from tensorflow_datasets.proto import tf_example_pb2

from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.cutting import Crop, cut_photo
from seigan_tf.data.planning.plan import PhotoPlan
from seigan_tf.utils.text import one_line

NAME = "seigan_crops"  # name of the set in TensorFlow Datasets (TFDS)
VERSION = "1.0.0"  # version of the fields; raised by a change that readers notice
SPLITS = ("train_objects", "train_backgrounds", "val_objects", "val_backgrounds")
QUALITY = 95  # of the JPEG images, with colours at full resolution: crops are small, and training looks at edges
SHARD_BYTES = 2**28  # size of a file, about, unless TFDS's options ask for another
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.ENOENT)
CHUNK = 256  # records read at once by iteration


class Record(NamedTuple):
    split: str  # one of SPLITS
    key: bytes  # 16 bytes, a hash of kind, photo, region and box: unique in the split, and decides order and file
    content: bytes  # the serialized result of `fields_of`


def cut_and_pack(plan: PhotoPlan, size: int) -> list[Record] | Problem:
    """Cut all crops of one photo at `size` pixels; or return the reason why it cannot be read."""
    crops = cut_photo(plan, size)
    return crops if isinstance(crops, Problem) else [pack(crop) for crop in crops]


def pack(crop: Crop) -> Record:
    split = f"{crop.split}_{crop.kind}s"
    # Two objects can have one region if `max_covered` lets them touch, but not one box as well.
    named = f"{split} {crop.key}".encode() + crop.box.tobytes()
    return Record(split, blake2b(named, digest_size=16).digest(), serialize(fields_of(crop)))


def fields_of(crop: Crop) -> dict[str, Any]:
    """Return the values of a crop by the names of the features in `description.FEATURES`, and its image."""
    return {
        "image": to_jpeg(crop.image),
        "box": crop.box,
        "mask": b"" if crop.mask is None else _encoded(crop.mask, "PNG"),  # one bit per pixel
        "photo": crop.photo.encode(),
        "photo_size": np.array(crop.photo_size, np.int32),
        "region": np.array([crop.region.x, crop.region.y, crop.region.side], np.int32),
        "object_id": crop.object_id,
        "category": crop.category.encode(),
    }


def to_jpeg(image: np.ndarray) -> bytes:
    return _encoded(image, "JPEG", quality=QUALITY, subsampling=0)


def _encoded(image: np.ndarray, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, file_format, **options)
    return file.getvalue()


def from_jpeg(data: bytes, size: int) -> np.ndarray:
    """Unpack an image, uint8 [size, size, 3]; `size` is at most the stored one."""
    image: Image.Image = Image.open(io.BytesIO(data), formats=["JPEG"])
    if image.width != size:
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(image)


def from_png(data: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(data), formats=["PNG"]))


def serialize(fields: Mapping[str, Any]) -> bytes:
    """Serialize the fields of a record as TFDS does, ten times faster, with the same bytes in every run."""
    example = tf_example_pb2.Example()
    for name, value in fields.items():
        feature = example.features.feature[name]
        if isinstance(value, bytes):
            feature.bytes_list.value.append(value)
        else:
            numbers = np.ravel(value)
            kept = feature.float_list if numbers.dtype.kind == "f" else feature.int64_list
            kept.value.extend(numbers.tolist())
    return example.SerializeToString(deterministic=True)


def parse_fields(record: bytes) -> Mapping[str, Any]:
    """Parse a record ten times faster than TFDS, which makes an array of every field."""
    return tf_example_pb2.Example.FromString(record).features.feature


def shard_count(total_bytes: int, count: int | None = None, shard_bytes: int = SHARD_BYTES) -> int:
    """Return the number of files of a split: `count` if given, else enough for none to exceed `shard_bytes`, about."""
    return count or max(math.ceil(total_bytes / shard_bytes), 1)


def shard_of(key: bytes, shards: int) -> int:
    """Return the number of the shard to which a record's key belongs; shards follow the order of the keys."""
    return int.from_bytes(key[:8]) * shards >> 64


def shard_path(folder: os.PathLike | str, split: str, index: int, shards: int) -> str:
    """Return the path of a file by TFDS's naming."""
    return f"{os.fspath(folder)}/{NAME}-{split}.array_record-{index:05d}-of-{shards:05d}"


def write_shard(path: str, records: Iterable[bytes]) -> None:
    """Write serialized records to a file, or an address on storage that `etils.epath` knows; OSError on failure."""
    if "://" in path:  # https://github.com/tensorflow/datasets/issues/10981: array_record writes local files only.
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / "shard"
            write_shard(os.fspath(local), records)
            epath.Path(local).copy(path)
        return
    with disk_errors(path):
        writer = ArrayRecordWriter(path, "group_size:1")
        for record in records:
            writer.write(record)
        writer.close()


@contextlib.contextmanager
def disk_errors(path: str) -> Iterator[None]:
    """Turn the RuntimeError that is all that `array_record` raises into OSError."""
    try:
        yield
    except RuntimeError as error:
        for number in DISK_ERRORS:
            if os.strerror(number) in str(error):
                raise OSError(number, os.strerror(number), path) from None
        raise OSError(f"{path}: {one_line(error)}") from None


class StoredRecords:
    """The records of several files with `lengths` records each, numbered through.

    `array_record`'s own data source asks for lists of positions, which takes 0.5 ms per record in a file of 200,000; a
    range of one record takes 0.03 ms. Can be pickled and read from several threads; files are opened on first use.
    Raises RuntimeError if one is missing or damaged.
    """

    def __init__(self, paths: Sequence[os.PathLike | str], lengths: Sequence[int]):
        self._paths = [os.fspath(path) for path in paths]
        self._lengths = list(lengths)
        self._ends = list(accumulate(lengths))
        self._readers: list[Any] = [None] * len(self._paths)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> bytes:
        if not -len(self) <= index < len(self):
            raise IndexError(f"record {index} of {len(self)}")
        index %= len(self)
        file = bisect_right(self._ends, index)
        place = index - self._ends[file] + self._lengths[file]
        return self._reader(file).read(place, place + 1)[0]

    def __iter__(self) -> Iterator[bytes]:
        for file, length in enumerate(self._lengths):
            for start in range(0, length, CHUNK):
                yield from self._reader(file).read(start, min(start + CHUNK, length))

    def check(self) -> None:
        """Raise RuntimeError if a file has more or fewer records than it should."""
        for file, (path, length) in enumerate(zip(self._paths, self._lengths, strict=True)):
            found = self._reader(file).num_records()
            if found != length:
                raise RuntimeError(f"{found} of {length} records in {path}")

    def _reader(self, file: int) -> Any:
        with self._lock:
            if self._readers[file] is None:
                # As the data source does: nothing is read ahead, and little more than the record is read.
                self._readers[file] = ArrayRecordReader(
                    self._paths[file], options="readahead_buffer_size:0", file_reader_buffer_size=32768
                )
            return self._readers[file]

    def __reduce__(self):
        return StoredRecords, (self._paths, self._lengths)
