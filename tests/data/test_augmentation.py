"""Random changes of a crop and its box: the box stays tight, the object stays whole."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seigan_tf.data.augmentation import Augmentation, augment, move_boxes, resample, windows
from seigan_tf.utils.boxes import flip_boxes

SIZE = 64

edges = st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).map(sorted).filter(lambda ends: ends[1] - ends[0] >= 3)
fractions = st.floats(0, 0.6)


def rectangles(count, vertical, horizontal):
    """`count` times a white rectangle on black, and its box."""
    images = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    images[:, slice(*vertical), slice(*horizontal)] = 255
    box = np.array([vertical[0], horizontal[0], vertical[1], horizontal[1]], np.float32) / SIZE
    return images, np.tile(box, (count, 1))


def tight_boxes(images):
    """The boxes, in pixels, of what is more white than black; the edges between pixels are interpolated."""
    light = (images[..., 0] + 1) / 2
    result = []
    for image in light:
        ends = []
        for profile in (image.max(axis=1), image.max(axis=0)):
            covered = np.flatnonzero(profile > 0.5)
            ends.append((covered[0], covered[-1] + 1))
        (top, bottom), (left, right) = ends
        result.append([top, left, bottom, right])
    return np.array(result)


@settings(deadline=None)
@given(edges, edges, fractions, fractions, st.integers(0, 10**6))
def test_box_stays_tight_and_the_object_whole_and_single(vertical, horizontal, zoom, shift, seed):
    images, boxes = rectangles(4, vertical, horizontal)
    changed, moved, _ = augment(images, boxes, Augmentation(0.0, zoom, shift), np.random.default_rng(seed))
    # Single, too: a mirrored part of it at the far border would widen the box that is found.
    assert np.abs(tight_boxes(changed) - moved * SIZE).max() <= 1
    # Whole: the box keeps its shape, so that nothing of it was cut off at the crop's border.
    before, after = (box[:, 2:] - box[:, :2] for box in (boxes, moved))
    scales = after / before
    np.testing.assert_allclose(scales[:, 0], scales[:, 1], atol=1e-4)


@given(edges, edges, st.floats(0.4, 2), st.floats(-0.6, 0.6), st.floats(-0.6, 0.6))
def test_object_limits_the_change_of_scale_and_never_enlarges_it(vertical, horizontal, scale, down, right):
    _, boxes = rectangles(1, vertical, horizontal)
    extent = (boxes[0, 2:] - boxes[0, :2]).max()
    _, (side,) = windows(boxes, np.array([scale]), np.array([[down, right]]))
    assert abs(side - 1) <= abs(1 / scale - 1) + 1e-9
    if extent <= 1 / scale <= 2 - extent:
        np.testing.assert_allclose(side, 1 / scale)


@given(st.floats(0.9, 1.1), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
def test_small_changes_of_a_centred_object_are_as_drawn(scale, down, right):
    _, boxes = rectangles(1, (16, 48), (12, 52))
    drawn = np.array([scale]), np.array([[down, right]])
    for limited, free in zip(windows(boxes, *drawn), windows(None, *drawn), strict=True):
        np.testing.assert_allclose(limited, free)


@given(st.floats(0.6, 1.6), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_scale_and_shift_mean_what_they_say(scale, down, right):
    """The crop's centre moves by the shift, and distances from it grow by the scale."""
    corners, sides = windows(None, np.array([scale]), np.array([[down, right]]))
    centre, quarter = (move_boxes(np.array([[at] * 4]), corners, sides)[0] for at in (0.5, 0.6))
    assume(quarter.max() < 1 and quarter.min() > 0)
    np.testing.assert_allclose(centre[:2], [0.5 + down, 0.5 + right], atol=1e-6)
    np.testing.assert_allclose(quarter - centre, 0.1 * scale, atol=1e-6)


def test_object_that_touches_the_border_goes_on_touching_it():
    images, boxes = rectangles(40, (0, 30), (20, 50))
    changed, moved, _ = augment(images, boxes, Augmentation(0.0, 0.5, 0.5), np.random.default_rng(0))
    assert (moved[:, 0] == 0).all()
    assert (changed[:, 0, :, 0].max(axis=1) > 0.99).all()
    assert np.ptp(moved[:, 1]) > 0.2


def test_window_of_whole_pixels_is_cut_out_exactly_and_mirrored_past_the_border():
    images = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3)).astype(np.uint8)
    cut = resample(images, np.array([[-2 / 8, 3 / 8]]), np.array([1.0]))
    rows, columns = [1, 0, 0, 1, 2, 3, 4, 5], [3, 4, 5, 6, 7, 7, 6, 5]
    assert (cut[0] == images[0][np.ix_(rows, columns)]).all()


def test_window_far_outside_is_mirrored_again_and_again():
    images = np.random.default_rng(0).integers(0, 256, (1, 4, 4, 3)).astype(np.uint8)
    assert (resample(images, np.array([[-8.0, 4.0]]), np.array([1.0])) == images).all()


def test_halves_of_pixels_are_means():
    images = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(1, 8, 8, 3)
    cut = resample(images, np.array([[1 / 16, 0.0]]), np.array([1.0]))
    np.testing.assert_allclose(cut[0, :-1], (images[0, :-1].astype(float) + images[0, 1:]) / 2)


@given(st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4))
def test_flipping_a_box_twice_gives_it_back(box):
    np.testing.assert_allclose(flip_boxes(flip_boxes(np.array([box]))), [box], atol=1e-6)
