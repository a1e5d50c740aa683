import numpy as np
import pytest

from seigan_tf.evaluation.restoration import OPENCV, hole_scores, opencv_fill


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
    assert scores.l1 == 0
    assert scores.psnr == float("inf")


def test_a_known_difference(ramp):
    image, hole = ramp
    image = image // 2
    scores = hole_scores(image + np.uint8(51), image, hole)
    assert scores.l1 == pytest.approx(0.2)
    assert scores.psnr == pytest.approx(-10 * np.log10(0.04))
    assert scores.ssim < 1
    assert hole_scores(image, image, hole).ssim == pytest.approx(1)


@pytest.mark.parametrize("name", OPENCV)
def test_opencv_fills_the_hole_and_nothing_else(ramp, name):
    image, hole = ramp
    holed = np.where(hole[..., None], 0, image).astype(np.uint8)
    filled = opencv_fill(name, holed, hole)
    np.testing.assert_array_equal(filled[~hole], image[~hole])
    assert hole_scores(filled, image, hole).l1 < 0.1 * hole_scores(holed, image, hole).l1


def test_empty_holes_and_shapes_that_differ_are_refused(ramp):
    image, hole = ramp
    with pytest.raises(ValueError, match="empty"):
        hole_scores(image, image, np.zeros_like(hole))
    with pytest.raises(ValueError, match="shapes"):
        hole_scores(image[:50], image, hole)
