"""Training without the cycle: discriminators on photographs alone, identity terms, and masks of a given level."""

import numpy as np
import pytest

from seigan_tf.config import TERMS, BackboneConfig, LossesConfig
from seigan_tf.losses import adversarial
from seigan_tf.losses.terms import Pretraining
from seigan_tf.seigan import SEIGAN
from tests import tiny

NETWORKS = ("segmenter", "inpainter", "enhancer", "background_discriminator", "object_discriminator")


def changed(before, after):
    """Return the names of the networks with a changed weight."""
    return {n for n in NETWORKS if any(not np.array_equal(before[k], after[k]) for k in before if k.startswith(n))}


@pytest.fixture
def step():
    """Function that takes one step of pretraining; it returns model, batch, logs and the networks that changed."""

    def take(pretraining, losses=None, **settings):
        model = tiny.seigan(losses, pretraining=pretraining, **settings)
        batch = tiny.batch(2)
        before = model.state()
        logs = model.train_on_batch(batch, return_dict=True)
        return model, batch, logs, changed(before, model.state())

    return take


def test_discriminators_learn_to_tell_objects_from_backgrounds(step):
    _, batch, logs, networks = step(Pretraining(discriminators=True))
    x, y = batch["object"]["image"], batch["background"]["image"]
    same = tiny.seigan()  # the same weights, before the step
    expected = {
        "object_discriminator": adversarial.discriminator_loss(
            same.discriminators.object(x), [same.discriminators.object(y)]
        ),
        "background_discriminator": adversarial.discriminator_loss(
            same.discriminators.background(y), [same.discriminators.background(x)]
        ),
    }
    for name, value in expected.items():
        assert logs[name] == pytest.approx(float(value), rel=1e-5), name
    assert networks == set(expected)
    assert not set(TERMS) & set(logs)


def test_photographs_do_not_enter_the_replay_pools(step):
    model, *_ = step(Pretraining(discriminators=True))
    assert {int(pool.count) for pool in model.pools.values()} == {0}


def test_a_discriminator_that_scores_no_fake_in_the_run_is_not_pretrained(step):
    losses = LossesConfig(**{**dict.fromkeys(TERMS, 0.0), "coarse_gan": 1.0})
    assert step(Pretraining(discriminators=True), losses)[3] == {"object_discriminator"}


def test_identity_terms_do_not_train_the_segmenter(step):
    _, _, logs, networks = step(Pretraining(identity=True))
    assert networks == {"inpainter", "enhancer"}
    assert set(TERMS) & set(logs) == {"object_identity", "background_identity"}


def test_box_terms_are_pretrained_beside_both(step):
    losses = LossesConfig(**tiny.BOX_TERMS)
    assert step(Pretraining(), losses)[3] == {"segmenter"}
    assert step(Pretraining(discriminators=True, identity=True), losses)[3] == set(NETWORKS)


def test_the_weight_of_the_pairwise_term_rises_over_the_first_steps_of_training_alone():
    model = tiny.seigan(
        LossesConfig(box_projection=1.0, box_pairwise=0.5, pairwise_warmup=4), pretraining=Pretraining()
    )
    batch = tiny.batch(2)
    for part in (0.25, 0.5, 0.75, 1.0, 1.0):
        model.reset_metrics()
        logs = model.train_on_batch(batch, return_dict=True)
        assert logs["loss"] == pytest.approx(logs["box_projection"] + part * 0.5 * logs["box_pairwise"], rel=1e-5)
    fresh = tiny.seigan(LossesConfig(box_pairwise=0.5, pairwise_warmup=4), pretraining=Pretraining())
    without = tiny.seigan(LossesConfig(box_pairwise=0.5), pretraining=Pretraining())
    tested, expected = (one.test_on_batch(batch, return_dict=True)["loss"] for one in (fresh, without))
    assert tested == pytest.approx(expected, rel=1e-6)


def test_pretraining_that_trains_nothing_is_refused():
    with pytest.raises(ValueError, match=r"^pretraining: trains nothing; expected a box term, discriminators or ident"):
        tiny.seigan(pretraining=Pretraining())


@pytest.mark.parametrize(
    "segmenter", [BackboneConfig("resnet", 3, 1), BackboneConfig("unet", 3, 2), BackboneConfig("vgg19", 3, 3)]
)
def test_masks_start_at_the_level_that_is_asked_for(segmenter):
    images = tiny.batch(8)["object"]["image"]

    def masks(level):
        vgg = "random" if segmenter.backbone == "vgg19" else "none"
        settings = tiny.networks(segmenter=segmenter, vgg_weights=vgg, initial_mask=level, ema_decay=0.9)
        model = SEIGAN(settings)
        model.build()
        trained, averaged = (np.asarray(g.segmenter(images)) for g in (model.generators, model.ema_generators))
        np.testing.assert_array_equal(trained, averaged)
        return trained

    low, usual = masks(0.25), masks(None)
    assert low.mean() == pytest.approx(0.25, abs=0.05)
    assert low.std() < 0.3 * usual.std()


def test_the_initial_mask_does_not_change_weights_that_are_loaded(tmp_path):
    from seigan_tf.inference.loading import load_model

    model = tiny.seigan(initial_mask=0.25)
    model.save(tmp_path / "model.keras")
    state = model.state()
    for name, value in load_model(tmp_path / "model.keras").state().items():
        np.testing.assert_array_equal(value, state[name], err_msg=name)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1])
def test_an_initial_mask_that_no_sigmoid_gives_is_refused(level):
    with pytest.raises(ValueError, match=f"^networks.initial_mask: {level}; expected more than 0 and less than 1"):
        SEIGAN(tiny.networks(initial_mask=level))
