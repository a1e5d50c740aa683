"""SEIGAN as a keras.Model: build, compile, fit, evaluate, inference. Runs on both backends."""

import keras
import numpy as np
import pytest

from seigan_tf.config import TERMS, BackboneConfig, DiscriminatorConfig, LossesConfig, NetworksConfig
from seigan_tf.inference import arrays
from seigan_tf.networks import Segmenter
from seigan_tf.seigan import SEIGAN, SWAP_IMAGES
from tests import tiny
from tests.reference.losses import box_to_mask

DISCRIMINATOR_LOSSES = ("background_discriminator", "object_discriminator")


def only(*names):
    return LossesConfig(**{name: 1.0 if name in names else 0.0 for name in TERMS})


def weights(variables):
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def changed(before, variables):
    return [not np.array_equal(a, b) for a, b in zip(before, weights(variables), strict=True)]


def step(model, batch):
    return model.train_on_batch(batch, return_dict=True)


@pytest.fixture(scope="module")
def model():
    return tiny.seigan(ema_decay=0.9, confine_mask=True)


def test_it_builds_without_data_and_the_same_from_the_same_seed():
    counts = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        model = SEIGAN(tiny.networks(ema_decay=0.9))
        model.build()
        assert model.built
        counts.append(weights(model.variables))
    assert len(counts[0]) > 100
    assert all(np.array_equal(a, b) for a, b in zip(*counts, strict=True))


def test_an_uncompiled_model_segments_and_swaps():
    model, batch = SEIGAN(tiny.networks()), tiny.batch(2)
    model.build()
    assert arrays.segment(model, batch["object"]["image"], batch["object"]["box"]).shape == (2, 16, 16, 1)


def test_ema_weights_start_as_copies():
    fresh = SEIGAN(tiny.networks(ema_decay=0.9))
    fresh.build()
    for mean, network in zip(fresh.ema_generators, fresh.generators, strict=True):
        for a, b in zip(weights(mean.variables), weights(network.variables), strict=True):
            np.testing.assert_array_equal(a, b)
    trained = {id(v) for v in (*fresh.generator_variables, *fresh.discriminator_variables)}
    assert {id(v) for v in fresh.trainable_variables} == trained


@pytest.mark.parametrize(
    ("networks", "losses", "message"),
    [
        ({}, only(), r"^losses: every weight is zero"),
        ({}, only("background_texture"), r"^losses\.background_texture: needs VGG-19"),
        ({}, only("coarse_gan", "object_perceptual"), r"^losses\.object_perceptual: needs VGG-19"),
        ({}, LossesConfig(coarse_gan=-1.0), r"^losses\.coarse_gan: -1\.0"),
        ({}, LossesConfig(object_mae=float("nan")), r"^losses\.object_mae: nan"),
        (dict(replay_size=-1), LossesConfig(), r"^networks\.replay_size: -1"),
        (dict(ema_decay=1.0), LossesConfig(), r"^networks\.ema_decay: 1\.0"),
        (dict(segmenter=BackboneConfig("vgg19", 3, 2)), LossesConfig(), r"^networks\.segmenter: .* needs VGG-19"),
        (
            dict(discriminator=DiscriminatorConfig(3, 2, "vgg19")),
            LossesConfig(),
            r"^networks\.discriminator: .* needs VGG-19",
        ),
    ],
)
def test_a_setting_that_does_not_fit_is_named_in_one_line(networks, losses, message):
    with pytest.raises(ValueError, match=message) as caught:
        tiny.compile_model(SEIGAN(tiny.networks(**networks)), losses)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (dict(size=18), r"^networks\.size: 18 .*networks\.segmenter"),
        (dict(inpainter=BackboneConfig("unet", 3, 5)), r"^networks\.size: 16 .*networks\.inpainter"),
        (dict(enhancer=BackboneConfig("unet", 3, 5)), r"^networks\.size: 16 .*networks\.enhancer"),
        (dict(discriminator=DiscriminatorConfig(3, 4)), r"^networks\.size: 16 .*networks\.discriminator"),
    ],
)
def test_a_size_that_does_not_fit_is_named_with_its_network_in_one_line(networks, message):
    with pytest.raises(ValueError, match=message) as caught:
        SEIGAN(tiny.networks(**networks))
    assert "\n" not in str(caught.value)


