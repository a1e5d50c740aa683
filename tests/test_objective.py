"""The loss terms: their values against NumPy, which networks each trains, and which it runs at all."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from seigan_tf.config import TERMS, BackboneConfig, LossesConfig
from seigan_tf.cycle import Generators
from seigan_tf.losses.terms import (
    BOX_TERMS,
    Pretraining,
    active_fakes,
    active_terms,
    pretraining_terms,
    trained_generators,
)
from seigan_tf.networks import Discriminator, VGG19Features
from seigan_tf.objective import (
    Discriminators,
    background_layers,
    discriminator_objective,
    generator_objective,
    object_layers,
)  # fmt: skip
from tests import tiny
from tests.reference import cycle as reference
from tests.reference.weights import randomise, vgg_weights_of, weights_of
from tests.test_cycle import make_cycle, make_generators

GAN_AND_CYCLE = {"segmenter", "inpainter", "enhancer"}
TRAINS = {
    "inpaint_gan": {"segmenter", "inpainter"},
    "inpaint_gan_back": GAN_AND_CYCLE,
    "background_texture": GAN_AND_CYCLE,
    "background_perceptual": GAN_AND_CYCLE,
    "background_mae": GAN_AND_CYCLE,
    "object_perceptual": GAN_AND_CYCLE,
    "object_mae": GAN_AND_CYCLE,
    "coarse_gan": {"segmenter"},
    "enhance_gan": {"segmenter", "enhancer"},
    "object_identity": {"enhancer"},
    "background_identity": {"segmenter", "inpainter"},
    "box_projection": {"segmenter"},
    "box_outside": {"segmenter"},
    "box_pairwise": {"segmenter"},
    "mask_saturation": {"segmenter"},
}
"""Term: the networks that it trains, read off PAPER's table."""

RUNS = {
    "inpaint_gan": dict(segmenter=1, inpainter=1, background_discriminator=1),
    "inpaint_gan_back": dict(segmenter=2, enhancer=1, inpainter=1, background_discriminator=1),
    "background_texture": dict(segmenter=2, enhancer=1, inpainter=1, vgg=2),
    "background_perceptual": dict(segmenter=2, enhancer=1, inpainter=1, vgg=2),
    "background_mae": dict(segmenter=2, enhancer=1, inpainter=1),
    "object_perceptual": dict(segmenter=2, enhancer=2, inpainter=1, vgg=2),
    "object_mae": dict(segmenter=2, enhancer=2, inpainter=1),
    "coarse_gan": dict(segmenter=1, object_discriminator=1),
    "enhance_gan": dict(segmenter=1, enhancer=1, object_discriminator=1),
    "object_identity": dict(enhancer=1),
    "background_identity": dict(segmenter=1, inpainter=1),
    "box_projection": dict(segmenter=1),
    "box_outside": dict(segmenter=1),
    "box_pairwise": dict(segmenter=1),
}
"""Term: how often each network runs where it is the only term; mask_saturation is none."""

SETTINGS = tiny.networks(size=32, confine_mask=True)


def only(*names, weight=1.0):
    """Losses with these terms and no other."""
    return LossesConfig(**{name: weight if name in names else 0.0 for name in TERMS})


def make_discriminators(settings):
    made = Discriminators(
        *(
            Discriminator(settings.discriminator, settings.size, name=f"{n}_discriminator")
            for n in Discriminators._fields
        )
    )
    for seed, network in enumerate(made, start=10):
        network.build()
        randomise(network.weights, seed)
    return made


def cycle_for(losses, generators, vgg, settings=SETTINGS):
    layers = dict(object_layers=object_layers(losses), background_layers=background_layers(losses))
    return make_cycle(settings, generators, vgg, **layers)


@pytest.fixture(scope="module")
def parts():
    vgg = VGG19Features()
    randomise(vgg.vgg.weights)
    return make_generators(SETTINGS), make_discriminators(SETTINGS), vgg


@pytest.fixture(scope="module")
def expected(parts):
    """Images, terms and discriminator losses as NumPy has them."""
    generators, discriminators, vgg = parts
    weights = reference.Weights(*map(weights_of, (*generators, *discriminators)), vgg_weights_of(vgg))
    cycle = make_cycle(SETTINGS, generators)
    x, box, y = (np.asarray(v, "float64") for v in (cycle.object_image, cycle.box, cycle.background_image))
    images = reference.images(weights, SETTINGS, x, box, y, cycle.noise)
    terms = reference.terms(weights, SETTINGS, x, y, images, LossesConfig().pairwise_threshold)
    return images, terms, reference.discriminator_terms(weights, SETTINGS, x, y, images)


