"""The cycle against PAPER's table in NumPy, and how gradients go through the mask."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from seigan_tf.config import BackboneConfig
from seigan_tf.cycle import NOISE_NAMES, Cycle, Generators, dilate_mask
from seigan_tf.networks import Enhancer, Inpainter, Segmenter, VGG19Features
from tests import tiny
from tests.reference import cycle as reference
from tests.reference.weights import randomise, vgg_weights_of, weights_of

IMAGES = (
    "raw_mask", "mask", "coarse", "composite", "background", "mask_back", "coarse_back", "object_back",
    "background_back", "background_identity", "object_identity",
)  # fmt: skip


def make_generators(settings, vgg=None):
    made = Generators(
        Segmenter(settings.segmenter, settings.size, vgg, name="segmenter"),
        Inpainter(settings.inpainter, settings.size, settings.mask_input, settings.prefill, name="inpainter"),
        Enhancer(settings.enhancer, settings.size, name="enhancer"),
    )
    for seed, network in enumerate(made):
        network.build()
        randomise(network.trainable_variables, seed)
    return made


def make_noise(count, size, seed=7):
    random = np.random.default_rng(seed)
    return {name: random.standard_normal((count, size, size, 1)).astype("float32") for name in NOISE_NAMES}


def make_cycle(settings, generators=None, vgg=None, batch=None, **layers):
    batch = batch or tiny.batch(2, settings.size)
    photos = batch["object"]["image"], batch["object"]["box"], batch["background"]["image"]
    noise = make_noise(2, settings.size)
    return Cycle(generators or make_generators(settings, vgg), settings, *photos, noise, vgg, **layers)


SETTINGS = {
    "literal": {},
    "confined": dict(confine_mask=True),
    "faded": dict(confine_mask=True, outside_contrast=0.3),
    "composited": dict(composite_inpainting=True),
    "mask_input": dict(mask_input=True),
    "prefilled": dict(prefill=True),
    "hard": dict(hard_mask=True),
    "dilated": dict(mask_dilation=2),
    "scaled": dict(mask_gradient_scale=0.1),
    "everything": dict(
        confine_mask=True, composite_inpainting=True, mask_input=True, prefill=True, hard_mask=True,
        mask_gradient_scale=0.5, mask_dilation=1,
        segmenter=BackboneConfig("unet", 3, 2, True), inpainter=BackboneConfig("resnet", 3, 1),
        enhancer=BackboneConfig("resnet", 3, 1, True),
    ),
    "vgg19": dict(size=32, segmenter=BackboneConfig("vgg19", 3, 3), confine_mask=True),
    "vgg19_faded": dict(size=32, segmenter=BackboneConfig("vgg19", 3, 3), confine_mask=True, outside_contrast=0.3),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_every_image_of_the_cycle_agrees_with_the_table_of_the_paper(name):
    settings = tiny.networks(**SETTINGS[name])
    vgg = None
    if name.startswith("vgg19"):
        vgg = VGG19Features()
        randomise(vgg.vgg.weights)
    cycle = make_cycle(settings, vgg=vgg)
    weights = reference.Weights(
        *(weights_of(network) for network in cycle.generators), None, None, vgg and vgg_weights_of(vgg)
    )
    photos = (np.asarray(v, "float64") for v in (cycle.object_image, cycle.box, cycle.background_image))
    expected = reference.images(weights, settings, *photos, cycle.noise)
    assert expected["raw_mask"].std() > 0.05
    for image in IMAGES:
        np.testing.assert_allclose(
            np.asarray(getattr(cycle, image)), expected[image], rtol=2e-3, atol=2e-3, err_msg=image
        )


@pytest.fixture(scope="module")
def generators():
    return make_generators(tiny.networks())


def weighted_sum(image):
    """A scalar that tells the pixels of an image apart."""
    weights = np.random.default_rng(3).normal(size=image.shape).astype("float32")
    return tf.reduce_sum(image * weights)


def segmenter_gradient(generators, image, **changes):
    """The gradient of an image of the cycle with respect to the segmenter's weights, as one vector."""
    with tf.GradientTape() as tape:
        value = weighted_sum(getattr(make_cycle(tiny.networks(**changes), generators), image))
    weights = [v.value for v in generators.segmenter.trainable_variables]
    gradients = tape.gradient(value, weights, unconnected_gradients="zero")
    return np.concatenate([np.ravel(g) for g in gradients])


@pytest.mark.parametrize("image", ["coarse", "background"])
def test_gradients_reach_the_segmenter_through_the_paste_and_through_the_inpainting(generators, image):
    gradient = segmenter_gradient(generators, image)
    assert np.isfinite(gradient).all()
    assert np.mean(gradient != 0) > 0.5


