"""IoU at original resolution, and the masks drawn from the box alone."""

import numpy as np
import pytest

from seigan_tf.data.crop_set import EvaluationCrops
from seigan_tf.evaluation.agreement import baseline_iou, ellipse_mask, iou, per_image_iou, to_original
from seigan_tf.utils.boxes import box_to_mask


def evaluation_crops(masks, box=(0.0, 0.0, 1.0, 1.0)):
    count = len(masks)
    return EvaluationCrops(np.zeros((count, 8, 8, 3), np.uint8), np.array([box] * count, np.float32), masks)


def test_iou_counts_shared_pixels_over_covered_pixels():
    mask, truth = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    mask[:2] = True
    truth[1:] = True
    assert iou(mask, truth) == pytest.approx(4 / 16)


def test_two_empty_masks_agree_and_a_lone_one_does_not():
    empty, full = np.zeros((3, 3), bool), np.ones((3, 3), bool)
    assert iou(empty, empty) == 1.0
    assert iou(empty, full) == 0.0


def test_masks_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(3, 3\).*\(4, 4\)"):
        iou(np.ones((3, 3), bool), np.ones((4, 4), bool))


def test_enlarging_is_bilinear_between_pixel_centres():
    ramp = np.tile(np.array([0.0, 1.0], np.float32), (2, 1))
    enlarged = to_original(ramp, 2, 4)
    np.testing.assert_allclose(enlarged, np.tile([0.0, 0.25, 0.75, 1.0], (2, 1)), atol=1e-6)


def test_each_crop_is_compared_at_its_own_resolution():
    half = np.zeros((8, 8), np.float32)
    half[:, :4] = 1.0
    truths = [np.zeros((side, side), bool) for side in (8, 30, 200)]
    for truth in truths:
        truth[:, : truth.shape[1] // 2] = True
    scores = per_image_iou(np.stack([half] * 3)[..., None], evaluation_crops(truths))
    np.testing.assert_allclose(scores, 1.0, atol=0.02)
    assert scores[0] == 1.0


def test_a_pixel_at_the_threshold_is_background():
    scores = per_image_iou(np.full((1, 4, 4), 0.5, np.float32), evaluation_crops([np.ones((4, 4), bool)]))
    assert scores == [0.0]


def test_another_number_of_masks_than_crops_is_refused():
    with pytest.raises(ValueError, match="2 masks for 1"):
        per_image_iou(np.zeros((2, 4, 4)), evaluation_crops([np.ones((4, 4), bool)]))


def test_the_box_is_filled_exactly():
    expected = np.zeros((8, 16), bool)
    expected[2:4, 4:12] = True
    np.testing.assert_array_equal(box_to_mask((0.25, 0.25, 0.5, 0.75), 8, 16), expected)


def test_the_ellipse_touches_the_box_and_has_its_share_of_the_area():
    box = (0.1, 0.2, 0.7, 0.9)
    ellipse = ellipse_mask(box, 400, 300)
    assert not (ellipse & ~box_to_mask(box, 400, 300)).any()
    rows, columns = np.flatnonzero(ellipse.any(1)), np.flatnonzero(ellipse.any(0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (40, 279, 60, 269)
    assert ellipse.sum() / box_to_mask(box, 400, 300).sum() == pytest.approx(np.pi / 4, abs=0.01)


def test_a_box_without_area_has_an_empty_ellipse():
    assert not ellipse_mask((0.5, 0.2, 0.5, 0.8), 10, 10).any()


def test_baselines_are_scored_against_the_true_masks():
    box = (0.25, 0.25, 0.75, 0.75)
    evaluation = evaluation_crops([box_to_mask(box, 64, 64), ellipse_mask(box, 64, 64)], box)
    np.testing.assert_allclose(baseline_iou("box", evaluation), [1.0, np.pi / 4], atol=0.02)
    np.testing.assert_allclose(baseline_iou("ellipse", evaluation), [np.pi / 4, 1.0], atol=0.02)
