"""Means over mirrored and turned crops, with functions in place of networks."""

import numpy as np
import pytest

from seigan_tf.inference.tta import inpaint_tta, segment_tta

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-1, 1, (2, 6, 6, 3)).astype("float32")
MASKS = (RANDOM.random((2, 6, 6, 1)) > 0.5).astype("float32")
BOXES = np.array([[0.1, 0.2, 0.5, 0.9], [0.0, 0.0, 1.0, 0.5]], "float32")


def symmetries(images):
    """The eight pictures of a square, each with the change that takes it back."""
    for turns in range(4):
        yield np.rot90(images, turns, (1, 2)), lambda a, t=turns: np.rot90(a, -t, (1, 2))
        yield np.rot90(images[:, :, ::-1], turns, (1, 2)), lambda a, t=turns: np.rot90(a, -t, (1, 2))[:, :, ::-1]


def test_inpainting_changes_nothing_where_the_direction_does_not_matter():
    def inpaint(images, masks):
        return (1 - masks) * images + 0.5 * masks

    np.testing.assert_allclose(inpaint_tta(inpaint, IMAGES, MASKS), inpaint(IMAGES, MASKS), atol=1e-6)


def test_inpainting_treats_all_directions_alike():
    weights = RANDOM.normal(size=(6, 6, 3)).astype("float32")

    def inpaint(images, masks):
        return images + masks * weights  # a texture that is always the same

    answer = inpaint_tta(inpaint, IMAGES, MASKS)
    for (turned, back), (masks, _) in zip(symmetries(IMAGES), symmetries(MASKS), strict=True):
        np.testing.assert_allclose(back(inpaint_tta(inpaint, turned, masks)), answer, atol=1e-5)
    added = np.abs(answer - IMAGES)[MASKS[..., 0] > 0].mean()
    assert added < 0.6 * np.abs(MASKS * weights)[MASKS[..., 0] > 0].mean()


def test_segmentation_is_the_mean_of_a_crop_and_its_mirror_image():
    def segment(images, boxes):
        return images[..., :1] + boxes[:, 1, None, None, None] * np.linspace(0, 1, 6)[:, None]

    mirrored = np.array([[0.1, 0.1, 0.5, 0.8], [0.0, 0.5, 1.0, 1.0]])
    expected = (segment(IMAGES, BOXES) + segment(IMAGES[:, :, ::-1], mirrored)[:, :, ::-1]) / 2
    assert segment_tta(segment, IMAGES, BOXES) == pytest.approx(expected, abs=1e-6)
