"""Reading prepared crops back: the same as those in memory, and every folder that holds none named."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seigan_tf.data.loading import load_crops
from seigan_tf.data.storage import records, stored_crops
from seigan_tf.data.storage.prepare import prepare
from seigan_tf.data.storage.stored_crops import load_stored_crops
from tests.conftest import PhotoSet

ROOT = Path(__file__).resolve().parents[3]
SIZE = 48


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Settings of a small set with masks, and the folder prepared from it."""
    folder = tmp_path_factory.mktemp("store")
    photos = PhotoSet(folder / "set")
    for number in range(12):
        x = 60 + number
        photos.add(f"{number}.png", (x, 50, 40, 30), segmentation=[[x, 50, x + 40, 50, x + 40, 80, x, 80]])
    # Noise is the worst for JPEG, and no photo.
    for path in photos.images.iterdir():
        Image.open(path).resize((20, 16)).resize((200, 160)).save(path)
    config = photos.config(held_out=0.25)
    prepare(config, SIZE, folder / "crops")
    return config, folder / "crops"


@pytest.fixture
def copy(made, tmp_path):
    """A copy of the folder, to be damaged."""
    return shutil.copytree(made[1], tmp_path / "copy")


def nearest(images, image):
    """Index of the image that is most like another, and their mean difference."""
    differences = np.abs(images.astype(int) - image).mean(axis=(1, 2, 3))
    return differences.argmin(), differences.min()


@pytest.mark.parametrize("part", ["objects", "backgrounds", "evaluation"])
def test_stored_crops_are_those_of_memory_but_for_the_jpeg(made, part):
    config, folder = made
    stored, memory = getattr(load_stored_crops(folder, SIZE), part), getattr(load_crops(config, SIZE), part)
    assert stored.images.shape == memory.images.shape
    places, differences = zip(*(nearest(memory.images, image) for image in stored.images[:]), strict=True)
    assert len(set(places)) == len(memory.images)
    assert max(differences) < 2
    if part != "backgrounds":
        assert stored.boxes.dtype == np.float32
        assert (stored.boxes == memory.boxes[list(places)]).all()
    if part == "evaluation":
        for mask, place in zip(stored.masks, places, strict=True):
            assert mask.dtype == bool
            assert (mask == memory.masks[place]).all()


def test_the_report_is_that_of_the_crops_in_memory_and_lies_beside_the_crops(made):
    config, folder = made
    crops = load_stored_crops(folder, SIZE)
    report = json.loads((folder / "report.json").read_text())
    assert crops.report == report
    assert set(report) == {"source", "notes", "train", "validation"}
    assert report["train"]["objects"] == len(crops.objects.images) == 9
    expected = load_crops(config, SIZE).report
    assert report["validation"] == expected["validation"]
    assert report["train"] == expected["train"]


def test_images_are_indexed_like_an_array(made):
    images = load_stored_crops(made[1], SIZE).objects.images
    everything = np.stack([images[number] for number in range(len(images))])
    assert images.shape == everything.shape
    assert images.dtype == everything.dtype
    assert len({image.tobytes() for image in everything}) == len(images)
    for index in (
        slice(None),
        slice(2, 7, 2),
        slice(None, None, -1),
        slice(100, 200),
        np.array([3, 1, 3, -1]),
        np.array([[0, 1], [2, 3], [4, 5]], np.int32),
        np.array([], int),
        [2, 0],
        -2,
        np.int64(4),
    ):
        assert (images[index] == everything[index]).all()
        assert images[index].shape == everything[index].shape
        assert images[index].dtype == np.uint8
    assert sum(1 for _ in images) == len(images)


@pytest.mark.parametrize("index", [9, -10, np.array([0, 9])])
def test_an_index_out_of_range_is_an_error(made, index):
    with pytest.raises(IndexError, match="of 9"):
        load_stored_crops(made[1], SIZE).objects.images[index]


@pytest.mark.parametrize("index", [1.5, "1", np.array([True, False]), np.array([0.5])])
def test_an_index_that_is_no_integer_is_an_error(made, index):
    with pytest.raises(TypeError):
        load_stored_crops(made[1], SIZE).objects.images[index]


def test_a_smaller_size_is_that_of_the_stored_image_resized(made):
    large, small = load_stored_crops(made[1], SIZE), load_stored_crops(made[1], 20)
    assert small.objects.images.shape == (9, 20, 20, 3)
    assert small.evaluation.images.shape[1:] == (20, 20, 3)
    expected = Image.fromarray(large.objects.images[4]).resize((20, 20), Image.Resampling.LANCZOS)
    assert (small.objects.images[4] == np.asarray(expected)).all()
    assert (small.objects.boxes == large.objects.boxes).all()
    assert small.evaluation.masks[0].shape == large.evaluation.masks[0].shape


@pytest.mark.parametrize("size", [SIZE + 1, 0])
def test_a_size_that_cannot_be_had_is_named_with_the_stored_one(made, one_line_error, size):
    message = one_line_error(load_stored_crops, made[1], size)
    assert str(made[1]) in message
    assert f" {SIZE} " in message
    assert f" {size};" in message


def test_images_can_be_pickled_and_read_by_several_threads(made):
    images = load_stored_crops(made[1], SIZE).objects.images
    expected = images[:]
    again = pickle.loads(pickle.dumps(images))
    with ThreadPoolExecutor(4) as threads:
        for copy in threads.map(lambda _: again[:], range(8)):
            assert (copy == expected).all()