@pytest.mark.parametrize("image", ["coarse", "background", "composite", "background_identity"])
@pytest.mark.parametrize("scale", [0.1, 0.0])
def test_mask_gradient_scale_changes_the_gradient_into_the_mask_and_not_the_image(generators, image, scale):
    full, scaled = (segmenter_gradient(generators, image, mask_gradient_scale=s) for s in (1.0, scale))
    np.testing.assert_allclose(scaled, scale * full, rtol=1e-3, atol=1e-4 * np.abs(full).max())
    images = [getattr(make_cycle(tiny.networks(mask_gradient_scale=s), generators), image) for s in (1.0, scale)]
    np.testing.assert_allclose(images[1], images[0], rtol=1e-5, atol=1e-5)


def test_mask_gradient_scale_leaves_the_mask_of_the_box_terms_alone(generators):
    full, scaled = (segmenter_gradient(generators, "raw_mask", mask_gradient_scale=s) for s in (1.0, 0.1))
    np.testing.assert_array_equal(scaled, full)
    assert np.abs(full).max() > 0


def test_the_hard_mask_is_zero_or_one_and_its_gradient_that_of_the_soft_one(generators):
    hard, soft = (make_cycle(tiny.networks(hard_mask=h), generators) for h in (True, False))
    np.testing.assert_allclose(hard.mask, np.asarray(soft.mask) > 0.5, atol=1e-6)
    assert 0 < np.mean(hard.mask) < 1
    # The paste is linear in the mask, so that a straight-through gradient is the soft mask's.
    gradients = [segmenter_gradient(generators, "coarse", hard_mask=h) for h in (True, False)]
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-5)


def test_the_mask_is_confined_to_the_box_in_both_swaps_and_in_the_identity(generators):
    cycle = make_cycle(tiny.networks(confine_mask=True, composite_inpainting=True), generators)
    outside = np.asarray(cycle.box_mask)[..., 0] == 0
    assert outside.any()
    for mask in (cycle.mask, cycle.mask_back):
        assert (np.asarray(mask)[outside] == 0).all()
    # Composited inpainting keeps what lies outside the mask.
    np.testing.assert_array_equal(np.asarray(cycle.background)[outside], cycle.object_image[outside])
    np.testing.assert_array_equal(np.asarray(cycle.background_identity)[outside], cycle.background_image[outside])
    assert (np.asarray(cycle.raw_mask)[outside] > 0).all()


def test_a_mask_is_dilated_by_the_setting_or_by_the_least_that_is_asked_for():
    mask = np.zeros((1, 9, 9, 1), "float32")
    mask[0, 4, 4] = 0.7
    assert dilate_mask(tiny.networks(), mask) is mask
    for dilation, least, expected in ((1, 0, 1), (1, 2, 2), (3, 2, 3)):
        dilated = np.asarray(dilate_mask(tiny.networks(mask_dilation=dilation), mask, least))[0, ..., 0]
        square = np.zeros((9, 9), "float32")
        square[4 - expected : 5 + expected, 4 - expected : 5 + expected] = 0.7
        np.testing.assert_array_equal(dilated, square)


def test_each_pass_has_its_own_noise(generators):
    changed_by = {
        "background": {"background", "coarse_back", "object_back"},
        "composite": {"composite", "mask_back", "coarse_back", "object_back", "background_back"},
        "object_back": {"object_back"},
        "background_back": {"background_back"},
        "background_identity": {"background_identity"},
        "object_identity": {"object_identity"},
    }
    cycle = make_cycle(tiny.networks(), generators)
    for name in NOISE_NAMES:
        other = dataclasses.replace(cycle, noise={**cycle.noise, name: -cycle.noise[name]})
        changed = {i for i in IMAGES if not np.array_equal(getattr(cycle, i), getattr(other, i))}
        assert changed == changed_by[name], name


def test_features_of_real_images_are_computed_once_and_carry_no_gradient():
    settings = tiny.networks(segmenter=BackboneConfig("vgg19", 3, 2))
    vgg = VGG19Features()
    batch = tf.nest.map_structure(tf.constant, tiny.batch(2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(batch)
        cycle = make_cycle(settings, vgg=vgg, batch=batch, object_layers=("block1_conv1",))
        features = sum(tf.reduce_sum(values) for values in cycle.object_features.values())
        mask = tf.reduce_sum(cycle.raw_mask)
        back = tf.reduce_sum(vgg(cycle.composite, layers=("block1_conv1",))["block1_conv1"])
    assert cycle.object_features is cycle.object_features
    assert set(cycle.object_features) == {"block1_conv1", "block1_conv2", "block2_conv2"}
    assert tape.gradient(features, batch["object"]["image"]) is None
    assert tape.gradient(mask, batch["object"]["image"]) is None
    assert np.abs(tape.gradient(back, batch["background"]["image"])).max() > 0
