"""The synthetic set: exact, repeatable, and hard enough for a box."""

import numpy as np
import pytest

from seigan_tf.data.synthetic import shapes, synthetic_backgrounds, synthetic_objects

SIZE = 48


@pytest.fixture(scope="module")
def objects():
    return synthetic_objects(300, SIZE, 7)


def test_arrays_have_the_promised_types(objects):
    assert objects.images.shape == (300, SIZE, SIZE, 3)
    assert objects.images.dtype == np.uint8
    assert objects.boxes.shape == (300, 4)
    assert objects.boxes.dtype == np.float32
    assert objects.masks.shape == (300, SIZE, SIZE)
    assert objects.masks.dtype == bool
    backgrounds = synthetic_backgrounds(3, SIZE, 7)
    assert backgrounds.shape == (3, SIZE, SIZE, 3)
    assert backgrounds.dtype == np.uint8


def test_boxes_are_tight_around_the_masks(objects):
    for box, mask in zip(objects.boxes, objects.masks, strict=True):
        rows, columns = np.nonzero(mask)
        tight = np.array([rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]) / SIZE
        np.testing.assert_allclose(box, tight, atol=1e-6)


@pytest.mark.parametrize("fraction", [0.5, 100 / 128, 0.9])
def test_objects_are_centred_and_of_the_protocols_size_within_two_pixels(fraction):
    boxes = synthetic_objects(100, SIZE, 3, fraction).boxes * SIZE
    long = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    assert np.abs(long - fraction * SIZE).max() <= 2
    assert np.abs((boxes[:, 2:] + boxes[:, :2]) / 2 - SIZE / 2).max() <= 1.5


def test_ellipse_in_the_box_is_no_answer(objects):
    places = (np.arange(SIZE) + 0.5) / SIZE
    scores = []
    for (ymin, xmin, ymax, xmax), mask in zip(objects.boxes, objects.masks, strict=True):
        rows = (places - (ymin + ymax) / 2) / ((ymax - ymin) / 2)
        columns = (places - (xmin + xmax) / 2) / ((xmax - xmin) / 2)
        ellipse = rows[:, None] ** 2 + columns[None, :] ** 2 < 1
        scores.append((ellipse & mask).sum() / (ellipse | mask).sum())
    assert 0.5 < np.mean(scores) < 0.68


def test_objects_differ_in_colour_from_what_is_around_them(objects):
    images = objects.images.astype(float) / 255
    distances = [
        np.abs(image[mask].mean(axis=0) - image[~mask].mean(axis=0)).sum()
        for image, mask in zip(images, objects.masks, strict=True)
    ]
    assert np.percentile(distances, 5) > 0.25


def test_same_seed_gives_the_same_set_and_another_seed_another():
    first, again, other = (synthetic_objects(5, 32, [seed, 1]) for seed in (0, 0, 1))
    assert (first.images == again.images).all()
    assert (first.masks == again.masks).all()
    assert not (first.masks == other.masks).all()
    assert not (synthetic_backgrounds(5, 32, 0) == synthetic_backgrounds(5, 32, 1)).all()


def test_no_two_objects_are_alike(objects):
    assert len({mask.tobytes() for mask in objects.masks}) > 295
    assert len({image.tobytes() for image in objects.images}) == 300


@pytest.mark.parametrize("family", [shapes.star, shapes.crescent, shapes.limbs, shapes.lobes])
def test_every_family_of_shapes_stays_within_its_reach(family):
    line = np.linspace(-2 * shapes.REACH, 2 * shapes.REACH, 80)
    inside = family(np.random.default_rng(0), 100)(line[None, None, :], line[None, :, None]) < 0
    outside = np.abs(line) > shapes.REACH
    assert inside.any(axis=(1, 2)).all()
    assert not inside[:, outside].any()
    assert not inside[:, :, outside].any()


def test_empty_set_is_refused(one_line_error):
    assert "0 crops of 32 pixels" in one_line_error(synthetic_objects, 0, 32, 0)
    assert "3 crops of 0 pixels" in one_line_error(synthetic_backgrounds, 3, 0, 0)
