"""Saving and loading: after it, training goes on as if nothing had happened."""

import json
import zipfile

import keras
import numpy as np
import pytest

from seigan_tf.config import BackboneConfig, LossesConfig
from seigan_tf.inference import arrays
from seigan_tf.seigan import SEIGAN
from tests import tiny
from tests.reference.weights import randomise

LOSSES = LossesConfig(**tiny.BOX_TERMS, coarse_gan=0.7)
STEPS_BEFORE = 3
"""The pools hold two batches of two: at the third step earlier fakes are shown."""


def assert_equal(state, expected):
    assert set(state) == set(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(state[name], value, err_msg=name)


@pytest.fixture(scope="module")
def trained():
    """A model after some steps."""
    model = tiny.seigan(LOSSES, ema_decay=0.9)
    for seed in range(STEPS_BEFORE):
        model.train_on_batch(tiny.batch(2, seed=seed))
    return model


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    """Folder with the model in every form, its state, and its state one step later."""
    folder = tmp_path_factory.mktemp("saved")
    state = trained.state()
    trained.save(folder / "model.keras")
    trained.save_weights(folder / "model.weights.h5")
    trained.train_on_batch(tiny.batch(2, seed=99))
    return folder, state, trained.state()


def test_the_state_holds_everything_under_names_of_its_own(trained, saved):
    state = saved[1]
    variables = trained.variables + trained.generator_optimizer.variables + trained.discriminator_optimizer.variables
    assert len(state) == len(variables)
    for part in ("segmenter/", "ema_enhancer/", "object_discriminator/", "coarse_pool/images", "random/"):
        assert any(name.startswith(part) for name in state), part
    assert state["coarse_pool/count"] == 4
    assert np.abs(state["composite_pool/images"]).min() < np.abs(state["composite_pool/images"]).max()
    momenta = [value for name, value in state.items() if "optimizer/" in name and "momentum" in name]
    assert len(momenta) == len(trained.trainable_variables)
    assert all(np.abs(value).max() > 0 for value in momenta)
    assert [int(v) for name, v in state.items() if name.endswith("iteration")] == [STEPS_BEFORE] * 5


def test_the_state_is_a_copy_that_training_does_not_touch(saved):
    assert any(not np.array_equal(saved[1][name], saved[2][name]) for name in saved[1])


def test_a_keras_file_brings_everything_back_and_one_more_step_is_the_same(saved):
    folder, state, later = saved
    loaded = keras.models.load_model(folder / "model.keras")
    assert loaded.losses_config == LOSSES
    assert loaded.networks == tiny.networks(ema_decay=0.9)
    assert_equal(loaded.state(), state)
    loaded.run_eagerly = keras.backend.backend() == "tensorflow"
    loaded.train_on_batch(tiny.batch(2, seed=99))
    assert_equal(loaded.state(), later)


def test_a_weights_file_brings_everything_back_and_one_more_step_is_the_same(saved):
    folder, state, later = saved
    other = tiny.seigan(LOSSES, seed=5, ema_decay=0.9)
    other.load_weights(folder / "model.weights.h5")
    assert_equal(other.state(), state)
    other.train_on_batch(tiny.batch(2, seed=99))
    assert_equal(other.state(), later)


def test_a_restored_state_brings_everything_back_and_one_more_step_is_the_same(saved):
    _, state, later = saved
    other = tiny.seigan(LOSSES, seed=5, ema_decay=0.9)
    other.restore(state)
    assert_equal(other.state(), state)
    other.train_on_batch(tiny.batch(2, seed=99))
    assert_equal(other.state(), later)


def test_a_keras_file_of_an_uncompiled_model_brings_the_weights_back(tmp_path):
    model, photos = SEIGAN(tiny.networks(confine_mask=True)), tiny.batch(2)["object"]
    model.build()
    randomise(model.trainable_variables)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        arrays.segment(loaded, photos["image"], photos["box"]), arrays.segment(model, photos["image"], photos["box"])
    )


def test_the_configuration_in_a_keras_file_is_plain_json(saved):
    with zipfile.ZipFile(saved[0] / "model.keras") as file:
        config = json.loads(file.read("config.json"))
    assert config["registered_name"] == "seigan_tf>SEIGAN"
    assert config["config"]["networks"]["segmenter"]["backbone"] == "resnet"


def test_a_model_comes_back_from_its_configuration(trained):
    copy = SEIGAN.from_config(trained.get_config())
    assert copy.networks == trained.networks
    assert copy.get_config() == trained.get_config()


def test_frozen_vgg19_weights_are_saved_with_a_keras_file_but_are_not_part_of_the_state(tmp_path):
    model = SEIGAN(tiny.networks(size=32, segmenter=BackboneConfig("vgg19", 3, 2), vgg_weights="random"))
    model.build()
    randomise(model.vgg.vgg.weights)
    randomise(model.generator_variables)
    tiny.compile_model(model)
    assert not any("block" in name for name in model.state())
    model.save(tmp_path / "model.keras")
    loaded, photos = keras.models.load_model(tmp_path / "model.keras"), tiny.batch(2, 32)["object"]
    for a, b in zip(loaded.vgg.vgg.get_weights(), model.vgg.vgg.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(
        arrays.segment(loaded, photos["image"], photos["box"]), arrays.segment(model, photos["image"], photos["box"])
    )


@pytest.mark.parametrize("kind", ["missing", "unknown", "shape"])
def test_a_state_that_does_not_fit_is_refused_by_name_and_changes_nothing(kind, trained):
    before = trained.state()
    state = {name: value + 1 for name, value in before.items()}
    name = "inpainter/fine/last/conv/bias"
    if kind == "missing":
        del state[name]
    elif kind == "unknown":
        name = "inpainter/fine/last/conv/scale"
        state[name] = np.zeros(3)
    else:
        state[name] = np.zeros(4)
    expected = {"missing": "is missing", "unknown": "is not a variable", "shape": r"has shape \(4,\); expected \(3,\)"}
    with pytest.raises(ValueError, match=f"^{name} {expected[kind]}") as caught:
        trained.restore(state)
    assert "\n" not in str(caught.value)
    assert_equal(trained.state(), before)
