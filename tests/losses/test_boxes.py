"""Box terms against the NumPy reference, and on masks whose loss is known."""

import numpy as np
import pytest

from seigan_tf.losses import boxes
from tests import tiny
from tests.reference import losses as reference

SIZE = 16
BATCH = tiny.batch(3, SIZE)["object"]
PHOTOS, BOXES = BATCH["image"], BATCH["box"]
BOX_MASK = reference.box_to_mask(BOXES, SIZE)
MASK = np.random.default_rng(0).uniform(0.001, 0.999, size=(3, SIZE, SIZE, 1)).astype("float32")


def logits(mask):
    """The logits of a mask in (0, 1), float32."""
    mask = np.asarray(mask, "float64")
    return (np.log(mask) - np.log(1 - mask)).astype("float32")


def test_box_masks_agree_with_the_reference():
    np.testing.assert_array_equal(np.asarray(boxes.box_to_mask(BOXES, SIZE)), BOX_MASK)


def test_a_box_covers_the_pixels_whose_centres_lie_in_it():
    mask = np.asarray(boxes.box_to_mask(np.array([[0.25, 0.0, 0.75, 0.49]], "float32"), 4))[0, :, :, 0]
    np.testing.assert_array_equal(mask, [[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]])


def test_projection_agrees_with_the_reference():
    value = boxes.projection(MASK, BOX_MASK.astype("float32"))
    assert float(value) == pytest.approx(reference.projection(MASK.astype("float64"), BOX_MASK), rel=1e-5)


def test_projection_is_zero_for_any_mask_that_touches_every_row_and_column_of_the_box():
    box_mask = boxes.box_to_mask(np.array([[0.25, 0.25, 0.75, 0.75]], "float32"), 8)
    cross = np.zeros((1, 8, 8, 1), "float32")
    cross[0, range(2, 6), range(2, 6)] = 1.0
    assert float(boxes.projection(cross, box_mask)) == pytest.approx(0.0, abs=1e-6)
    assert float(boxes.projection(np.zeros_like(cross), box_mask)) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("threshold", "reach", "distances"), [(0.01, 2, (1, 2)), (0.06, 3, (1, 2)), (5.0, 1, (1,)), (0.06, 4, (1, 2, 4))]
)
def test_pairwise_agrees_with_the_reference(threshold, reach, distances):
    value = boxes.pairwise(logits(MASK), PHOTOS, BOX_MASK.astype("float32"), threshold, reach)
    expected = reference.pairwise(MASK.astype("float64"), PHOTOS.astype("float64"), BOX_MASK, threshold, distances)
    assert expected > 0.1
    assert float(value) == pytest.approx(expected, rel=1e-4)


def test_pairwise_is_zero_where_neighbours_of_like_colour_share_a_label():
    photo = np.zeros((1, 8, 8, 3), "float32")
    photo[:, :, 4:] = 1.0
    sure, box_mask = 80.0 * photo[..., :1] - 40.0, np.ones((1, 8, 8, 1), "float32")
    assert float(boxes.pairwise(sure, photo, box_mask, 0.06, 2)) == pytest.approx(0.0, abs=1e-6)
    assert float(boxes.pairwise(sure, 0.0 * photo, box_mask, 0.06, 2)) > 1.0


def test_outside_agrees_with_the_reference_and_sees_nothing_inside():
    value = float(boxes.outside(logits(MASK), BOX_MASK.astype("float32")))
    assert value == pytest.approx(reference.outside(MASK.astype("float64"), BOX_MASK), rel=1e-5)
    changed = np.where(BOX_MASK > 0, 1 - MASK, MASK).astype("float32")
    assert float(boxes.outside(logits(changed), BOX_MASK.astype("float32"))) == pytest.approx(value, rel=1e-6)
    assert float(boxes.outside(logits(MASK), np.ones_like(MASK))) == 0.0


def test_saturation_agrees_with_the_reference_and_has_a_gradient_where_a_mask_is_sure():
    value = boxes.saturation(logits(MASK))
    assert float(value) == pytest.approx(reference.saturation(MASK.astype("float64")), rel=1e-4)
    steps = [float(boxes.saturation(np.full((1, 2, 2, 1), sure, "float32"))) for sure in (8.0, 8.1)]
    assert steps[1] - steps[0] > 1


def test_pairwise_is_zero_where_no_neighbours_are_alike():
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 3)).astype("float32")
    assert float(boxes.pairwise(logits(MASK[:1, :8, :8]), noise, np.ones((1, 8, 8, 1), "float32"), 1e-6, 2)) == 0.0