def test_missing_vgg19_weights_are_named_before_training_starts(tmp_path):
    model = SEIGAN(tiny.networks(vgg_weights=str(tmp_path / "absent.h5")))
    with pytest.raises(ValueError, match=r"absent\.h5: no such file"):
        tiny.compile_model(model)


def test_fit_takes_arrays_and_reports_every_active_term():
    model = tiny.seigan(ema_decay=0.9, traced=True)
    before = weights(model.trainable_variables)
    data = tiny.batch(6)
    history = model.fit(data, batch_size=2, epochs=2, verbose=0, validation_data=tiny.batch(4, masks=True)).history
    losses = LossesConfig()
    active = {name for name in TERMS if getattr(losses, name) > 0}
    trained = {"loss", "discriminator_loss", "mask_mean", *active, *DISCRIMINATOR_LOSSES}
    assert set(history) == trained | {"val_loss", "val_mask_mean", "val_crop_iou"}
    assert np.isfinite(list(history.values())).all()
    total = sum(getattr(losses, name) * np.array(history[name]) for name in active)
    np.testing.assert_allclose(history["loss"], total, rtol=1e-4)
    np.testing.assert_allclose(
        history["discriminator_loss"], np.sum([history[name] for name in DISCRIMINATOR_LOSSES], 0), rtol=1e-4
    )
    assert all(changed(before, model.trainable_variables))


