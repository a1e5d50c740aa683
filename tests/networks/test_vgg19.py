"""Frozen VGG-19 features: against keras.applications and the NumPy reference; loading weights and its errors."""

import keras
import numpy as np
import pytest

from seigan_tf.networks import VGG19Features
from seigan_tf.networks.vgg19 import ENCODER_LAYERS, PERCEPTUAL_LAYERS, TEXTURE_LAYERS
from tests.reference import networks as reference
from tests.reference.weights import randomise, vgg_weights_of

LAYERS = tuple(dict.fromkeys((*TEXTURE_LAYERS, *ENCODER_LAYERS, *PERCEPTUAL_LAYERS)))


@pytest.fixture(scope="module")
def features():
    layer = VGG19Features()
    randomise(layer.vgg.weights)
    return layer


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")


def test_features_are_those_of_keras_applications(features, photos):
    model = keras.applications.VGG19(include_top=False, weights=None)
    model.set_weights(features.vgg.get_weights())
    prepared = keras.applications.vgg19.preprocess_input((photos.astype("float64") + 1) * 127.5)
    probe = keras.Model(model.input, [model.get_layer(name).output for name in LAYERS])
    made = features(photos, layers=LAYERS)
    for name, expected in zip(LAYERS, probe(prepared.astype("float32")), strict=True):
        expected = np.asarray(expected)
        np.testing.assert_allclose(np.asarray(made[name]), expected, atol=1e-4 * expected.max(), err_msg=name)


def test_features_agree_with_the_reference(features, photos):
    expected = reference.vgg19(photos.astype("float64"), vgg_weights_of(features))
    made = features(photos, layers=LAYERS)
    for name in LAYERS:
        np.testing.assert_allclose(
            np.asarray(made[name]), expected[name], atol=1e-4 * expected[name].max(), err_msg=name
        )


def test_the_layers_of_the_losses_are_the_first_and_the_last_five_convolutions(features):
    convolutions = [layer.name for layer in features.vgg.layers if layer.weights]
    assert tuple(convolutions[:5]) == TEXTURE_LAYERS
    assert tuple(convolutions[-5:]) == PERCEPTUAL_LAYERS


def test_only_the_layers_that_are_asked_for_come_back_and_no_deeper_one_is_run(features, photos, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("ran deeper than asked")

    monkeypatch.setattr(features.vgg.get_layer("block2_conv1"), "call", refuse)
    assert set(features(photos, layers=("block1_conv2",))) == {"block1_conv2"}
    with pytest.raises(AssertionError, match="deeper"):
        features(photos, layers=("block2_conv1",))


def test_nothing_in_it_trains(features):
    assert features.trainable_variables == []
    assert len(features.non_trainable_variables) == 32


def test_it_comes_back_from_its_configuration(features):
    assert VGG19Features.from_config(features.get_config()).get_config() == features.get_config()


def one_line(caught):
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_path_is_named_in_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"missing\.h5: no such file") as caught:
        VGG19Features().load(str(tmp_path / "missing.h5"))
    one_line(caught)


@pytest.mark.filterwarnings("ignore:Skipping nested container")
@pytest.mark.parametrize("kind", ["text", "other_model", "other_h5", "weights_h5", "folder"])
def test_a_file_that_does_not_hold_vgg19_weights_is_named_in_one_line(kind, tmp_path):
    path = tmp_path / {"weights_h5": "file.weights.h5", "text": "file.txt"}.get(kind, "file.h5")
    if kind == "text":
        path.write_text("no weights")
    elif kind == "folder":
        path.mkdir()
    elif kind == "other_h5":
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w") as file:
            file["something"] = 1.0
    else:
        other = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])
        other.save_weights(tmp_path / "other.weights.h5")
        (tmp_path / "other.weights.h5").rename(path)
    with pytest.raises(ValueError, match=path.name) as caught:
        VGG19Features().load(str(path))
    assert "vgg-weights" in one_line(caught)


def test_imagenet_without_a_connection_is_one_line_with_advice(monkeypatch):
    def no_network(*args, **kwargs):
        raise Exception("URL fetch failure on https://storage.example/vgg19.h5: None -- no route\nto host")

    monkeypatch.setattr(keras.utils, "get_file", no_network)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", no_network)
    with pytest.raises(ValueError, match=r"--vgg-weights imagenet.*give its path") as caught:
        VGG19Features().load("imagenet")
    one_line(caught)


def test_real_weights_load_and_tell_a_texture_from_another(shared, photos):
    path = shared / "weights" / "vgg19_imagenet_notop.h5"
    if not path.is_file():
        pytest.skip(f"needs {path.name} in ../shared/weights")
    features = VGG19Features()
    features.load(str(path))
    weights = vgg_weights_of(features)
    assert weights["block1_conv1"]["kernel"].shape == (3, 3, 3, 64)
    made = np.asarray(features(photos, layers=("block5_conv4",))["block5_conv4"])
    expected = reference.vgg19(photos.astype("float64"), weights)["block5_conv4"]
    np.testing.assert_allclose(made, expected, atol=1e-4 * expected.max())