def test_every_term_agrees_with_the_reference_and_the_total_is_their_weighted_sum(parts, expected):
    generators, discriminators, vgg = parts
    weights = {name: 0.1 * (i + 1) for i, name in enumerate(TERMS)}
    losses = LossesConfig(**weights)
    objective = generator_objective(cycle_for(losses, generators, vgg), discriminators, losses)
    assert set(objective.terms) == set(TERMS) == set(expected[1])
    for name, value in objective.terms.items():
        assert float(value) == pytest.approx(expected[1][name], rel=2e-3), name
    total = sum(weights[name] * expected[1][name] for name in TERMS)
    assert float(objective.total) == pytest.approx(total, rel=2e-3)


def test_the_discriminators_losses_agree_with_the_reference(parts, expected):
    cycle, discriminators = make_cycle(SETTINGS, parts[0]), parts[1]
    fakes = {name: getattr(cycle, name) for name in active_fakes(LossesConfig())}
    objective = discriminator_objective(
        discriminators, {"background": cycle.background_image, "object": cycle.object_image}, fakes
    )
    assert {k: float(v) for k, v in objective.terms.items()} == pytest.approx(expected[2], rel=2e-3)
    assert float(objective.total) == pytest.approx(sum(expected[2].values()), rel=2e-3)


def test_photographs_as_fakes_are_those_that_the_other_discriminator_takes_as_real():
    model, batch = tiny.seigan(LossesConfig(photos_as_fakes=0.3)), tiny.batch(2)
    reals = {"background": batch["background"]["image"], "object": batch["object"]["image"]}
    fakes = {"background": reals["object"][::-1], "coarse": reals["background"][::-1]}
    plain = discriminator_objective(model.discriminators, reals, fakes).terms
    d_obj, d_bg = model.discriminators.object, model.discriminators.background
    added = {
        "object_discriminator": np.mean(np.square(d_obj(reals["background"]))),
        "background_discriminator": np.mean(np.square(d_bg(reals["object"]))),
    }
    terms = model.discriminate(batch, fakes).terms
    assert {name: float(value - plain[name]) for name, value in terms.items()} == pytest.approx(
        {name: 0.3 * value for name, value in added.items()}, rel=1e-3
    )


def gradients(value, tape, network):
    made = tape.gradient(value, [v.value for v in network.trainable_variables])
    return {v.path: g for v, g in zip(network.trainable_variables, made, strict=True)}


@pytest.mark.parametrize("scale", [0.0, 1.0])
@pytest.mark.parametrize("term", RUNS)
def test_a_term_trains_every_weight_of_its_networks_and_no_other(term, scale, parts):
    generators, discriminators, vgg = parts
    losses, settings = only(term), replace(SETTINGS, mask_gradient_scale=scale)
    trained = TRAINS[term] if scale or term in BOX_TERMS else TRAINS[term] - {"segmenter"}
    assert trained_generators(losses, scale) == trained
    with tf.GradientTape(persistent=True) as tape:
        total = generator_objective(cycle_for(losses, generators, vgg, settings), discriminators, losses).total
    for role, network in generators._asdict().items():
        for path, gradient in gradients(total, tape, network).items():
            if role in trained:
                assert gradient is not None, path
                assert np.isfinite(gradient).all(), path
                assert np.abs(gradient).max() > 0, path
            else:
                assert gradient is None or not np.abs(gradient).max(), path


def test_saturation_trains_the_segmenter_beside_a_box_term(parts):
    losses = only("mask_saturation", "box_outside")
    assert trained_generators(losses, 0.0) == trained_generators(losses, 1.0) == TRAINS["mask_saturation"]
    with tf.GradientTape() as tape:
        saturation = generator_objective(cycle_for(losses, parts[0], None), None, losses).terms["mask_saturation"]
    for path, gradient in gradients(saturation, tape, parts[0].segmenter).items():
        assert np.abs(gradient).max() > 0, path


def test_a_segmenter_whose_mask_is_all_ones_is_still_trained_by_what_lies_outside_the_box():
    generators, losses = make_generators(SETTINGS), only("box_outside")
    last = generators.segmenter.body.last.conv
    last.kernel.assign(np.zeros(last.kernel.shape))
    last.bias.assign([20.0])
    with tf.GradientTape() as tape:
        cycle = cycle_for(losses, generators, None)
        total = generator_objective(cycle, None, losses).total
    assert np.min(cycle.raw_mask) == 1.0
    assert gradients(total, tape, generators.segmenter)[last.bias.path].numpy() == pytest.approx([1.0])


