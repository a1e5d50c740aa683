"""A teacher's masks, corrected by boxes, and the choice among them."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seigan_tf.data.crop_set import ObjectCrops
from seigan_tf.losses import boxes as box_terms
from seigan_tf.training import teacher_masks as module


class SaysLeft:
    """A teacher that calls the left half of every crop object."""

    def segment(self, images, boxes):
        masks = np.zeros((*images.shape[:3], 1), np.float32)
        masks[:, :, : images.shape[2] // 2] = 1.0
        return masks


WHOLE = np.float32([[0, 0, 1, 1]] * 2)


def test_a_teacher_is_asked_about_the_mirror_image_too():
    crops = ObjectCrops(np.zeros((2, 8, 8, 3), np.uint8), WHOLE)
    # Half of the two say so, which is doubtful; the box is reached everywhere with the least that makes it more.
    expected = 1 / (1 + np.exp(-0.25))
    made = module.masks_of(SaysLeft().segment, crops)
    np.testing.assert_array_equal(made, np.full((2, 8, 8, 1), 0.5))
    np.testing.assert_allclose(module.fit_to_boxes(made, WHOLE, WHOLE, 8), np.full((2, 8, 8, 1), expected), rtol=1e-6)


def test_masks_come_at_the_students_size():
    assert module.fit_to_boxes(np.ones((2, 8, 8, 1), np.float16), WHOLE, WHOLE, 16).shape == (2, 16, 16, 1)


@pytest.mark.parametrize(("theirs", "ours"), [(0.5, 0.8), (0.8, 0.5), (0.5, 0.5)])
def test_masks_come_at_the_students_scale(theirs, ours):
    """The upper half of a box twice as wide as high, in crops of 64 and of 32 pixels."""
    boxes = [np.float32([[0.5 - part / 4, 0.5 - part / 2, 0.5 + part / 4, 0.5 + part / 2]]) for part in (theirs, ours)]

    def upper_half(images, given):
        masks = np.zeros((len(images), 64, 64, 1), np.float32)
        top, left, bottom, right = np.round(64 * given[0]).astype(int)
        masks[:, top : (top + bottom) // 2, left:right] = 1.0
        return masks

    crops = ObjectCrops(np.zeros((1, 64, 64, 3), np.uint8), boxes[0])
    (mask,) = module.fit_to_boxes(module.masks_of(upper_half, crops), *boxes, 32)[..., 0]
    rows, columns = (np.flatnonzero(mask.max(axis=axis) > 0.5) for axis in (1, 0))
    expected = 32 * boxes[1][0]
    found = [rows[0], columns[0], rows[-1] + 1, columns[-1] + 1]
    np.testing.assert_allclose(found, [expected[0], expected[1], 16, expected[3]], atol=1)


def hill(width, size=16):
    """A mask that falls from 0.9 in the middle of the crop, to 0.5 at `width` pixels from it."""
    centres = np.abs(np.arange(size) + 0.5 - size / 2)
    distance = np.maximum(centres[:, None], centres)
    return (1 / (1 + np.exp(2.2 * (distance / width - 1)))).astype(np.float32)[None, ..., None]


def test_masks_that_end_before_their_box_are_raised_until_they_reach_it():
    box = np.float32([[2 / 16, 2 / 16, 14 / 16, 14 / 16]])
    small = hill(3)
    assert module.side_agreement(small, box)[0] < 0.7
    raised = module.expand_to_box(small, box)
    assert module.side_agreement(raised, box)[0] > 0.9
    box_mask = np.zeros((16, 16), bool)
    box_mask[2:14, 2:14] = True
    assert not raised[0, ~box_mask].any()
    # By one amount for all pixels: which of them is more certain does not change.
    logits = [np.log(mask[0, box_mask] / (1 - mask[0, box_mask])) for mask in (small, raised)]
    np.testing.assert_allclose(logits[1] - logits[0], (logits[1] - logits[0]).mean(), atol=1e-3)


def test_masks_that_reach_their_box_stay():
    box = np.float32([[2 / 16, 2 / 16, 14 / 16, 14 / 16]])
    mask = np.zeros((1, 16, 16, 1), np.float32)
    mask[:, 2:14, 7:9] = mask[:, 7:9, 2:14] = 0.9  # a cross: all rows and columns, and no more
    np.testing.assert_allclose(module.expand_to_box(mask, box), mask, rtol=1e-6)


@pytest.mark.parametrize("faint, raised", [(0.3, True), (0.1, False)])
def test_what_a_mask_wins_by_it_has_to_be_worth_the_shift(faint, raised):
    box = np.float32([[2 / 16, 2 / 16, 14 / 16, 14 / 16]])
    mask = np.zeros((1, 16, 16, 1), np.float32)
    mask[:, 2:13, 2:14] = 0.9
    mask[:, 13, 2:14] = faint  # the last row of the box
    made = module.expand_to_box(mask, box)
    assert (made[0, 13, 5, 0] > 0.5) == raised
    if not raised:
        np.testing.assert_allclose(made, mask, rtol=1e-6)


def test_empty_and_full_masks_stay_finite():
    masks = np.stack([np.zeros((8, 8, 1)), np.ones((8, 8, 1))]).astype(np.float32)
    raised = module.expand_to_box(masks, WHOLE)
    np.testing.assert_array_equal(raised, masks)
    np.testing.assert_array_equal(module.side_agreement(masks, WHOLE), [0, 1])


@given(st.integers(0, 2**32 - 1))
def test_agreement_is_what_the_projection_term_asks_for(seed):
    random = np.random.default_rng(seed)
    mask = (random.random((1, 9, 9, 1)) < 0.1).astype(np.float32)
    corners = np.sort(random.random((2, 2)), axis=0)
    box = np.concatenate([corners[0], corners[1]])[None].astype(np.float32)
    box_mask = box_terms.box_to_mask(keras.ops.convert_to_tensor(box), 9)
    loss = float(box_terms.projection(keras.ops.convert_to_tensor(mask), box_mask))
    if keras.ops.convert_to_numpy(box_mask).any():
        assert module.side_agreement(mask, box)[0] == pytest.approx(1 - loss / 2, abs=1e-6)


@pytest.fixture
def squares():
    """Ten crops with an orange square on dark noise, its boxes and true masks."""
    random = np.random.default_rng(0)
    images = random.integers(0, 30, (10, 32, 32, 3)).astype(np.uint8)
    images[:, 8:24, 8:24] += np.uint8([200, 60, 20])
    truth = np.zeros((10, 32, 32, 1), bool)
    truth[:, 8:24, 8:24] = True
    return images, np.tile(np.float32([0.25, 0.25, 0.75, 0.75]), (10, 1)), truth


WRONG = [1, 4, 8]
RIGHT = [0, 2, 3, 5, 6, 7, 9]


def test_masks_that_the_sides_of_their_boxes_speak_for_are_believed(squares):
    images, boxes, truth = squares
    masks = np.where(truth, 0.95, 0.05).astype(np.float32)  # so sure that colours are not asked
    masks[WRONG, 8:24, 14:24] = 0.05  # a strip of the object only
    seen = []
    _, confidence = module.refine(images, masks, boxes, lambda done, total: seen.append((done, total)))
    np.testing.assert_array_equal(module.most_confident(confidence), RIGHT)
    assert seen[-1] == (10, 10)


def test_masks_that_colours_speak_for_are_believed(squares):
    images, boxes, truth = squares
    masks = np.where(truth, 0.7, 0.3).astype(np.float32)
    masks[WRONG, 12:24, 12:24] = 0.3  # what is left reaches every side of the box
    np.testing.assert_array_equal(module.side_agreement(masks, boxes), np.ones(10))
    refined, confidence = module.refine(images, masks, boxes)
    np.testing.assert_array_equal(module.most_confident(confidence), RIGHT)
    np.testing.assert_array_equal(refined[RIGHT] > 0.5, truth[RIGHT])
    assert np.abs(refined - truth).mean() < np.abs(masks - truth).mean() / 4
    assert not refined[~truth].any()  # outside the box


def test_a_mask_that_finds_nothing_stays_empty_and_is_not_believed(squares):
    images, boxes, truth = squares
    refined, confidence = module.refine(images, np.where(truth, 0.4, 0.0).astype(np.float32), boxes)
    assert not (refined > 0.5).any()
    np.testing.assert_array_equal(confidence, np.zeros(10))


def test_masks_are_refined_by_several_threads_as_by_one(squares, monkeypatch):
    images, boxes, truth = squares
    masks = np.where(truth, 0.7, 0.3).astype(np.float32)
    made = []
    for number in (1, 3):
        monkeypatch.setattr(module, "cores", lambda number=number: number)
        made.append(module.refine(images, masks, boxes))
    for one, other in zip(*made, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("size", "side"), [(32, 128), (64, 128), (128, 256), (160, 256), (256, 256), (300, 300)])
def test_grabcut_gets_crops_of_twice_the_size_within_limits(size, side, monkeypatch):
    seen = []
    monkeypatch.setattr(module.grabcut, "from_mask", lambda image, mask: (seen.append(image.shape), mask)[1])
    masks = np.full((1, size, size, 1), 0.8, np.float32)
    refined, _ = module.refine(np.zeros((1, size, size, 3), np.uint8), masks, WHOLE[:1])
    assert seen == [(side, side, 3)]
    assert refined.shape == masks.shape