def test_reading_imports_no_tensorflow(made):
    script = (
        "import sys; from seigan_tf.data.storage.stored_crops import load_stored_crops;"
        "crops = load_stored_crops(sys.argv[1], 32);"
        "crops.objects.images[0]; print('tensorflow' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, made[1]], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert result.stdout == b"False\n", result.stderr.decode()
    assert result.stderr == b""


def test_the_folder_can_be_moved_and_read_with_tfds_alone(copy):
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(copy)
    crops = load_stored_crops(copy, SIZE)
    source = builder.as_data_source("train_objects")
    assert len(source) == 9
    for number, element in enumerate(source):
        assert (element["image"] == crops.objects.images[number]).all()
        assert (element["box"] == crops.objects.boxes[number]).all()
        assert element["category"] == b"cat"
    assert builder.info.metadata["settings"]["source"] == "coco"


def test_every_record_says_where_its_crop_was(made):
    import tensorflow_datasets as tfds

    config, folder = made
    builder = tfds.builder_from_directory(folder)
    content = json.loads(config.annotations.read_text())
    boxes = {entry["id"]: entry["bbox"] for entry in content["annotations"]}
    for element in builder.as_data_source("train_objects"):
        assert element["mask"] == b""
        assert element["photo_size"].tolist() == [160, 200]
        left, top, side = element["region"].tolist()
        x, y, width, height = boxes[element["object_id"]]
        edges = np.array([y - top, x - left, y + height - top, x + width - left]) / side
        np.testing.assert_allclose(element["box"], edges, atol=1e-6)
        assert (config.images / element["photo"].decode()).is_file()
    train = {
        element["photo"] for kind in ("objects", "backgrounds") for element in builder.as_data_source(f"train_{kind}")
    }
    validation = {element["photo"] for element in builder.as_data_source("val_objects")}
    assert len(validation) == 3
    assert not train & validation


def test_without_validation_photos_there_is_no_evaluation(made, tmp_path):
    prepare(replace(made[0], held_out=0.0), 32, tmp_path / "crops")
    assert load_stored_crops(tmp_path / "crops", 32).evaluation is None


def test_objects_without_a_mask_are_not_evaluated(made, new_photo_set, tmp_path):
    validation = new_photo_set("validation")
    for number in range(3):
        given = {"segmentation": [[60, 50, 100, 50, 100, 80]]} if number == 1 else {}
        validation.add(f"{number}.png", (60, 50, 40, 30), **given)
    paths = validation.config()
    config = replace(made[0], val_images=paths.images, val_annotations=paths.annotations)
    prepare(config, 32, tmp_path / "some")
    crops = load_stored_crops(tmp_path / "some", 32)
    assert len(crops.evaluation.masks) == len(crops.evaluation.images) == len(crops.evaluation.boxes) == 1
    assert crops.report["validation"]["without_mask"] == 2
    for entry in validation.content["annotations"]:
        entry.pop("segmentation", None)
    validation.config()
    prepare(config, 32, tmp_path / "none")
    assert load_stored_crops(tmp_path / "none", 32).evaluation is None


def test_a_folder_without_crops_is_named(tmp_path, one_line_error):
    assert "no such folder" in one_line_error(load_stored_crops, tmp_path / "nowhere", 32)
    assert f"{tmp_path}: no prepared crops" in one_line_error(load_stored_crops, tmp_path, 32)


def test_an_unfinished_build_is_refused(copy, one_line_error):
    (copy / stored_crops.UNFINISHED).touch()
    assert "not finished" in one_line_error(load_stored_crops, copy, SIZE)
    (copy / stored_crops.UNFINISHED).unlink()
    half = copy.with_name("incomplete.ABC_1.0.0")
    copy.rename(half)
    assert "not finished" in one_line_error(load_stored_crops, half, SIZE)


def test_a_file_of_that_name_above_the_crops_is_the_users_own(copy, tmp_path, one_line_error):
    for name in ("sets", "crops.partial"):
        folder = tmp_path / name / "crops"
        shutil.copytree(copy, folder)
        for place in folder.parents[:2]:
            (place / stored_crops.UNFINISHED).touch()
    assert load_stored_crops(tmp_path / "sets" / "crops", SIZE)
    assert "not finished" in one_line_error(load_stored_crops, folder, SIZE)


def test_crops_of_another_version_or_another_set_are_refused(copy, one_line_error):
    description = copy / "dataset_info.json"
    content = json.loads(description.read_text())
    description.write_text(json.dumps(content | {"version": "2.0.0"}))
    message = one_line_error(load_stored_crops, copy, SIZE)
    assert "2.0.0" in message
    assert records.VERSION in message
    description.write_text(json.dumps(content | {"name": "mnist"}))
    assert "mnist" in one_line_error(load_stored_crops, copy, SIZE)


@pytest.mark.parametrize("name", ["train_objects", "train_backgrounds", "val_objects", "val_backgrounds"])
@pytest.mark.parametrize("damage", ["missing", "cut short", "of another split"])
def test_damaged_files_are_refused(copy, one_line_error, name, damage):
    (shard,) = copy.glob(f"*-{name}.array_record*")
    if damage == "missing":
        shard.unlink()
    elif damage == "cut short":
        shard.write_bytes(shard.read_bytes()[: shard.stat().st_size // 2])
    else:
        other = "val_objects" if name != "val_objects" else "train_objects"
        shard.write_bytes(next(copy.glob(f"*-{other}.array_record*")).read_bytes())
    message = one_line_error(load_stored_crops, copy, SIZE)
    assert str(copy) in message
    assert "damaged" in message


@pytest.mark.parametrize("name", ["dataset_info.json", "features.json", "metadata.json"])
@pytest.mark.parametrize("content", ["", "{}", "{", "[]", "\0"])
def test_a_damaged_description_is_refused(copy, one_line_error, name, content):
    (copy / name).write_text(content)
    assert str(copy) in one_line_error(load_stored_crops, copy, SIZE)
