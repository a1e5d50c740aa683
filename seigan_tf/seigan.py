"""SEIGAN: segmenter, inpainter and enhancer trained together against two discriminators (arXiv 1811.07630)."""

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from seigan_tf import config as configuration
from seigan_tf import steps
from seigan_tf.config import TERMS, DataConfig, LossesConfig, NetworksConfig
from seigan_tf.cycle import NOISE_NAMES, Cycle, Generators, fixed_noise
from seigan_tf.losses import boxes
from seigan_tf.losses.terms import FAKES, Pretraining, active_fakes, active_terms, pretraining_terms, trained_networks
from seigan_tf.networks import Enhancer, Inpainter, Segmenter, VGG19Features
from seigan_tf.networks.discriminator import make_discriminator
from seigan_tf.networks.vgg19 import without_vgg
from seigan_tf.objective import (
    Discriminators,
    Objective,
    background_layers,
    discriminator_objective,
    generator_objective,
    object_layers,
)
from seigan_tf.optimizers import LossScaleOptimizer, OptimizerGroup, group_by_network
from seigan_tf.replay import ReplayPool
from seigan_tf.utils import variables
from seigan_tf.utils.serialization import serializable
from seigan_tf.utils.tensor import Tensor

SWAP_IMAGES = ("mask", "coarse", "composite", "background", "coarse_back", "object_back", "background_back")
"""Names of the images that `call` and `inference.arrays.swap` return (figure 2)."""

LOG_NAMES = (
    "loss",
    "discriminator_loss",
    "mask_mean",
    *TERMS,
    "background_discriminator",
    "object_discriminator",
    "crop_iou",
)
"""Names of the logs of fit and evaluate; terms that are switched off are left out."""

Batch = dict[str, dict[str, Tensor]]
"""{"object": {"image", "box"}, "background": {"image"}}, as described at SEIGAN."""


class Draws(NamedTuple):
    """All random numbers of one train step, which is a function of weights, batch and draws."""

    noise: dict[str, Any]
    """Standard normal [N, S, S, 1] for each of NOISE_NAMES."""
    order: dict[str, Any]
    """Uniform [capacity] for each kind of fake: the order of the places in its replay pool."""
    coins: dict[str, Any]
    """Uniform [N] for each kind of fake: above 1/2 an earlier fake is used."""


class Generated(NamedTuple):
    """Results of the generators' half of a train step."""

    objective: Objective
    """The generators' terms."""
    fakes: dict[str, Any]
    """Images for the discriminators by name, without gradient."""
    mask_mean: Any
    """Mean of G_seg(x) in the boxes; None if no term needs the mask."""


