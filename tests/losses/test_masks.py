"""The loss on given masks against the NumPy reference; its gradients at saturated masks are in test_backends.py."""

import numpy as np
import pytest

from seigan_tf.losses.masks import mask_loss
from tests.reference import losses as reference

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.uniform(-4, 4, (3, 6, 6, 1)).astype("float32")
MASK = 1 / (1 + np.exp(-LOGITS.astype("float64")))
BOX_MASK = np.zeros(LOGITS.shape, "float32")
BOX_MASK[:, 1:5, 2:] = 1.0


@pytest.mark.parametrize("soft", [False, True])
def test_it_is_cross_entropy_and_dice(soft):
    truth = RANDOM.random(LOGITS.shape).astype("float32")
    truth = truth if soft else np.round(truth)
    assert float(mask_loss(LOGITS, truth)) == pytest.approx(reference.mask_loss(MASK, truth), rel=1e-5)


def test_confined_it_is_that_of_the_mask_in_its_box_and_reads_nothing_outside():
    truth = np.round(RANDOM.random(LOGITS.shape)).astype("float32") * BOX_MASK
    expected = reference.mask_loss(MASK * BOX_MASK, truth)
    assert float(mask_loss(LOGITS, truth, BOX_MASK)) == pytest.approx(expected, rel=1e-5)
    other = np.where(BOX_MASK > 0, LOGITS, -LOGITS)
    assert float(mask_loss(other, truth, BOX_MASK)) == pytest.approx(expected, rel=1e-5)
