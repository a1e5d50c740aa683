"""The networks of each role with each backbone: against the NumPy reference, saved and loaded, and their errors."""

import keras
import numpy as np
import pytest

from seigan_tf.config import BackboneConfig, DiscriminatorConfig
from seigan_tf.networks import Discriminator, Enhancer, FeatureDiscriminator, Inpainter, Segmenter
from seigan_tf.networks.backbones import FeatureDecoder, ResNet, UNet
from tests.reference import networks as reference
from tests.reference.weights import randomise, vgg_weights_of, weights_of

BACKBONES = [
    BackboneConfig("resnet", 3, 2),
    BackboneConfig("resnet", 3, 1, separable=True),
    BackboneConfig("unet", 3, 1),
    BackboneConfig("unet", 2, 3),
    BackboneConfig("unet", 3, 2, separable=True),
]
each_backbone = pytest.mark.parametrize(
    "settings", BACKBONES, ids=lambda b: f"{b.backbone}-{b.depth}{'-separable' * b.separable}"
)


def built(network, seed=0):
    network.build()
    randomise(network.weights, seed)
    return network


def images(size, channels=3, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (2, size, size, channels)).astype("float32")


def assert_close(outputs, expected):
    assert outputs.shape == expected.shape
    np.testing.assert_allclose(np.asarray(outputs), expected, rtol=1e-3, atol=1e-4)


@each_backbone
def test_segmenter_agrees_with_the_reference(settings):
    network, photos = built(Segmenter(settings, 16, name="segmenter")), images(16)
    expected = reference.segmenter(photos.astype("float64"), weights_of(network), settings)
    assert expected.shape == (2, 16, 16, 1)
    assert expected.std() > 0.05
    assert_close(network(photos), expected)


@pytest.mark.parametrize(("depth", "separable"), [(2, True), (3, False), (5, False)])
def test_segmenter_on_vgg19_features_agrees_with_the_reference(depth, separable):
    settings = BackboneConfig("vgg19", 4, depth, separable)
    network, photos = built(Segmenter(settings, 32, name="segmenter")), images(32)
    expected = reference.segmenter(
        photos.astype("float64"), weights_of(network), settings, vgg_weights_of(network.encoder)
    )
    assert_close(network(photos), expected)


