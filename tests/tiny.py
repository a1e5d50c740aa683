"""Small settings, batches and models for the tests."""

import keras
import numpy as np

from seigan_tf.config import BackboneConfig, DataConfig, DiscriminatorConfig, LossesConfig, NetworksConfig
from seigan_tf.seigan import SEIGAN
from tests.reference.weights import randomise

EVERY_TERM = dict(background_texture=0.3, background_perceptual=0.2, object_perceptual=0.4)
"""Weights that switch on what LossesConfig leaves off, box terms apart."""
FIRST_SWAP = dict(
    inpaint_gan_back=0.0, background_mae=0.0, object_mae=0.0, object_identity=0.0, background_identity=0.0
)
"""Weights with which all networks are trained, and a step is traced or compiled sooner than the whole cycle."""
BOX_TERMS = dict(box_projection=1.0, box_outside=0.7, box_pairwise=0.5, mask_saturation=0.01)


def networks(**changes) -> NetworksConfig:
    """16 px, three channels and one level, without VGG-19 and EMA weights."""
    settings = dict(
        size=16,
        segmenter=BackboneConfig("resnet", 3, 1),
        inpainter=BackboneConfig("unet", 3, 1),
        enhancer=BackboneConfig("unet", 3, 1),
        discriminator=DiscriminatorConfig(3, 1),
        vgg_weights="none",
        replay_size=4,
    )
    return NetworksConfig(**{**settings, **changes})


def batch(count=2, size=16, seed=0, masks=False) -> dict:
    """Random images in patches of like colour, boxes of various places and, where asked for, masks."""
    random = np.random.default_rng(seed)

    def images():
        patches = random.uniform(-0.9, 0.9, (count, size // 4, size // 4, 3)).repeat(4, 1).repeat(4, 2)
        return (patches + random.normal(0, 0.02, patches.shape)).clip(-1, 1).astype("float32")

    low, high = random.uniform(0.1, 0.35, (count, 2)), random.uniform(0.6, 0.95, (count, 2))
    made = {
        "object": {"image": images(), "box": np.concatenate([low, high], 1).astype("float32")},
        "background": {"image": images()},
    }
    if masks:
        made["object"]["mask"] = (random.uniform(size=(count, size, size, 1)) > 0.5).astype("float32")
    return made


def sgd(rate=0.01):
    return keras.optimizers.SGD(rate)


def adam(rate=1e-3):
    return keras.optimizers.Adam(rate, beta_1=0.5)


def compile_model(model, losses=None, optimizer=adam, traced=False, pretraining=None):
    """Compiles with two optimizers of their own, without XLA under TensorFlow, where it takes longer than the tests.

    Under TensorFlow steps run eagerly unless `traced`: tracing takes longer than the few steps of a test.
    """
    under_jax = keras.backend.backend() == "jax"
    model.compile(
        optimizer(),
        optimizer(),
        losses or LossesConfig(),
        pretraining,
        jit_compile=under_jax,
        run_eagerly=not (traced or under_jax),
    )
    return model


def seigan(
    losses=None,
    seed=0,
    optimizer=adam,
    traced=False,
    pretraining=None,
    object_fraction=DataConfig.object_fraction,
    **changes,
):
    """A compiled model, every weight of its generators and discriminators random."""
    model = SEIGAN(networks(**changes), object_fraction)
    model.build()
    randomise([*model.generator_variables, *model.discriminator_variables], seed)
    return compile_model(model, losses, optimizer, traced, pretraining)
