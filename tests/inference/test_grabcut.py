import numpy as np
import pytest

from seigan_tf.evaluation.agreement import iou
from seigan_tf.inference import grabcut


@pytest.fixture
def scene():
    """A red disc on green noise, and its mask."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:80, :100]
    disc = (rows - 40) ** 2 + (columns - 50) ** 2 < 22**2
    image = np.where(disc[..., None], [200, 40, 40], [40, 160, 60]) + random.integers(-20, 20, (80, 100, 3))
    return image.astype(np.uint8), disc


def test_an_object_of_another_colour_is_found(scene):
    image, disc = scene
    mask = grabcut.from_box(image, np.array([16 / 80, 26 / 100, 64 / 80, 74 / 100]))
    assert mask.dtype == bool
    assert iou(mask, disc) > 0.95


def test_the_same_call_gives_the_same_mask(scene):
    image, _ = scene
    box = np.array([0.2, 0.26, 0.8, 0.74])
    np.testing.assert_array_equal(grabcut.from_box(image, box), grabcut.from_box(image, box))


@pytest.mark.parametrize("box", [[0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5]])
def test_a_box_with_nothing_outside_or_inside_is_its_own_mask(scene, box):
    image, _ = scene
    mask = grabcut.from_box(image, np.array(box, float))
    assert mask.mean() in (0, 1)


def test_colour_decides_where_a_mask_is_in_doubt(scene):
    image, disc = scene
    rows, columns = np.mgrid[:80, :100]
    blurred = np.clip(1.2 - np.hypot(rows - 40, columns - 44) / 30, 0, 1).astype(np.float32)  # moved and too wide
    decided = grabcut.from_mask(image, blurred)
    assert decided.dtype == np.float32
    assert iou(decided > 0.5, disc) > 0.95 > iou(blurred > 0.5, disc)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.4])
def test_masks_without_edges_stay(scene, value):
    mask = np.full((80, 100), value, np.float32)
    np.testing.assert_array_equal(grabcut.from_mask(scene[0], mask), mask)
