"""Holes of the objects' shapes, and how well they are filled."""

import numpy as np
import pytest

from seigan_tf.evaluation import inpainting
from seigan_tf.evaluation.inpainting import OPENCV, draw_holes, hole_scores, object_hole, opencv_fill


@pytest.fixture
def ramp():
    """A smooth image and a hole in it."""
    rows, columns = np.mgrid[:60, :60]
    image = np.stack([rows * 4, columns * 4, 2 * (rows + columns)], axis=-1).astype(np.uint8)
    hole = np.zeros((60, 60), bool)
    hole[20:35, 22:40] = True
    return image, hole


def test_only_the_hole_counts(ramp):
    image, hole = ramp
    outside = np.where(hole[..., None], image, 255 - image)
    scores = hole_scores(outside, image, hole)
    assert scores["l1"] == 0
    assert scores["psnr"] == pytest.approx(58.92, abs=0.01)
    assert scores["ssim"] == pytest.approx(1)


def test_a_known_difference(ramp):
    image, hole = ramp
    image = image // 2
    scores = hole_scores(image + np.uint8(51), image, hole)
    assert scores["l1"] == pytest.approx(0.2)
    assert scores["psnr"] == pytest.approx(-10 * np.log10(0.04))
    assert scores["ssim"] < 0.99


@pytest.mark.parametrize("name", OPENCV)
def test_opencv_fills_the_hole_and_nothing_else(ramp, name):
    image, hole = ramp
    holed = np.where(hole[..., None], 0, image).astype(np.uint8)
    filled = opencv_fill(name, holed, hole)
    np.testing.assert_array_equal(filled[~hole], image[~hole])
    assert hole_scores(filled, image, hole)["l1"] < 0.1 * hole_scores(holed, image, hole)["l1"]


def test_empty_holes_and_shapes_that_differ_are_refused(ramp, one_line_error):
    image, hole = ramp
    assert "empty" in one_line_error(hole_scores, image, image, np.zeros_like(hole))
    assert "shapes" in one_line_error(hole_scores, image[:50], image, hole)


def test_holes_are_the_objects_at_the_size_of_the_crops():
    mask = np.zeros((90, 90), bool)
    mask[30:60, 15:75] = True
    hole = object_hole(mask, 30)
    assert hole.sum() == 10 * 20
    assert hole[10:20, 5:25].all()
    thin = np.zeros((90, 90), bool)
    thin[40, 20] = True
    assert object_hole(thin, 30).sum() == 1
    assert not object_hole(np.zeros((9, 9), bool), 3).any()


def test_every_hole_is_drawn_as_often_as_another_and_some_are_mirrored():
    holes = np.zeros((4, 6, 6), bool)
    for number in range(3):
        holes[number, number, 0] = True  # and the last one is empty
    drawn = draw_holes(holes, 60, seed=0)
    np.testing.assert_array_equal(drawn.sum(axis=(1, 2)), np.ones(60))
    np.testing.assert_array_equal(drawn.any(axis=2).sum(axis=0), [20, 20, 20, 0, 0, 0])
    left, right = drawn[:, :, 0].sum(), drawn[:, :, 5].sum()
    assert left + right == 60
    assert min(left, right) > 15
    np.testing.assert_array_equal(draw_holes(holes, 60, seed=0), drawn)
    assert (draw_holes(holes, 60, seed=1) != drawn).any()


def test_the_model_never_sees_what_is_in_the_hole(ramp):
    image, hole = ramp
    seen = []

    def inpaint(images, masks):
        seen.append((images, masks))
        return images / np.float32(127.5) - 1

    truth, holes = np.stack([image, image[::-1]]), np.stack([hole, hole])
    result = inpainting.measure_inpainting(inpaint, truth, holes)
    assert all((images[masks[..., 0] == 1] == 0).all() for images, masks in seen)
    np.testing.assert_array_equal(seen[0][1][..., 0], holes)
    assert list(result) == ["count", "l1", "psnr", "ssim"]
    assert result["count"] == 2
    for kind in ("l1", "psnr", "ssim"):
        assert list(result[kind]) == ["model", "model_tta", "telea", "navier_stokes"]
    black = [hole_scores(np.zeros_like(image), *pair)["l1"] for pair in zip(truth, holes, strict=True)]
    assert result["l1"]["model"] == pytest.approx(np.mean(black))
    assert result["l1"]["telea"] < 0.1 * result["l1"]["model"]
