"""Means over mirrored, turned and shifted crops, with functions in place of networks."""

import numpy as np
import pytest

from seigan_tf.inference.tta import inpaint_tta, segment_tta

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-1, 1, (2, 6, 6, 3)).astype("float32")
MASKS = (RANDOM.random((2, 6, 6, 1)) > 0.5).astype("float32")
BOXES = np.array([[0.1, 0.2, 0.5, 0.9], [0.0, 0.0, 1.0, 0.5]], "float32")


def test_inpainting_changes_nothing_where_the_direction_does_not_matter():
    def inpaint(images, masks):
        return (1 - masks) * images + 0.5 * masks

    np.testing.assert_allclose(inpaint_tta(inpaint, IMAGES, MASKS), inpaint(IMAGES, MASKS), atol=1e-6)


def test_inpainting_puts_every_answer_back_in_its_place():
    crops = RANDOM.uniform(-1, 1, (2, 40, 40, 3)).astype("float32")
    masks = np.zeros((2, 40, 40, 1), "float32")
    np.testing.assert_allclose(inpaint_tta(lambda images, masks: images, crops, masks), crops, atol=1e-6)


def test_a_texture_that_is_always_the_same_becomes_weaker_and_not_symmetric():
    texture = RANDOM.normal(size=(64, 64)).astype("float32")
    grey, hole = np.zeros((1, 64, 64, 3), "float32"), np.ones((1, 64, 64, 1), "float32")
    answer = inpaint_tta(lambda images, masks: images + masks * texture[..., None], grey, hole)[0, 16:-16, 16:-16, 0]
    assert answer.std() < 0.5 * texture.std()
    others = [np.rot90(seen, turns) for seen in (answer, answer[:, ::-1]) for turns in range(4)][1:]
    assert all(abs(np.corrcoef(answer.ravel(), other.ravel())[0, 1]) < 0.3 for other in others)


def test_lines_along_the_border_of_a_crop_do_not_show():
    def inpaint(images, masks):
        lines = np.zeros_like(images)
        for edge in (np.s_[:, :3], np.s_[:, -3:], np.s_[:, :, :3], np.s_[:, :, -3:]):
            lines[edge] = 1
        return images + masks * lines

    grey, hole = np.zeros((1, 128, 128, 3), "float32"), np.zeros((1, 128, 128, 1), "float32")
    hole[:, 5:120, 20:123] = 1
    assert np.abs(inpaint_tta(inpaint, grey, hole)).max() < 0.01


def test_segmentation_is_the_mean_of_a_crop_and_its_mirror_image():
    def segment(images, boxes):
        return images[..., :1] + boxes[:, 1, None, None, None] * np.linspace(0, 1, 6)[:, None]

    mirrored = np.array([[0.1, 0.1, 0.5, 0.8], [0.0, 0.5, 1.0, 1.0]])
    expected = (segment(IMAGES, BOXES) + segment(IMAGES[:, :, ::-1], mirrored)[:, :, ::-1]) / 2
    assert segment_tta(segment, IMAGES, BOXES) == pytest.approx(expected, abs=1e-6)
