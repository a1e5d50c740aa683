"""Training under mixed precision. Runs on both backends."""

import keras
import numpy as np
import pytest

from seigan_tf.config import LossesConfig
from seigan_tf.training.mask_segmenter import MaskSegmenter
from tests import tiny

LossScaleOptimizer = keras.mixed_precision.LossScaleOptimizer


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16"])
def policy(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


def test_training_stays_finite_and_changes_every_weight(policy, tmp_path):
    traced = policy == "mixed_float16"  # the optimizers' scaling branches are what a graph could get wrong
    losses = LossesConfig(**tiny.FIRST_SWAP, **tiny.BOX_TERMS)
    model = tiny.seigan(losses, ema_decay=0.9, confine_mask=True, traced=traced)
    assert model.generators.segmenter.body.stem.conv.compute_dtype == policy.removeprefix("mixed_")
    assert all(v.dtype == "float32" for v in model.trainable_variables)
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert isinstance(optimizer, LossScaleOptimizer) == (policy == "mixed_float16")
    before = model.state()
    history = model.fit(tiny.batch(4), batch_size=2, epochs=2, shuffle=False, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    after = model.state()
    for variable in model.trainable_variables:
        name = variable.path.removeprefix("seigan/")
        assert np.isfinite(after[name]).all(), name
        assert not np.array_equal(after[name], before[name]), name

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").state()
    assert all(np.array_equal(loaded[name], value) for name, value in after.items())


def test_boxes_keep_their_precision(policy):
    batch = tiny.batch(4)
    called = tiny.seigan(confine_mask=True)(batch)
    assert all(np.isfinite(values).all() for values in called.values())
    segmenter = MaskSegmenter(tiny.networks(confine_mask=True))
    segmenter.compile("adam")
    masks = np.ones_like(batch["object"]["image"][..., :1])
    history = segmenter.fit(batch["object"], masks, batch_size=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_a_step_whose_gradients_overflow_is_left_out_and_the_scale_falls():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = tiny.seigan()
    finally:
        keras.config.set_dtype_policy("float32")
    scale = model.generator_optimizer.dynamic_scale
    scale.assign(3e38)
    before = [np.array(v.value) for v in model.generator_variables]
    model.train_on_batch(tiny.batch(2))
    assert float(scale.value) == pytest.approx(1.5e38)
    assert all(np.array_equal(a, v.value) for a, v in zip(before, model.generator_variables, strict=True))