def test_fit_takes_a_grain_dataset(model):
    import grain

    photos = [tiny.batch(2, seed=seed) for seed in range(3)]
    pairs = grain.MapDataset.source(photos).repeat().to_iter_dataset()
    before = weights(model.trainable_variables)
    history = model.fit(pairs, steps_per_epoch=2, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert all(changed(before, model.trainable_variables))


def test_evaluate_reports_the_iou_that_numpy_computes(model):
    data = tiny.batch(5, masks=True)
    report = model.evaluate(data, batch_size=2, verbose=0, return_dict=True)
    predicted = arrays.segment(model, data["object"]["image"], data["object"]["box"]) > 0.5
    truth = data["object"]["mask"] > 0.5
    ious = (predicted & truth).sum((1, 2, 3)) / (predicted | truth).sum((1, 2, 3))
    assert report["crop_iou"] == pytest.approx(ious.mean(), rel=1e-5)
    assert 0 < ious.mean() < 1


def test_evaluate_weighs_a_smaller_last_batch_by_its_crops(model):
    def loss(part):
        return model.evaluate(part, batch_size=4, verbose=0, return_dict=True)["loss"]

    data = tiny.batch(5)
    parts = [keras.tree.map_structure(lambda array, rows=rows: array[rows], data) for rows in (slice(4), slice(4, 5))]
    first, last = map(loss, parts)
    assert loss(data) == pytest.approx((4 * first + last) / 5, rel=1e-5)
    assert first != pytest.approx(last, rel=1e-3)


def test_evaluate_reports_no_iou_without_masks(model):
    assert set(model.evaluate(tiny.batch(2), batch_size=2, verbose=0, return_dict=True)) == {"loss", "mask_mean"}


def test_evaluate_measures_the_loss_of_the_ema_weights_too(model):
    state, data = model.state(), tiny.batch(2)
    loss = model.evaluate(data, batch_size=2, verbose=0, return_dict=True)["loss"]
    for mean, network in zip(model.ema_generators, model.generators, strict=True):
        for ours, value in zip(network.variables, mean.variables, strict=True):
            ours.assign(keras.ops.convert_to_numpy(value))
    assert any(not np.array_equal(value, state[name]) for name, value in model.state().items())
    assert model.evaluate(data, batch_size=2, verbose=0, return_dict=True)["loss"] == pytest.approx(loss, rel=1e-5)
    model.restore(state)


def test_two_empty_masks_agree(model):
    data = tiny.batch(2, masks=True)
    data["object"]["mask"][:] = 0.0
    data["object"]["box"][:] = 0.0
    assert model.evaluate(data, batch_size=2, verbose=0, return_dict=True)["crop_iou"] == 1.0


def test_each_optimizer_trains_its_own_networks_only():
    model, batch = tiny.seigan(optimizer=tiny.sgd), tiny.batch(2)
    sides = model.generator_variables, model.discriminator_variables
    for trains, rates in enumerate([(0.01, 0.0), (0.0, 0.01)]):
        model.generator_optimizer.learning_rate, model.discriminator_optimizer.learning_rate = rates
        before = [weights(variables) for variables in sides]
        step(model, batch)
        assert all(changed(before[trains], sides[trains]))
        assert not any(changed(before[1 - trains], sides[1 - trains]))


def test_discriminators_that_hear_of_no_fake_are_left_alone():
    model = tiny.seigan(losses=only("coarse_gan"))
    before = weights(model.discriminators.background.variables), weights(model.discriminators.object.variables)
    logs = step(model, tiny.batch(2))
    assert set(logs) == {"loss", "discriminator_loss", "mask_mean", "coarse_gan", "object_discriminator"}
    assert not any(changed(before[0], model.discriminators.background.variables))
    assert all(changed(before[1], model.discriminators.object.variables))
    assert int(model.pools["coarse"].count.value) == 2
    assert int(model.pools["background"].count.value) == 0


def test_without_adversarial_terms_no_discriminator_is_trained():
    model = tiny.seigan(losses=only("object_mae"))
    before = weights(model.discriminator_variables)
    assert set(step(model, tiny.batch(2))) == {"loss", "discriminator_loss", "mask_mean", "object_mae"}
    assert not any(changed(before, model.discriminator_variables))


def test_the_segmenter_does_not_run_where_no_term_needs_the_mask(monkeypatch):
    model = tiny.seigan(losses=only("object_identity"))
    for name in ("call", "logits"):
        monkeypatch.setattr(Segmenter, name, lambda *arguments, **named: pytest.fail("G_seg was run"))
    assert set(step(model, tiny.batch(2))) == {"loss", "discriminator_loss", "object_identity"}
    assert set(model.evaluate(tiny.batch(2), batch_size=2, verbose=0, return_dict=True)) == {"loss"}


def test_without_a_pool_the_discriminators_see_the_new_fakes():
    model, batch = tiny.seigan(replay_size=0), tiny.batch(2)
    draws = model.draw(batch)
    fakes = model.generate(batch, draws.noise).fakes
    assert model.replay(fakes, draws) is fakes
    assert np.isfinite(step(model, batch)["loss"])


def test_ema_weights_follow_their_formula():
    model, batch = tiny.seigan(ema_decay=0.25, optimizer=tiny.sgd), tiny.batch(2)
    model.update_ema()  # the random weights of the tests came after the copies
    expected = weights(v for network in model.ema_generators for v in network.variables)
    for count in (1, 2, 3, 4):
        step(model, batch)
        decay = min(0.25, (1 + count) / (10 + count))
        values = weights(v for network in model.generators for v in network.variables)
        expected = [decay * mean + (1 - decay) * value for mean, value in zip(expected, values, strict=True)]
    means = weights(v for network in model.ema_generators for v in network.variables)
    for mean, value in zip(means, expected, strict=True):
        np.testing.assert_allclose(mean, value, rtol=1e-5, atol=1e-6)


def test_segment_uses_the_ema_weights_if_there_are_any(model):
    data = tiny.batch(2)["object"]
    before = arrays.segment(model, data["image"], data["box"])
    kept = weights(model.ema_generators.segmenter.variables)
    for variable in model.ema_generators.segmenter.variables:
        variable.assign(0.0 * variable)
    inside_box = box_to_mask(data["box"], 16) > 0
    after = arrays.segment(model, data["image"], data["box"])
    for variable, value in zip(model.ema_generators.segmenter.variables, kept, strict=True):
        variable.assign(value)
    np.testing.assert_allclose(after[inside_box], 0.5)
    assert before[inside_box].std() > 0.01
    assert (before[~inside_box] == 0).all()


def test_segment_and_swap_do_not_depend_on_the_batch_size_or_on_the_images_type(model):
    data = tiny.batch(5)
    photos = ((data["object"]["image"] + 1) * 127.5).round().astype("uint8")
    floats, boxes = (photos / 127.5 - 1).astype("float32"), data["object"]["box"]
    whole = arrays.segment(model, floats, boxes)
    assert whole.shape == (5, 16, 16, 1)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(arrays.segment(model, photos, boxes, batch_size=2), whole, atol=1e-5)
    swapped = arrays.swap(model, photos, boxes, data["background"]["image"], batch_size=2)
    assert tuple(swapped) == SWAP_IMAGES
    np.testing.assert_allclose(swapped["mask"], whole, atol=1e-5)
    again = arrays.swap(model, floats, boxes, data["background"]["image"])
    for name, images in swapped.items():
        assert images.shape == (5, 16, 16, 1 if name == "mask" else 3)
        assert images.min() >= -1
        assert images.max() <= 1
        np.testing.assert_allclose(images, again[name], atol=1e-4, err_msg=name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(images=np.zeros((0, 16, 16, 3), "float32"), boxes=np.zeros((0, 4))), "^images: there are none"),
        (dict(images=np.zeros((2, 8, 8, 3), "float32")), r"^images: shape \(2, 8, 8, 3\); expected \(2, 16, 16, 3\)"),
        (dict(boxes=np.zeros((3, 4))), r"^boxes: shape \(3, 4\); expected \(2, 4\)"),
        (dict(images=np.full((2, 16, 16, 3), 255.0)), "^images: values reach 255; expected uint8, or floats in"),
        (dict(images=np.full((2, 16, 16, 3), np.nan)), "^images: values reach nan"),
    ],
)
def test_crops_that_segment_cannot_take_are_named_in_one_line(model, change, message):
    crops = dict(images=np.zeros((2, 16, 16, 3), "float32"), boxes=np.zeros((2, 4)))
    with pytest.raises(ValueError, match=message) as caught:
        arrays.segment(model, **{**crops, **change})
    assert "\n" not in str(caught.value)