def test_segmenter_gives_the_logits_of_its_mask_in_float32_under_mixed_precision_too():
    for policy in ("float32", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        network, photos = built(Segmenter(BACKBONES[0], 16)), images(16)
        keras.config.set_dtype_policy("float32")
        logits = np.asarray(network.logits(photos))
        assert logits.dtype == np.float32
        np.testing.assert_allclose(network(photos), 1 / (1 + np.exp(-logits)), rtol=1e-5)


def test_segmenter_takes_features_that_the_caller_has_already():
    network, photos = built(Segmenter(BackboneConfig("vgg19", 4, 2), 16)), images(16)
    features = network.encoder(photos, layers=("block1_conv1", *network.encoder_layers))
    np.testing.assert_array_equal(np.asarray(network(photos, features=features)), np.asarray(network(photos)))
    others = network.encoder(-photos, layers=network.encoder_layers)
    np.testing.assert_array_equal(np.asarray(network(photos, features=others)), np.asarray(network(-photos)))


def test_segmenter_trains_its_decoder_and_not_vgg19():
    network = built(Segmenter(BackboneConfig("vgg19", 4, 2), 16))
    assert not {id(v) for v in network.trainable_variables} & {id(v) for v in network.encoder.vgg.variables}
    assert len(network.trainable_variables) == 4 * 3 + 2


@pytest.mark.parametrize("kind", [Segmenter, Discriminator])
def test_saturated_photographs_give_leaky_relu_no_zeros(kind):
    """At 0 its gradient is 0.2 under TensorFlow and 1 under JAX."""
    network = kind(BackboneConfig("unet", 3, 3) if kind is Segmenter else DiscriminatorConfig(3, 3), 32)
    network.build()
    blocks = [layer for layer in network._flatten_layers() if getattr(layer, "activation", None) == "leaky_relu"]
    seen = []
    for block in blocks:
        block.activate = lambda values: seen.append(np.asarray(values)) or keras.ops.leaky_relu(values)
    photos = np.ones((4, 32, 32, 3), "float32")
    photos[1] = -1.0
    photos[2, :, 16:] = -1.0
    photos[3] = (2 * images(32)[0]).clip(-1, 1)
    network(photos)
    assert len(seen) == len(blocks) == 4
    assert all((values != 0).all() for values in seen)


@pytest.mark.parametrize(
    ("settings", "mask_input", "prefill"),
    [*((settings, True, True) for settings in BACKBONES), *((BACKBONES[2], *on) for on in ((0, 0), (0, 1), (1, 0)))],
)
def test_inpainter_agrees_with_the_reference(settings, mask_input, prefill):
    network, mask = (
        built(Inpainter(settings, 16, mask_input, prefill, name="inpainter")),
        (images(16, 1, seed=3) + 1) / 2,
    )
    inputs = (1 - mask) * images(16), images(16, 1, seed=2), mask
    expected = reference.inpainter(
        *(i.astype("float64") for i in inputs), weights_of(network), settings, mask_input, prefill
    )
    assert expected.shape == (2, 16, 16, 3)
    assert_close(network(inputs), expected)


@each_backbone
def test_a_prefilling_inpainter_starts_from_the_colours_around_the_hole(settings):
    network, mask = Inpainter(settings, 16, prefill=True), np.zeros((2, 16, 16, 1), "float32")
    mask[:, 4:12, 5:9] = 1.0
    network.build()
    holed = (1 - mask) * images(16)
    expected = reference.fill_from_surroundings(holed.astype("float64"), mask.astype("float64"))
    assert_close(network((holed, images(16, 1), mask)), expected)


@each_backbone
def test_enhancer_agrees_with_the_reference(settings):
    network, inputs = built(Enhancer(settings, 16, name="enhancer")), (images(16), images(16, 1, seed=2))
    expected = reference.enhancer(*(i.astype("float64") for i in inputs), weights_of(network), settings)
    assert np.abs(expected - inputs[0]).max() > 0.1
    assert_close(network(inputs), expected)


@each_backbone
def test_enhancer_starts_as_the_identity(settings):
    network, paste = Enhancer(settings, 16), images(16)
    network.build()
    np.testing.assert_array_equal(np.asarray(network((paste, images(16, 1)))), paste)


@pytest.mark.parametrize(
    "settings",
    [
        DiscriminatorConfig(3, 1),
        DiscriminatorConfig(2, 3),
        DiscriminatorConfig(1, 4),
    ],
)
def test_discriminator_agrees_with_the_reference(settings):
    network, photos = built(Discriminator(settings, 32, name="discriminator")), images(32)
    expected = reference.discriminator(photos.astype("float64"), weights_of(network), settings.depth)
    assert expected.shape == (2, 32 // 2**settings.depth, 32 // 2**settings.depth, 1)
    assert_close(network(photos), expected)


def test_the_discriminators_layers_widen_up_to_eight_times():
    network = Discriminator(DiscriminatorConfig(2, 5), 64, name="discriminator")
    network.build()
    weights = weights_of(network)
    assert [weights[f"down_{i}"]["conv"]["kernel"].shape[-1] for i in range(5)] == [2, 4, 8, 16, 16]


@pytest.mark.parametrize("depth", [2, 3])
def test_discriminator_on_vgg19_features_agrees_with_the_reference(depth):
    network, photos = built(FeatureDiscriminator(DiscriminatorConfig(4, depth, "vgg19"), 32)), images(32)
    expected = reference.feature_discriminator(
        photos.astype("float64"), weights_of(network), vgg_weights_of(network.encoder), depth
    )
    side = 32 // 2 ** (depth - 2)
    assert expected.shape == (2, side, side, 2)
    assert expected.std() > 0.05
    assert_close(network(photos), expected)


def test_discriminator_on_vgg19_features_trains_its_own_layers_alone():
    network = built(FeatureDiscriminator(DiscriminatorConfig(4, 3, "vgg19"), 32))
    assert len(network.trainable_variables) == 2 * 2 * 2
    assert not {id(v) for v in network.trainable_variables} & {id(v) for v in network.encoder.vgg.variables}


def roles():
    """One network of every role and backbone, with the inputs it takes."""
    pair, triple = (images(16), images(16, 1)), (images(16), images(16, 1), images(16, 1))
    for settings in (BACKBONES[1], BACKBONES[4]):
        yield Segmenter(settings, 16), images(16)
        yield Inpainter(settings, 16, mask_input=True, prefill=settings.backbone == "unet"), triple
        yield Enhancer(settings, 16), pair
    yield Segmenter(BackboneConfig("vgg19", 3, 2), 16), images(16)
    yield Discriminator(DiscriminatorConfig(2, 2), 16), images(16)
    yield FeatureDiscriminator(DiscriminatorConfig(2, 2, "vgg19"), 16), images(16)


@pytest.mark.parametrize(("network", "inputs"), roles(), ids=lambda v: getattr(v, "name", ""))
def test_a_network_comes_back_from_a_keras_file_and_from_its_configuration(network, inputs, tmp_path):
    built(network)
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    assert type(loaded) is type(network)
    np.testing.assert_array_equal(np.asarray(loaded(inputs)), np.asarray(network(inputs)))

    network.save_weights(tmp_path / "network.weights.h5")
    copy = type(network).from_config(network.get_config())
    copy.build()
    assert copy.get_config() == network.get_config()
    copy.load_weights(tmp_path / "network.weights.h5")
    np.testing.assert_array_equal(np.asarray(copy(inputs)), np.asarray(network(inputs)))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_networks_and_backbones_give_float32_images_under_mixed_precision_symbolic_ones_too(policy):
    try:
        keras.config.set_dtype_policy(policy)
        backbones = [(kind(2, 1, 3, name=kind.__name__), images(16)) for kind in (ResNet, UNet)]
        decoder = FeatureDecoder(2, 2, 1, name="decoder"), (images(16, 4), images(8, 8))
        made = [*roles(), *backbones, decoder]
    finally:
        keras.config.set_dtype_policy("float32")
    for network, inputs in made:
        symbolic = network(keras.tree.map_structure(lambda values: keras.KerasTensor(values.shape), inputs))
        outputs = np.asarray(network(inputs))
        assert (symbolic.shape, symbolic.dtype) == (outputs.shape, "float32"), network.name
        assert outputs.dtype == np.float32, network.name
        assert np.isfinite(outputs).all(), network.name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Segmenter(BackboneConfig("resnet"), 30), r"networks\.size: 30 .* networks\.segmenter .*multiple of 4"),
        (lambda: Inpainter(BackboneConfig("unet", 3, 5), 48), r"networks\.size: 48 .* networks\.inpainter .* of 32 "),
        (lambda: Enhancer(BackboneConfig("unet", 3, 4), 16), r"networks\.size: 16 .* networks\.enhancer .*at least 32"),
        (
            lambda: Discriminator(DiscriminatorConfig(3, 4), 24),
            r"networks\.size: 24 .* networks\.discriminator .* 16 ",
        ),
        (
            lambda: FeatureDiscriminator(DiscriminatorConfig(3, 6, "vgg19"), 64),
            r"networks\.discriminator: .* depth 2 to 5",
        ),
        (lambda: FeatureDiscriminator(DiscriminatorConfig(3, 4, "vgg19"), 20), r"networks\.size: 20 .* multiple of 8"),
        (lambda: Discriminator(DiscriminatorConfig(0, 1), 16), r"networks\.discriminator: width 0"),
        (lambda: Segmenter(BackboneConfig("unet", 0, 1), 16), r"networks\.segmenter: width 0"),
        (lambda: Segmenter(BackboneConfig("unet", 3, 0), 16), r"networks\.segmenter: .*depth 0"),
        (lambda: Segmenter(BackboneConfig("vgg19", 3, 6), 64), r"networks\.segmenter\.depth: 6"),
        (lambda: Segmenter(BackboneConfig("vgg19", 3, 5), 24), r"networks\.size: 24"),
        (lambda: Inpainter(BackboneConfig("vgg19", 3, 2), 16), r"networks.*segmenter only"),
        (lambda: Enhancer(BackboneConfig("vgg19", 3, 2), 16), r"networks.*segmenter only"),
    ],
)
def test_settings_that_do_not_fit_are_named_in_one_line(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
