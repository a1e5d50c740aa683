"""Fixtures of all tests: the backend, small annotated photo sets, and the data and weights beside the repository."""

import gc
import json
import os
import signal
import threading
import zlib
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from PIL import Image

from seigan_tf.config import DataConfig

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    # A shell starts what runs in the background deaf to Ctrl-C, and programs hand that on to those that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
# A busy machine must not fail a property by its time.
hypothesis.settings.register_profile("no_deadline", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("no_deadline")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# There are as many processes of tests as cores: a second thread in each costs a seventh more time. A machine's own
# number of threads is left to the runs that must end bit-identical, in processes of their own (test_train_command.py).
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
os.environ.update(ONE_THREAD)

# Networks are made of very many objects, which Python's garbage collector would look through all the time.
gc.set_threshold(20_000, 20, 50)

ROOT = Path(__file__).resolve().parent.parent
LONG = (
    *["test_notebooks.py", "test_recipe_command.py", "test_train_command.py", "test_devices.py", "test_backends.py"],
    *["test_workers.py", "test_wheel.py"],
)
"""Files of few tests that take minutes: started last, they leave the other core idle."""


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of photographs and weights beside the repository."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs ../shared, which lies beside the project's own checkouts only")
    return folder


class PhotoSet:
    """A folder of photographs with COCO annotations, built entry by entry."""

    def __init__(self, folder: Path, first_seed: int = 0):
        self.first_seed = first_seed
        self.images = folder / "photos"
        self.annotations = folder / "annotations.json"
        self.images.mkdir(parents=True)
        self.content = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}

    def add(self, name: str, *boxes, width: int = 200, height: int = 160, **annotation) -> Path:
        """One photo of random pixels with the boxes given; `annotation` goes into each of its annotations."""
        path = self.images / name
        seed = len(self.content["images"])
        pixels = np.random.default_rng(self.first_seed + seed).integers(0, 256, (height, width, 3), np.uint8)
        Image.fromarray(pixels).save(path)
        self.content["images"].append({"id": seed + 1, "file_name": name, "width": width, "height": height})
        for box in boxes:
            number = len(self.content["annotations"]) + 1
            entry = {"id": number, "image_id": seed + 1, "category_id": 1, "iscrowd": 0, "bbox": list(box)}
            self.content["annotations"].append(entry | annotation)
        return path

    def config(self, **settings) -> DataConfig:
        """Writes the annotations and returns settings that read the set."""
        self.annotations.write_text(json.dumps(self.content))
        return DataConfig(source="coco", images=self.images, annotations=self.annotations, **settings)


@pytest.fixture
def photo_set(tmp_path):
    """An empty set of photographs."""
    return PhotoSet(tmp_path / "set")


@pytest.fixture
def new_photo_set(tmp_path):
    """Function that makes further sets, by name; no photo of theirs is that of another set."""
    return lambda name: PhotoSet(tmp_path / name, first_seed=1000 * zlib.crc32(name.encode()))


def real_set(name: str, photos: str, annotations: str) -> tuple[Path, Path]:
    """Folder and annotations of a set of ../shared; the test is skipped if it is absent."""
    folder = ROOT.parent / "shared" / "data" / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: the photographs stay outside the project")
    return folder / photos, folder / annotations


@pytest.fixture
def cats_train():
    return real_set("cats", "train", "instances_train.json")


@pytest.fixture
def cats_val():
    return real_set("cats", "val", "instances_val.json")


@pytest.fixture
def coco128():
    return real_set("coco128", "train2017", "instances_train2017.json")


@pytest.fixture
def coco_person():
    return real_set("coco_person", "images", "instances.json")


@pytest.fixture
def horses():
    return real_set("horses", "images", "instances.json")


@pytest.fixture
def one_line_error():
    """Function that makes a call that must raise ValueError, and returns its message, which must be one line."""

    def message(call, *arguments, **settings) -> str:
        with pytest.raises(ValueError) as caught:
            call(*arguments, **settings)
        text = str(caught.value)
        assert text
        assert "\n" not in text
        return text

    return message