def test_a_steps_draws_come_from_the_models_seed():
    draws = []
    for seed in (1, 1, 2):
        model = SEIGAN(tiny.networks(seed=seed))
        model.build()
        first, second = (model.draw(tiny.batch(2)) for _ in range(2))
        draws.append((np.asarray(first.noise["background"]), np.asarray(first.coins["coarse"])))
        assert not np.array_equal(np.asarray(first.noise["background"]), np.asarray(second.noise["background"]))
        assert first.order["composite"].shape == (4,)
    np.testing.assert_array_equal(draws[0][0], draws[1][0])
    np.testing.assert_array_equal(draws[0][1], draws[1][1])
    assert not np.array_equal(draws[0][0], draws[2][0])


def test_training_repeats_itself_from_the_same_state(model):
    batch, state = tiny.batch(2), model.state()
    results = []
    for _ in range(2):
        model.restore(state)
        step(model, batch)
        results.append(model.state())
    assert all(np.array_equal(results[0][name], results[1][name]) for name in state)
    assert any(not np.array_equal(results[0][name], state[name]) for name in state)


def test_the_default_settings_are_the_papers():
    settings = NetworksConfig()
    assert (settings.segmenter.backbone, settings.inpainter.backbone, settings.enhancer.backbone) == (
        "resnet", "unet", "unet",
    )  # fmt: skip
    assert not (settings.confine_mask or settings.composite_inpainting or settings.hard_mask)
    assert settings.mask_gradient_scale == 1.0


def test_inpaint_and_enhance_give_what_the_cycle_makes_of_the_same_crops():
    model = tiny.seigan(composite_inpainting=True, confine_mask=True)
    batch = tiny.batch(3)
    images, boxes = batch["object"]["image"], batch["object"]["box"]
    swapped = arrays.swap(model, images, boxes, batch["background"]["image"])
    np.testing.assert_allclose(arrays.inpaint(model, images, swapped["mask"]), swapped["background"], atol=1e-5)
    np.testing.assert_allclose(arrays.enhance(model, swapped["coarse"].clip(-1, 1)), swapped["composite"], atol=1e-5)
    with pytest.raises(ValueError, match=r"^masks: shape \(3, 16, 16\); expected \(3, 16, 16, 1\)$"):
        arrays.inpaint(model, images, swapped["mask"][..., 0])
    with pytest.raises(ValueError, match=r"^masks: values from 0 to 255; expected 0 to 1$"):
        arrays.inpaint(model, images, np.where(swapped["mask"] > 0.5, 255, 0))
