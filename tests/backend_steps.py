"""Train steps from given weights, batches and draws, under the backend of this process: see backend_values.py."""

import grain
import keras
import numpy as np

from seigan_tf.config import BackboneConfig, DiscriminatorConfig, LossesConfig
from seigan_tf.cycle import NOISE_NAMES
from seigan_tf.losses.terms import FAKES
from seigan_tf.seigan import SEIGAN, Draws
from tests import tiny
from tests.reference.weights import randomise

STEPS = 3
"""The pool of four is full after two batches of two: the third step uses earlier fakes."""

MODELS = {
    "every_setting": (
        tiny.networks(
            segmenter=BackboneConfig("vgg19", 3, 3),
            vgg_weights="random",
            inpainter=BackboneConfig("unet", 3, 2, separable=True),
            enhancer=BackboneConfig("resnet", 3, 1),
            discriminator=DiscriminatorConfig(3, 3),
            confine_mask=True,
            composite_inpainting=True,
            mask_input=True,
            prefill=True,
            hard_mask=True,
            mask_gradient_scale=0.1,
            ema_decay=0.9,
        ),
        LossesConfig(**tiny.EVERY_TERM, **tiny.BOX_TERMS),
    ),
    "few_settings": (
        tiny.networks(prefill=True, composite_inpainting=True),
        LossesConfig(**tiny.BOX_TERMS, pairwise_warmup=2),
    ),
}
"""Settings and losses by name."""

CASES = {"every_setting": "every_setting", "few_settings": "few_settings", "saturated": "few_settings"}
"""Models of the cases. In "saturated" many values of the photographs are 0 or 255, and G_inp and G_enh change nothing
at first."""


def start_from_zeros():
    """Initial weights cost JAX a compilation for each shape; if others replace them, zeros will do."""
    for kind in (keras.initializers.RandomNormal, keras.initializers.VarianceScaling):
        kind.__call__ = lambda self, shape, dtype=None, **kwargs: np.zeros(shape, dtype)


def batches_with_draws(settings, saturated):
    for step in range(STEPS):
        random = np.random.default_rng(100 + step)
        noise = {n: random.standard_normal((2, settings.size, settings.size, 1)).astype("float32") for n in NOISE_NAMES}
        order, coins = (
            {n: random.uniform(size=count).astype("float32") for n in FAKES} for count in (settings.replay_size, 2)
        )
        batch = tiny.batch(2, settings.size, seed=step)
        if saturated:
            for photos in (batch["object"], batch["background"]):
                levels = np.round((2 * photos["image"] + 1) * 127.5).clip(0, 255)
                photos["image"] = (levels / 127.5 - 1).astype("float32")
        yield {**batch, "draws": {"noise": noise, "order": order, "coins": coins}}


def make_models():
    """{name: compiled model}, every weight random."""
    made = {}
    for name, (settings, losses) in MODELS.items():
        model = made[name] = SEIGAN(settings)
        model.build()
        randomise([*model.generator_variables, *model.discriminator_variables])
        if model.vgg is not None:
            randomise(model.vgg.vgg.weights, seed=1)
        tiny.compile_model(model, losses, lambda: keras.optimizers.SGD(1e-4, momentum=0.9))
        model.draw = lambda batch: Draws(**batch["draws"])
    return made


def initial_states(models):
    """{case: state before its first step}."""
    made = {}
    for case, name in CASES.items():
        model = models[name]
        if case == "saturated":
            for network in (model.generators.inpainter, model.generators.enhancer):
                for variable in network.variables:
                    if "/last/" in variable.path:
                        variable.assign(np.zeros(variable.shape))
        made[case] = model.state()
    return made


def take_steps(case, model, initial):
    """The state before ("initial/NAME") and after ("final/NAME") and the logs of each step ("logs/STEP/NAME")."""
    model.restore(initial)
    data = grain.MapDataset.source(list(batches_with_draws(model.networks, case == "saturated"))).to_iter_dataset()
    history = model.fit(data, epochs=STEPS, steps_per_epoch=1, verbose=0).history
    values = {f"initial/{name}": value for name, value in initial.items()}
    values |= {f"logs/{step}/{name}": logged[step] for name, logged in history.items() for step in range(STEPS)}
    return values | {f"final/{name}": value for name, value in model.state().items()}
