"""Records on their way to the files of the store: their order, their bytes, and what happens on a bad disk."""

import io
import pickle

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError
from tensorflow_datasets.core import ExampleSerializer

from seigan_tf.data.crops import CropRegion
from seigan_tf.data.planning.cutting import Crop
from seigan_tf.data.storage import records
from seigan_tf.data.storage.description import CropsConfig
from seigan_tf.data.storage.records import CHUNK, StoredRecords, serialize, shard_count, shard_of, write_shard
from seigan_tf.data.storage.seigan_crops.seigan_crops_dataset_builder import Builder


def crop(**changes):
    """A crop of a validation photo."""
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    mask = np.arange(81).reshape(9, 9) % 5 == 0
    box = np.array([0.1, 0.2, 0.8, 0.9], np.float32)
    values = (
        "object:a.png:-3:4:9",
        "val",
        "object",
        image,
        box,
        mask,
        "a.png",
        (30, 20),
        CropRegion(-3, 4, 9),
        12,
        "cat",
    )
    return Crop(*values)._replace(**changes)


def example(number):
    return serialize({"object_id": number})


@pytest.fixture
def write(tmp_path):
    """Writes records to a file; returns its path."""

    def call(name, numbers):
        path = tmp_path / name
        write_shard(str(path), [example(number) for number in numbers])
        return path

    return call


def test_fields_are_serialized_as_tfds_does_it():
    features = Builder(config=CropsConfig(name="any", size=16), data_dir="nowhere").info.features
    for item in (crop(), crop(mask=None, category="", object_id=-(2**63), box=np.zeros(4, np.float32))):
        fields = records.fields_of(item)
        assert fields.keys() == features.keys()
        serializer = ExampleSerializer(features.get_serialized_info())
        expected = serializer.get_tf_example(features.encode_example(fields))
        assert serialize(fields) == expected.SerializeToString(deterministic=True)


def test_a_crop_survives_packing():
    packed = records.pack(crop())
    assert packed.split == "val_objects"
    assert len(packed.key) == 16
    assert records.pack(crop(key="object:b.png:-3:4:9")).key != packed.key
    assert (records.from_png(records.fields_of(crop())["mask"]) == crop().mask).all()
    smooth = np.linspace(0, 255, 16 * 16 * 3).reshape(16, 16, 3).astype(np.uint8)
    unpacked = records.from_jpeg(records.to_jpeg(smooth), 16)
    assert np.abs(unpacked.astype(int) - smooth).max() <= 4
    assert records.fields_of(crop(mask=None))["mask"] == b""


def test_colours_keep_their_full_resolution():
    image = np.zeros((16, 16, 3), np.uint8)
    image[:, ::2, 0] = 200
    assert np.abs(records.from_jpeg(records.to_jpeg(image), 16).astype(int) - image).mean() < 8


@pytest.mark.parametrize("unpack", [lambda data: records.from_jpeg(data, 16), records.from_png])
def test_images_of_other_formats_than_the_records_are_not_opened(unpack):
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "TIFF")
    with pytest.raises(UnidentifiedImageError):
        unpack(file.getvalue())


def test_the_same_records_give_the_same_file(write):
    assert write("a", range(200)).read_bytes() == write("b", range(200)).read_bytes()


def test_the_order_of_the_fields_in_what_is_given_does_not_matter():
    assert serialize({"photo": b"a", "mask": b"b"}) == serialize({"mask": b"b", "photo": b"a"})


def test_shards_follow_the_order_of_the_keys_and_share_them_evenly():
    keys = [np.random.default_rng(number).bytes(16) for number in range(3000)]
    shards = [shard_of(key, 7) for key in sorted(keys)]
    assert shards == sorted(shards)
    assert min(np.bincount(shards)) > 300
    assert (shard_of(bytes(16), 7), shard_of(b"\xff" * 16, 7)) == (0, 6)


def test_files_are_as_many_as_asked_for_or_as_their_size_needs():
    assert shard_count(10**6, 3) == 3
    assert [shard_count(size, None, 100) for size in (0, 1, 100, 101, 1000)] == [1, 1, 1, 2, 10]


@pytest.mark.parametrize("name", ["missing/shard", "folder"])
def test_a_file_that_cannot_be_written_is_an_os_error_that_names_it(write, tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError) as caught:
        write(name, range(3))
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_address_on_remote_storage_is_copied_to(monkeypatch):
    copied = {}

    class Remote:
        def __init__(self, path):
            self.path = path

        def copy(self, address):
            copied[address] = StoredRecords([self.path], [3])[1]

    monkeypatch.setattr(records.epath, "Path", Remote)
    write_shard("gs://bucket/shard", [example(number) for number in range(3)])
    assert copied == {"gs://bucket/shard": example(1)}


@pytest.mark.parametrize("copy", [lambda stored: stored, lambda stored: pickle.loads(pickle.dumps(stored))])
def test_records_of_several_files_are_numbered_through(write, copy):
    lengths = [3, CHUNK + 10, 1]
    starts = [0, 3, CHUNK + 13]
    paths = [write(f"{start}", range(start, start + length)) for start, length in zip(starts, lengths, strict=True)]
    stored = copy(StoredRecords(paths, lengths))
    stored.check()
    expected = [example(number) for number in range(sum(lengths))]
    assert len(stored) == len(expected)
    assert list(stored) == expected
    for number in (0, 2, 3, 4, CHUNK + 12, CHUNK + 13, -1, -len(expected)):
        assert stored[number] == expected[number]
    for number in (len(expected), -len(expected) - 1):
        with pytest.raises(IndexError):
            stored[number]


def test_a_wrong_number_of_records_is_found(write):
    with pytest.raises(RuntimeError, match="5 of 6 records"):
        StoredRecords([write("a", range(5))], [6]).check()
