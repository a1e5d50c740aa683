"""The same photo in every format and EXIF orientation gives the same, wherever photos are read.

For the exports see tests/export/saved_model/test_signatures.py and tests/export/web/test_page.py.
"""

import io
import json

import numpy as np
import pytest
from PIL import Image
from werkzeug.test import Client

from seigan_tf.compose import composer, photo_files
from tests import photo_matrix
from tests.commands import call
from tests.compose.scene import BallBackend
from tests.photo_matrix import BOX, HEIGHT, WIDTH, check_alike
from tests.serve import stub


@pytest.fixture(scope="module")
def contents():
    return photo_matrix.files()


@pytest.fixture
def folder(contents, tmp_path, monkeypatch):
    """The photos with their annotations, for commands whose networks find what is red."""
    monkeypatch.setattr(composer, "load_backend", lambda *_: BallBackend())
    names = sorted(contents)
    for name in names:
        (tmp_path / name).write_bytes(contents[name])
    images = [{"id": i, "file_name": name, "width": WIDTH, "height": HEIGHT} for i, name in enumerate(names)]
    boxes = [{"id": i, "image_id": i, "category_id": 1, "iscrowd": 0, "bbox": list(BOX)} for i in range(len(names))]
    annotations = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "ball"}]}
    (tmp_path / "boxes.json").write_text(json.dumps(annotations))
    return tmp_path


def pixels(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def test_cut_finds_the_same_mask(capsys, folder, contents):
    ended = call(capsys, "cut", folder, "-o", folder / "out", "--mask-only")
    assert ended.code == 0, ended.err
    masks = {name: photo_files.read(folder / "out" / f"{name.partition('.')[0]}-1.png").pixels for name in contents}
    assert masks["png-1.png"].shape == (HEIGHT, WIDTH, 3)
    assert masks["png-1.png"][36, 42].min() > 200 and masks["png-1.png"][:, 70:].max() == 0
    check_alike(masks)


def test_erase_gives_the_same_picture(capsys, folder, contents):
    ended = call(capsys, "erase", folder, "-o", folder / "out")
    assert ended.code == 0, ended.err
    erased = {name: photo_files.read(folder / "out" / f"{name.partition('.')[0]}.png").pixels for name in contents}
    assert np.abs(erased["png-1.png"][36, 42].astype(int) - 128).max() < 40  # the ball was red
    check_alike(erased)


def test_serve_cuts_the_same_object(contents):
    client = Client(stub.application(BallBackend()))
    alphas, previews = {}, {}
    for name, content in contents.items():
        fields = {"photo": (io.BytesIO(content), name), "box": ",".join(map(str, BOX))}
        cut = client.post("/api/cut", data=fields, base_url="http://127.0.0.1:8100")
        assert (cut.status_code, cut.headers.get("Rectangle")) == (200, "22,16,40,40"), (name, cut.data[:200])
        alphas[name] = pixels(cut.data)[..., 3]
        opened = client.post("/api/open", data={"photo": (io.BytesIO(content), name)}, base_url="http://127.0.0.1:8100")
        previews[name] = pixels(opened.data)
    assert alphas["png-1.png"].max() == 255 and alphas["png-1.png"].min() == 0
    check_alike(alphas)
    check_alike(previews)