def test_a_segmenter_on_vgg19_features_is_trained_through_both_swaps(parts):
    settings = tiny.networks(size=32, segmenter=BackboneConfig("vgg19", 3, 3))
    generators, losses = make_generators(settings, parts[2]), only("object_mae")
    with tf.GradientTape() as tape:
        cycle = cycle_for(losses, generators, parts[2], settings)
        total = generator_objective(cycle, parts[1], losses).total
    for path, gradient in gradients(total, tape, generators.segmenter).items():
        assert np.abs(gradient).max() > 0, path


class Counted:
    """A network that counts its calls."""

    def __init__(self, network, name, counts):
        self.network, self.name, self.counts = network, name, counts

    def __call__(self, *args, **kwargs):
        self.counts[self.name] += 1
        return self.network(*args, **kwargs)

    def logits(self, *args, **kwargs):
        self.counts[self.name] += 1
        return self.network.logits(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self.network, name)


def counted(parts):
    """The networks, counting, and their counts."""
    counts = Counter()
    generators, discriminators, vgg = parts
    return (
        Generators(*(Counted(n, role, counts) for role, n in generators._asdict().items())),
        Discriminators(*(Counted(n, f"{role}_discriminator", counts) for role, n in discriminators._asdict().items())),
        Counted(vgg, "vgg", counts),
        counts,
    )


@pytest.mark.parametrize("term", RUNS)
def test_a_term_that_is_off_runs_none_of_the_networks_that_only_it_needs(term, parts):
    *networks, counts = counted(parts)
    losses = only(term)
    objective = generator_objective(cycle_for(losses, networks[0], networks[2]), networks[1], losses)
    assert set(objective.terms) == {term}
    assert counts == RUNS[term]


def test_with_every_term_on_each_image_is_made_once(parts):
    *networks, counts = counted(parts)
    losses = only(*TERMS)
    generator_objective(cycle_for(losses, networks[0], networks[2]), networks[1], losses)
    assert counts == dict(
        segmenter=3, inpainter=3, enhancer=3, background_discriminator=2, object_discriminator=2, vgg=4
    )


def test_the_features_of_the_losses_serve_the_segmenter_too(parts):
    settings = tiny.networks(size=32, segmenter=BackboneConfig("vgg19", 3, 3))
    *networks, counts = counted((make_generators(settings, parts[2]), *parts[1:]))
    losses = only("object_perceptual", "background_perceptual", "background_identity")
    generator_objective(cycle_for(losses, networks[0], networks[2], settings), networks[1], losses)
    # x, y, x2 and y2; the segmenter's own pass over y1 goes through its encoder.
    assert counts["vgg"] == 4


def test_a_discriminator_without_fakes_is_not_run(parts):
    *networks, counts = counted(parts)
    cycle = make_cycle(SETTINGS, parts[0])
    reals = {"background": cycle.background_image, "object": cycle.object_image}
    objective = discriminator_objective(networks[1], reals, {"coarse": cycle.coarse})
    assert counts == {"object_discriminator": 2}
    score = networks[1].object
    assert float(objective.total) == pytest.approx(
        np.mean((1 - score(reals["object"])) ** 2) + np.mean(np.square(score(cycle.coarse))), rel=1e-5
    )


def test_the_discriminators_losses_train_both_discriminators_and_no_generator():
    model, batch = tiny.seigan(), tiny.batch(2)
    draws = model.draw(batch)
    with tf.GradientTape(persistent=True) as tape:
        generated = model.generate(batch, draws.noise)
        discriminated = model.discriminate(batch, model.replay(generated.fakes, draws))
    assert all(
        g is None for network in model.generators for g in gradients(discriminated.total, tape, network).values()
    )
    for name, network in model.discriminators._asdict().items():
        for path, gradient in gradients(discriminated.terms[f"{name}_discriminator"], tape, network).items():
            assert np.abs(gradient).max() > 0, path
        other = getattr(model.discriminators, {"object": "background", "background": "object"}[name])
        assert all(g is None for g in gradients(discriminated.terms[f"{name}_discriminator"], tape, other).values())


def test_terms_are_those_of_the_paper_and_the_box():
    assert tuple(TRAINS) == TERMS
    assert active_terms(only("coarse_gan")) == ("coarse_gan",)
    assert active_fakes(only("coarse_gan", "inpaint_gan_back")) == {
        "background_back": "background",
        "coarse": "object",
    }
    assert active_terms(replace(only(), box_pairwise=0.5)) == ("box_pairwise",)


def test_what_limits_the_logits_trains_no_segmenter_by_itself():
    assert active_terms(only("mask_saturation", "coarse_gan")) == ("coarse_gan",)
    assert active_terms(only("mask_saturation", "box_outside")) == ("box_outside", "mask_saturation")
    assert trained_generators(only("mask_saturation", "background_mae"), 0.0) == {"inpainter", "enhancer"}
    assert trained_generators(pretraining_terms(only("mask_saturation"), Pretraining()), 0.0) == set()