@serializable
class SEIGAN(keras.Model):
    """Segment-Enhance-Inpaint GAN (Ostyakov et al., 2019).

    A batch is {"object": {"image", "box"}, "background": {"image"}}: images float32 [N, S, S, 3] in [-1, 1], boxes
    float32 [N, 4] as relative [ymin, xmin, ymax, xmax]. For evaluation "object" may hold a "mask" [N, S, S, 1] too.

    Args:
        networks: forms of the networks, and treatment of the mask in the cycle.
        object_fraction: long side of the objects' boxes by the side of the crops, in (0, 1], to cut photographs by.

    Raises:
        ValueError: a number is out of its range, a size does not fit a network, or VGG-19 weights are missing.
    """

    built: bool

    def __init__(self, networks: NetworksConfig, object_fraction: float = DataConfig.object_fraction, **kwargs):
        # Without autocast boxes stay float32 under mixed precision; the networks cast for themselves.
        super().__init__(**{"name": "seigan", "autocast": False, **kwargs})
        configuration.check_networks(networks)
        if not 0 < object_fraction <= 1:
            raise ValueError(f"object_fraction: {object_fraction}; expected more than 0, at most 1")
        self.networks = networks
        self.object_fraction = object_fraction
        size = networks.size
        self.vgg: VGG19Features | None = None
        self._restored = False
        if networks.vgg_weights != "none":
            self.vgg = VGG19Features(name="vgg19")
        elif networks.segmenter.backbone == "vgg19":
            raise ValueError(
                "networks.segmenter: the vgg19 backbone needs VGG-19; give --vgg-weights imagenet or a path"
            )
        self.generators = self._make_generators()
        self.ema_generators = self._make_generators("ema_") if networks.ema_decay else None
        self.discriminators = Discriminators(
            make_discriminator(networks.discriminator, size, self.vgg, name="background_discriminator"),
            make_discriminator(networks.discriminator, size, self.vgg, name="object_discriminator"),
        )
        self.pools = {}
        if networks.replay_size:
            self.pools = {name: ReplayPool(networks.replay_size, size, name=f"{name}_pool") for name in FAKES}
        self.random = keras.random.SeedGenerator(networks.seed, name="random")
        self.losses_config = LossesConfig()
        self.pretraining: Pretraining | None = None
        self.trackers = {name: keras.metrics.Mean(name=name) for name in LOG_NAMES}

    def _make_generators(self, prefix=""):
        n = self.networks
        return Generators(
            Segmenter(n.segmenter, n.size, self.vgg, name=f"{prefix}segmenter"),
            Inpainter(n.inpainter, n.size, n.mask_input, n.prefill, name=f"{prefix}inpainter"),
            Enhancer(n.enhancer, n.size, name=f"{prefix}enhancer"),
        )

    def build(self, input_shape=None):
        """Create every weight; the input's shape is known from the settings."""
        if self.built:
            return
        networks = [*self.generators, *self.discriminators, *(self.ema_generators or ()), *self.pools.values()]
        for network in networks:
            network.build()
        if self.vgg is not None and not self._restored:
            self.vgg.load(self.networks.vgg_weights)
        if self.networks.initial_mask is not None and not self._restored:
            self.generators.segmenter.start_from_mask(self.networks.initial_mask)
        if self.ema_generators:
            for network in self.ema_generators:
                network.trainable = False  # after build, so that it reaches the variables
            for mean, value in (pair for name in Generators._fields for pair in self._ema_pairs(name)):
                mean.assign(ops.convert_to_numpy(value))  # a copy: under JAX the two would share one donated buffer
        self.built = True

    # Compilation

    def compile(
        self,
        generator_optimizer: Any,
        discriminator_optimizer: Any,
        loss_weights: LossesConfig | None = None,
        pretraining: Pretraining | None = None,
        jit_compile: bool | None = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
    ):
        """Set the two optimizers and the weights of the loss terms.

        Args:
            generator_optimizer: a Keras optimizer, of which each network gets a copy, or
                {"segmenter": .., "inpainter": .., "enhancer": ..}. Under mixed_float16 a LossScaleOptimizer is added.
            discriminator_optimizer: the same, or {"background": .., "object": ..}.
            loss_weights: λ1 to λ11, the box terms and `photos_as_fakes`; default: LossesConfig().
            pretraining: train without the cycle, on a part of the terms; default: train on all.
            jit_compile: compile with XLA; default: True on a GPU and under JAX, as TensorFlow on a CPU was slower with
                it.
            run_eagerly, steps_per_execution: as of keras.Model.compile. Its other arguments have no use here: a batch
                has no targets for a loss or for metrics.

        Raises:
            ValueError: a weight is negative, all are zero, nothing is pretrained, a term needs VGG-19 and there is
                none, or a dictionary of optimizers has other names.
        """
        losses = loss_weights or LossesConfig()
        configuration.check_losses(losses)
        terms = active_terms(losses)
        if not terms:
            raise ValueError("losses: every weight is zero; expected at least one positive weight")
        if self.vgg is None and (background_layers(losses) or object_layers(losses)):
            names = [name for name in terms if name.endswith(("_perceptual", "_texture"))]
            raise ValueError(f"losses.{names[0]}: needs VGG-19; give --vgg-weights imagenet or a path, or set it to 0")
        self.build()
        self.losses_config = losses
        self.pretraining = pretraining
        if not self.trained_networks:
            raise ValueError("pretraining: trains nothing; expected a box term, discriminators or identity")
        if "segmenter" in self.trained_networks and self.networks.segmenter.normalization == "batch":
            raise ValueError(
                "networks.segmenter.normalization: batch, which is for segmenters that learn from masks alone; expected"
                " instance"
            )
        halves = {
            "generator": self._network_optimizers(generator_optimizer, self.generators),
            "discriminator": self._network_optimizers(discriminator_optimizer, self.discriminators),
        }
        sizes = {"generator": len(self.generator_variables), "discriminator": len(self.discriminator_variables)}
        optimizer = OptimizerGroup(halves, sizes)
        optimizer.build(self.generator_variables + self.discriminator_variables)  # Keras restores only what exists
        if jit_compile is None:
            jit_compile = steps.backend.prefers_jit()
        super().compile(
            optimizer=optimizer,
            loss=None,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            auto_scale_loss=False,
        )

    def _network_optimizers(self, optimizer, networks):
        sizes = {name: len(network.trainable_variables) for name, network in networks._asdict().items()}
        made = group_by_network(optimizer, sizes)
        if self.dtype_policy.name == "mixed_float16" and not isinstance(made, LossScaleOptimizer):
            made = LossScaleOptimizer(made)
        return made

    @property
    def metrics(self):
        return list(self.trackers.values())

    @property
    def generator_optimizer(self):
        return self.optimizer.members["generator"]

    @property
    def discriminator_optimizer(self):
        return self.optimizer.members["discriminator"]

    @property
    def network_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizer of each network: segmenter, inpainter, enhancer, background and object (discriminator)."""
        return dict(zip((*Generators._fields, *Discriminators._fields), self.optimizer.optimizers, strict=True))

    @property
    def terms(self) -> LossesConfig:
        """Weights of the terms in use: those given to `compile`, or those of them that pretraining uses."""
        return pretraining_terms(self.losses_config, self.pretraining) if self.pretraining else self.losses_config

    @property
    def cycle_settings(self) -> NetworksConfig:
        """The settings of the cycle's mask, which gets no gradient from the cycle in pretraining."""
        return dataclasses.replace(self.networks, mask_gradient_scale=0.0) if self.pretraining else self.networks

    @property
    def trained_networks(self) -> set[str]:
        """Names, as in `network_optimizers`, of the networks that get a gradient from a term that is switched on."""
        return trained_networks(self.losses_config, self.networks.mask_gradient_scale, self.pretraining)

    def trained_variables(self, networks: Generators | Discriminators) -> list:
        """Return the trainable variables of those networks that the terms train."""
        trained = self.trained_networks
        return [v for name, net in networks._asdict().items() if name in trained for v in net.trainable_variables]

    @property
    def generator_variables(self) -> list[Any]:
        return [v for network in self.generators for v in network.trainable_variables]

    @property
    def discriminator_variables(self) -> list[Any]:
        return [v for network in self.discriminators for v in network.trainable_variables]

    # One step, in the order in which seigan_tf/steps takes it: draw, generate, replay, discriminate, update_ema, track.

    def train_step(self, *args):
        """Update generators and discriminators once; see seigan_tf/steps."""
        return steps.backend.train_step(self, *_without_targets(args))

    def test_step(self, *args):
        """Return the generators' total with fixed noise, the mean of the mask and, with masks, `crop_iou`."""
        return steps.backend.test_step(self, *_without_targets(args))

    def draw(self, batch: Batch) -> Draws:
        """Draw a step's random numbers from the model's own seed, whose state is saved with the model."""
        count, size, capacity = ops.shape(batch["object"]["image"])[0], self.networks.size, self.networks.replay_size
        noise = keras.random.normal((len(NOISE_NAMES), count, size, size, 1), seed=self.random)
        order = keras.random.uniform((len(FAKES), capacity), seed=self.random)
        coins = keras.random.uniform((len(FAKES), count), seed=self.random)
        return Draws(
            {name: noise[i] for i, name in enumerate(NOISE_NAMES)},
            {name: order[i] for i, name in enumerate(FAKES)},
            {name: coins[i] for i, name in enumerate(FAKES)},
        )

    def cycle(self, batch: Batch, noise: dict[str, Any], generators: Generators | None = None) -> Cycle:
        """Return the batch's cycle, in which no network runs before an image is read.

        Args:
            batch: as in `fit`.
            noise: standard normal, [N, S, S, 1] for each of NOISE_NAMES.
            generators: default: those that are trained.
        """
        return Cycle(
            generators or self.generators,
            self.cycle_settings,
            batch["object"]["image"],
            batch["object"]["box"],
            batch["background"]["image"],
            noise,
            self.vgg,
            object_layers(self.terms),
            background_layers(self.terms),
        )

    def generate(self, batch: Batch, noise: dict[str, Any], generators: Generators | None = None) -> Generated:
        """Return the generators' terms and the fakes for the discriminators; arguments as of `cycle`."""
        cycle = self.cycle(batch, noise, generators)
        scales = self._warmup() if generators is None else None
        objective = generator_objective(cycle, self.discriminators, self.terms, scales)
        fakes = {name: ops.stop_gradient(getattr(cycle, name)) for name in active_fakes(self.terms)}
        if self.pretraining:
            photos = {"coarse": cycle.background_image, "background": cycle.object_image}
            fakes = {name: image for name, image in photos.items() if FAKES[name][0] in self.trained_networks}
        mask_mean = None
        if "raw_logits" in vars(cycle):  # G_seg does not run for this number alone
            covered = ops.sum(cycle.raw_mask * cycle.box_mask) / ops.maximum(ops.sum(cycle.box_mask), 1.0)
            mask_mean = ops.stop_gradient(covered)
        return Generated(objective, fakes, mask_mean)

    def _warmup(self) -> dict[str, Any]:
        """The part of a term's weight that the step to come has."""
        count = self.losses_config.pairwise_warmup
        if not count or "segmenter" not in self.trained_networks:
            return {}
        step = ops.cast(self.network_optimizers["segmenter"].iterations, "float32")
        return {"box_pairwise": ops.minimum((step + 1.0) / count, 1.0)}

    def replay(self, fakes: dict[str, Any], draws: Draws) -> dict[str, Any]:
        """Return the fakes, some of them replaced by earlier ones from the replay pools."""
        if not self.pools or self.pretraining:
            return fakes
        return {
            name: self.pools[name](images, order=draws.order[name], coins=draws.coins[name])
            for name, images in fakes.items()
        }

    def discriminate(self, batch: Batch, fakes: dict[str, Any]) -> Objective:
        """Return the discriminators' terms."""
        reals = {"background": batch["background"]["image"], "object": batch["object"]["image"]}
        # In pretraining they are the only fakes.
        photos_as_fakes = 0.0 if self.pretraining else self.losses_config.photos_as_fakes
        return discriminator_objective(self.discriminators, reals, fakes, photos_as_fakes)

    def update_ema(self) -> None:
        """Move the EMA weights towards the trained ones, faster in a network's first steps (arXiv 1806.04498)."""
        if not self.ema_generators:
            return
        trained = self.trained_networks
        for name in (name for name in Generators._fields if name in trained):
            step = ops.cast(self.network_optimizers[name].iterations, "float32")
            weight = 1.0 - ops.minimum(self.networks.ema_decay, (1.0 + step) / (10.0 + step))
            for mean, value in self._ema_pairs(name):
                mean.assign(mean + weight * (value - mean))

    def _ema_pairs(self, name):
        """Return pairs of EMA and trained variables of a generator."""
        means, values = (
            without_vgg(getattr(n, name).variables, self.vgg) for n in (self.ema_generators, self.generators)
        )
        return zip(means, values, strict=True)

    def track(self, generated: Generated, discriminated: Objective) -> dict[str, Any]:
        """Add a step to the running means and return them."""
        values = {
            "loss": generated.objective.total,
            "discriminator_loss": discriminated.total,
            "mask_mean": generated.mask_mean,
            **generated.objective.terms,
            **discriminated.terms,
        }
        return self._running_means(values)

    def _running_means(self, values, weight=None):
        """Add values to the running means and return these; numbers of a whole batch count `weight` times."""
        values = {name: value for name, value in values.items() if value is not None}
        for name, value in values.items():
            self.trackers[name].update_state(value, None if np.ndim(value) else weight)
        return {name: self.trackers[name].result() for name in values}

    def test(self, batch: Batch) -> dict[str, Any]:
        """Return the logs of a test step with `inference_generators`; `crop_iou` is the IoU at crop resolution."""
        generated = self.generate(batch, self._fixed_noise(batch), self.inference_generators)
        values = {"loss": generated.objective.total, "mask_mean": generated.mask_mean}
        if "mask" in batch["object"]:
            mask = self.masks(batch["object"]["image"], batch["object"]["box"])
            predicted, truth = mask > 0.5, batch["object"]["mask"] > 0.5
            both = ops.sum(ops.cast(predicted & truth, "float32"), axis=(1, 2, 3))
            either = ops.sum(ops.cast(predicted | truth, "float32"), axis=(1, 2, 3))
            values["crop_iou"] = ops.where(either > 0, both / ops.maximum(either, 1.0), 1.0)
        # The last batch may be smaller.
        return self._running_means(values, ops.cast(ops.shape(batch["object"]["image"])[0], "float32"))

    def _fixed_noise(self, batch):
        return dict.fromkeys(NOISE_NAMES, fixed_noise(batch["object"]["image"]))

    # Inference

    @property
    def inference_generators(self) -> Generators:
        """The generators with EMA weights if there are any, else those that are trained."""
        return self.ema_generators or self.generators

    def masks(self, images: Tensor, box: Tensor) -> Tensor:
        """Return the masks of G_seg, confined to the boxes with `confine_mask`: [N, S, S, 1] in [0, 1].

        Args:
            images: [N, S, S, 3] in [-1, 1].
            box: [N, 4], relative [ymin, xmin, ymax, xmax].
        """
        box_mask = boxes.box_to_mask(box, self.networks.size)
        seen = boxes.fade_outside(images, box_mask, self.networks.outside_contrast)
        mask = self.inference_generators.segmenter(seen)
        return mask * box_mask if self.networks.confine_mask else mask

    def call(self, batch, training=False):
        """Return the images of both swaps, SWAP_IMAGES, with fixed noise and `inference_generators`."""
        cycle = self.cycle(batch, self._fixed_noise(batch), self.inference_generators)
        return {name: getattr(cycle, name) for name in SWAP_IMAGES}

    def compiled_function(self, function: Callable) -> Callable:
        """Return `function(model, *arrays)` as a function of the arrays that is compiled once."""
        if function not in self._compiled_functions:
            self._compiled_functions[function] = steps.backend.compiled(self, function)
        return self._compiled_functions[function]

    @cached_property
    def _compiled_functions(self):
        return {}

    # Saving

    def get_config(self):
        networks = configuration.to_dict(self.networks)
        return {"networks": networks, "object_fraction": self.object_fraction, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "networks": configuration.from_dict(NetworksConfig, config["networks"])})

    def save_own_variables(self, store):
        """Save the random state: Keras leaves the state of a SeedGenerator out of its files."""
        store["random"] = ops.convert_to_numpy(self.random.state)

    def load_own_variables(self, store):
        self.random.state.assign(np.asarray(store["random"]))

    def get_build_config(self):
        return {"input_shape": None}  # with an empty one Keras skips build_from_config, and with it the weights

    def build_from_config(self, config):
        self._restored = True  # called for saved files only, which hold VGG-19 too
        self.build()

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {
            "generator_optimizer": keras.optimizers.serialize(self.generator_optimizer),
            "discriminator_optimizer": keras.optimizers.serialize(self.discriminator_optimizer),
            "loss_weights": dataclasses.asdict(self.losses_config),
            "pretraining": self.pretraining and dataclasses.asdict(self.pretraining),
        }

    def compile_from_config(self, config):
        optimizers = {k: keras.optimizers.deserialize(config[k]) for k in config if k.endswith("_optimizer")}
        losses = configuration.from_dict(LossesConfig, config["loss_weights"])
        pretraining = config["pretraining"] and Pretraining(**config["pretraining"])
        self.compile(**optimizers, loss_weights=losses, pretraining=pretraining)

    def _state_variables(self):
        """Return all variables that an exact resume needs, by names that do not depend on the process."""
        named = {v.path.removeprefix(f"{self.name}/"): v for v in without_vgg(self.variables, self.vgg)}
        for owner in ("generator_optimizer", "discriminator_optimizer"):
            for i, variable in enumerate(getattr(self, owner).variables):
                named[f"{owner}/{i}/{variable.name}"] = variable
        return named

    def state(self) -> dict[str, np.ndarray]:
        """Return all values that an exact resume needs: weights, EMA weights, optimizers, pools and random state.

        The frozen VGG-19 is left out.
        """
        return variables.values(self._state_variables())

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Assign the values that `state` returned; nothing is changed if one does not fit.

        Raises:
            ValueError: names the first variable that is missing, unknown or of another shape.
        """
        variables.assign(self._state_variables(), state)


def _without_targets(arguments):
    """Return a step's arguments with the batch last: Keras passes NumPy input as (x,) or (x, y, sample_weight)."""
    *state, batch = arguments
    return *state, batch[0] if isinstance(batch, tuple) else batch
