"""Training on masks reads logits, not masks. Runs on both backends."""

import keras
import numpy as np
import pytest

from seigan_tf.training.mask_segmenter import MaskSegmenter
from tests import tiny
from tests.reference.losses import box_to_mask


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
@pytest.mark.parametrize("confined", [False, True])
def test_a_mask_of_ones_is_undone(policy, confined):
    keras.config.set_dtype_policy(policy)
    try:
        model = MaskSegmenter(tiny.networks(confine_mask=confined))
    finally:
        keras.config.set_dtype_policy("float32")
    last = model.seigan.generators.segmenter.body.last.conv
    last.kernel.assign(np.zeros(last.kernel.shape))
    last.bias.assign([40.0])
    model.compile(keras.optimizers.SGD(1.0))
    objects = tiny.batch(2)["object"]
    loss = model.train_on_batch(objects, np.zeros((2, 16, 16, 1), "float32"))
    inner = box_to_mask(objects["box"], 16).mean() if confined else 1.0
    assert float(loss) == pytest.approx(40.0 * inner + 1.0, rel=1e-4)  # cross-entropy, and Dice of nothing in common
    assert keras.ops.convert_to_numpy(last.bias) == pytest.approx([40.0 - inner], rel=1e-4)
