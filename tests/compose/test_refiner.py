"""The shipped refiner, and its part in cut-outs."""

import itertools
import shutil

import numpy as np
import pytest

from benchmarks.compose import masks_by_method
from seigan_tf import pretrained
from seigan_tf.compose import matting, refiner
from seigan_tf.compose.backends import load_backend
from seigan_tf.compose.composer import Composer
from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.photos.photo import Photo
from seigan_tf.data.planning.report import Tally
from seigan_tf.data.planning.rules import CropRules
from seigan_tf.evaluation.agreement import boundary_f, iou
from seigan_tf.evaluation.crops import evaluation_objects
from tests.compose.scene import BallBackend, ball, box_of


def test_masks_of_photographs_follow_their_edges(horses):
    """Twenty horses, of which none is in the refiner's training."""
    backend = load_backend("objects")
    rules = CropRules(backend.object_fraction, DataConfig.min_short_side, 0.9, DataConfig.min_aspect)
    photos = [item for item in read_annotations("coco", *horses) if isinstance(item, Photo)]
    found = itertools.chain.from_iterable(evaluation_objects(photos, rules, backend.size, Tally(0.0)))
    scores = []
    for item in itertools.islice(found, 20):
        masks = masks_by_method(backend, item)
        pair = masks["refined by colour"], masks["refined"]
        scores.append([(iou(mask, item.truth), boundary_f(mask, item.truth)) for mask in pair])
    before, after = np.mean(scores, axis=0)
    assert (after > before + 0.01).all()


def test_the_answer_is_a_mask():
    crop, there = ball(refiner.SIDE, refiner.SIDE, (128, 128), 90)
    found = refiner.refine(crop, there.astype(np.float32))
    assert found.dtype == np.float32
    assert found.shape == there.shape
    assert 0 <= found.min() <= found.max() <= 1
    assert found[there].mean() > 0.9


def test_it_is_no_weights_of_a_seigan():
    assert refiner.NAME not in pretrained.names()
    assert (pretrained.folder(refiner.NAME) / refiner.FILE).is_file()


def test_cut_outs_are_refined_inside_their_boxes(monkeypatch):
    seen = []

    def refine(image, mask):
        seen.append((image, mask))
        return np.ones_like(mask)

    monkeypatch.setattr(refiner, "refine", refine)
    photo, _ = ball()
    matting.matte(BallBackend(), photo, box_of(), refine=True, learned=False)
    matting.matte(BallBackend(), photo, box_of(), refine=False)
    assert seen == []
    whole = matting.matte(BallBackend(), photo, box_of(), refine=True)
    matting.matte(BallBackend(), photo, box_of(), refine=True, grow=0.2)
    (image, mask) = seen[0]
    np.testing.assert_array_equal(mask == 0, seen[1][1] == 0)  # masks that grow too are refined inside the box alone
    assert (image.shape, image.dtype) == ((refiner.SIDE, refiner.SIDE, 3), np.uint8)
    assert 0.3 < mask.mean() < 0.6
    x, y, width, height = box_of()
    assert (whole.window.left, whole.window.top) == (x, y)
    assert (whole.window.width, whole.window.height) == (width, height)
    assert whole.mask(photo).mean() > 0.95  # the box is filled, and nothing beside it
    assert whole.low.mean() < 0.7


def test_where_the_segmenter_finds_nothing_there_is_nothing(monkeypatch):
    monkeypatch.setattr(refiner, "refine", lambda image, mask: np.ones_like(mask))
    photo, _ = ball()
    found = matting.matte(BallBackend(), photo, box_of((250, 200), 30), refine=True)  # gravel
    assert found.mask(photo).max() < 0.5


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_installation_is_refused_at_once(damage, tmp_path, monkeypatch):
    shutil.copytree(pretrained.HERE / refiner.NAME, tmp_path / refiner.NAME)
    file = tmp_path / refiner.NAME / refiner.FILE
    if damage == "changed":
        file.write_bytes(file.read_bytes()[:-1])
    else:
        file.unlink()
    monkeypatch.setattr(pretrained, "HERE", tmp_path)
    monkeypatch.setattr(refiner, "_loaded", [])
    Composer(BallBackend(), refine=False)
    with pytest.raises((ValueError, OSError), match=r"refiner\.tflite"):
        Composer(BallBackend())
