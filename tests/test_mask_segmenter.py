"""Training on masks reads logits, not masks. Runs on both backends."""

import keras
import numpy as np
import pytest

from seigan_tf.config import BackboneConfig, LossesConfig
from seigan_tf.seigan import SEIGAN
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


def test_the_segmenter_learns_from_images_that_are_faded_outside_the_box():
    model = MaskSegmenter(tiny.networks(confine_mask=True, outside_contrast=0.3))
    objects = tiny.batch(2)["object"]
    box_mask = box_to_mask(objects["box"], 16)
    truth = (box_mask * (objects["image"][..., :1] > 0)).astype("float32")
    faded = {**objects, "image": (objects["image"] * (0.3 + 0.7 * box_mask)).astype("float32")}
    whole = MaskSegmenter(tiny.networks(confine_mask=True))
    whole.seigan.generators.segmenter.set_weights(model.seigan.generators.segmenter.get_weights())
    losses = [float(one.compute_loss(x, truth)) for one, x in ((model, objects), (whole, faded), (whole, objects))]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert losses[0] != pytest.approx(losses[2], rel=1e-3)
    masks = [np.asarray(one.seigan.masks(x["image"], x["box"])) for one, x in ((model, objects), (whole, faded))]
    np.testing.assert_allclose(*masks, atol=1e-6)


@pytest.mark.parametrize("backbone", ["resnet", "unet"])
def test_batch_normalization_learns_from_masks_and_stays_as_it_is_in_the_cycle(backbone):
    settings = tiny.networks(segmenter=BackboneConfig(backbone, 3, 1, normalization="batch"), mask_gradient_scale=0.0)
    model = MaskSegmenter(settings)
    segmenter = model.seigan.generators.segmenter
    model.compile(keras.optimizers.SGD(0.1))

    def averages():
        return [np.array(v.numpy()) for v in segmenter.variables if "moving" in v.path]

    before = averages()
    assert len(before) == 2 * len([v for v in segmenter.variables if v.path.endswith("gamma")]) > 0
    model.train_on_batch(tiny.batch(4)["object"], np.zeros((4, 16, 16, 1), "float32"))
    after = averages()
    assert all((one != other).any() for one, other in zip(before, after, strict=True))

    images = tiny.batch(4)["object"]["image"]
    np.testing.assert_allclose(segmenter(images)[:1], segmenter(images[:1]), atol=1e-5)  # each image by itself
    losses = LossesConfig(coarse_gan=0.0, **tiny.FIRST_SWAP)
    cycle = tiny.compile_model(model.seigan, losses)
    cycle.fit(tiny.batch(2), epochs=1, verbose=0)
    for old, new in zip(after, averages(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_batch_normalization_is_refused_where_the_cycle_trains_the_segmenter():
    model = SEIGAN(tiny.networks(segmenter=BackboneConfig("unet", 3, 1, normalization="batch")))
    with pytest.raises(ValueError, match=r"networks.segmenter.normalization: batch.*expected instance"):
        tiny.compile_model(model)
