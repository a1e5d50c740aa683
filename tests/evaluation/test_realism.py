"""Kernel distances of pastes, with features that are made of the mean colours."""

import numpy as np
import pytest

from seigan_tf.evaluation import realism
from seigan_tf.evaluation.realism import kernel_distance, pair_terms
from seigan_tf.evaluation.vgg import POOLED_LAYER, mean_features


class Model:
    """Pastes darker objects, which its enhancer makes as bright as they were."""

    def swap(self, images, boxes, backgrounds):
        self.onto = [*getattr(self, "onto", []), *backgrounds]
        real = images / np.float32(127.5) - 1
        return {"coarse": real - 0.3, "composite": real}


def colours(images, layers):
    assert layers == (POOLED_LAYER,)
    return {POOLED_LAYER: images}


@pytest.fixture
def crops():
    random = np.random.default_rng(0)
    shades = random.integers(60, 200, (40, 1, 1, 3))
    images = np.clip(shades + random.integers(-9, 9, (40, 8, 8, 3)), 0, 255).astype(np.uint8)
    return images, np.zeros((40, 4), np.float32), random.integers(0, 255, (5, 8, 8, 3)).astype(np.uint8)


def test_better_pastes_are_nearer_to_the_photographs(crops):
    model = Model()
    result = realism.measure_realism(model.swap, colours, *crops)
    kid = result["kid"]
    assert result["count"] == 40
    assert list(kid) == ["coarse", "full", "background", "full_minus_coarse"]
    assert kid["coarse"]["distance"] > 3 * kid["coarse"]["error"]
    assert kid["full"]["distance"] < kid["coarse"]["distance"]
    difference = kid["full"]["distance"] - kid["coarse"]["distance"]
    assert kid["full_minus_coarse"]["distance"] == pytest.approx(difference)
    real, onto = (mean_features(colours, images) for images in (crops[0], crops[2][np.arange(40) % 5]))
    expected = kernel_distance(pair_terms(real, onto), np.arange(40) % 5)
    assert kid["background"] == pytest.approx(expected._asdict())


def test_backgrounds_take_turns(crops):
    model = Model()
    realism.measure_realism(model.swap, colours, *crops)
    np.testing.assert_array_equal(model.onto, crops[2][np.arange(40) % 5])
