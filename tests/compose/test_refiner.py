"""The shipped refiner, and its part in cut-outs."""

import cv2
import numpy as np
import pytest

from seigan_tf import pretrained
from seigan_tf.compose import matting, refiner
from seigan_tf.evaluation.agreement import boundary_f, iou
from tests.compose.scene import BallBackend, ball, box_of


@pytest.mark.parametrize("seed", range(3))
def test_a_coarse_mask_follows_the_edge(seed):
    crop, there = ball(refiner.SIDE, refiner.SIDE, (128, 128), 90, seed)
    coarse = cv2.GaussianBlur(np.roll(there, 5, 1).astype(np.float32), (0, 0), 6)
    found = refiner.refine(crop, coarse)
    assert found.dtype == np.float32
    assert found.shape == coarse.shape
    assert 0 <= found.min() <= found.max() <= 1
    assert iou(found > 0.5, there) > iou(coarse > 0.5, there)
    assert boundary_f(found > 0.5, there, 0.004) > boundary_f(coarse > 0.5, there, 0.004) + 0.1


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
    (image, mask) = seen[0]
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
