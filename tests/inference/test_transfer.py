"""Weights of one model in another."""

from dataclasses import replace

import numpy as np
import pytest

from seigan_tf.config import BackboneConfig, DiscriminatorConfig
from seigan_tf.inference import arrays
from seigan_tf.inference.transfer import strip_for_inference, transfer_weights
from seigan_tf.seigan import SEIGAN
from tests import tiny


def values(network):
    return [np.array(variable) for variable in network.variables]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(values(first), values(second), strict=True))


@pytest.fixture(scope="module")
def trained():
    """A model one step apart from its EMA weights."""
    model = tiny.seigan(ema_decay=0.9)
    model.train_on_batch(tiny.batch(4))
    return model


def new(**changes):
    model = SEIGAN(tiny.networks(**changes))
    model.build()
    return model


def test_networks_of_the_same_form_are_copied_into_weights_and_ema_weights(trained):
    model = new(ema_decay=0.9, size=32)
    everything = ("segmenter", "inpainter", "enhancer", "background discriminator", "object discriminator")
    assert transfer_weights(model, trained) == everything
    for ours, ema, source in zip(model.generators, model.ema_generators, trained.ema_generators, strict=True):
        assert same(ours, source)
        assert same(ema, source)
    for ours, source in zip(model.discriminators, trained.discriminators, strict=True):
        assert same(ours, source)


def test_a_network_of_another_form_is_left_as_it_is(trained):
    model = new(inpainter=BackboneConfig("unet", 4, 2))
    before = values(model.generators.inpainter)
    assert "inpainter" not in transfer_weights(model, trained)
    assert all(np.array_equal(a, b) for a, b in zip(before, values(model.generators.inpainter), strict=True))
    seeing = new(mask_input=True)
    assert "inpainter" not in transfer_weights(seeing, trained)


def test_what_is_handed_on_gives_the_same_pictures_without_what_only_training_needs(trained):
    small = strip_for_inference(trained)
    assert small.networks == replace(trained.networks, ema_decay=0.0, replay_size=0)
    batch = tiny.batch(2)
    crops = batch["object"]["image"], batch["object"]["box"], batch["background"]["image"]
    for name, images in arrays.swap(small, *crops).items():
        np.testing.assert_allclose(images, arrays.swap(trained, *crops)[name], atol=1e-6, err_msg=name)
    for ours, source in zip(small.discriminators, trained.discriminators, strict=True):
        assert same(ours, source)


def test_what_is_handed_on_keeps_the_vgg19_that_its_segmenter_reads():
    model = SEIGAN(tiny.networks(segmenter=BackboneConfig("vgg19", 4, 2), vgg_weights="random"))
    model.build()
    batch = tiny.batch(2)["object"]
    small = strip_for_inference(model)
    np.testing.assert_allclose(
        arrays.segment(small, batch["image"], batch["box"]), arrays.segment(model, batch["image"], batch["box"])
    )


def test_what_is_handed_on_keeps_the_vgg19_that_its_discriminators_read():
    model = SEIGAN(tiny.networks(size=32, discriminator=DiscriminatorConfig(3, 2, "vgg19"), vgg_weights="random"))
    model.build()
    images = tiny.batch(2, size=32)["object"]["image"]
    for ours, source in zip(strip_for_inference(model).discriminators, model.discriminators, strict=True):
        np.testing.assert_allclose(ours(images), source(images))


def test_what_is_handed_on_leaves_out_a_vgg19_that_only_losses_read():
    model = SEIGAN(tiny.networks(vgg_weights="random"))
    model.build()
    assert strip_for_inference(model).vgg is None
