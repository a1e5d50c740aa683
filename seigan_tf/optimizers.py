"""One optimizer for each network, behind the single one that Keras expects, and the learning rate schedule."""

from collections.abc import Collection
from itertools import islice
from typing import Any

import keras
from keras import ops
from keras.optimizers import Optimizer

from seigan_tf.config import TrainingConfig
from seigan_tf.utils.serialization import serializable

LossScaleOptimizer = keras.mixed_precision.LossScaleOptimizer


@serializable
class OptimizerGroup(Optimizer):
    """Group of optimizers, each for its own variables and with its own state, step count and learning rate.

    A member whose gradients are all None is left out of a step. Its step count, which Adam's bias correction and the
    learning rate schedule read, therefore is the number of updates of its variables.

    Args:
        members: optimizers by name; a LossScaleOptimizer around another group is allowed.
        sizes: number of variables of each member, in the order of the variables given to `build`.
    """

    def __init__(self, members: dict[str, Optimizer], sizes: dict[str, int], name="optimizer_group"):
        super().__init__(learning_rate=0.0, name=name)
        self.members = dict(members)
        self.sizes = dict(sizes)

    def _parts(self, values):
        """Return each member with its part of a flat list."""
        values = iter(values)
        return [(self.members[name], list(islice(values, size))) for name, size in self.sizes.items()]

    def build(self, variables):
        for member, part in self._parts(variables):
            member.build(part)
        super().build(variables)

    def apply(self, grads, trainable_variables=None):
        """Update the variables given to `build`, in their order; the gradient None leaves a variable as it is."""
        for member, part in self._parts(grads):
            if any(gradient is not None for gradient in part):
                member.apply(part)

    @property
    def optimizers(self) -> list[Optimizer]:
        """The innermost optimizers, whose learning rates Keras' callbacks set."""
        inner = [getattr(member, "inner_optimizer", member) for member in self.members.values()]
        return [leaf for member in inner for leaf in getattr(member, "optimizers", [member])]

    @property
    def variables(self):
        return [variable for member in self.members.values() for variable in member.variables]

    @property
    def iterations(self):
        """The largest step count of the members; callbacks read it between steps."""
        return max((leaf.iterations for leaf in self.optimizers), key=lambda count: int(ops.convert_to_numpy(count)))

    @property
    def learning_rate(self):
        """Learning rate of the first member; setting it sets that of every member."""
        return self.optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        for optimizer in self.optimizers:
            optimizer.learning_rate = value

    def save_own_variables(self, store):
        """Save nothing: the members save themselves."""

    def load_own_variables(self, store):
        """Load nothing: the members load themselves."""

    def get_config(self):
        members = {name: keras.optimizers.serialize(member) for name, member in self.members.items()}
        return {"members": members, "sizes": dict(self.sizes), "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        members = {n: keras.optimizers.deserialize(m, custom_objects) for n, m in config["members"].items()}
        return cls(**{**config, "members": members})


def group_by_network(optimizer: Any, sizes: dict[str, int]) -> Optimizer:
    """Return a group with one optimizer for each network.

    Args:
        optimizer: a Keras optimizer or its name, of which each network gets a copy; a dictionary with an optimizer for
            each network; a group; or a LossScaleOptimizer, whose inner optimizer becomes the group.
        sizes: number of trainable variables of each network, by its name.

    Raises:
        ValueError: a dictionary has other names than `sizes`.
    """
    if isinstance(optimizer, dict) and "class_name" not in optimizer:
        if set(optimizer) != set(sizes):
            raise ValueError(f"optimizers for {', '.join(optimizer) or 'no network'}; expected {', '.join(sizes)}")
        return OptimizerGroup({name: keras.optimizers.get(optimizer[name]) for name in sizes}, sizes)
    optimizer = keras.optimizers.get(optimizer)
    if isinstance(optimizer, OptimizerGroup):
        return optimizer
    if isinstance(optimizer, LossScaleOptimizer):
        group = group_by_network(optimizer.inner_optimizer, sizes)
        return LossScaleOptimizer(group, optimizer.initial_scale, optimizer.dynamic_growth_steps)
    config = optimizer.get_config()
    return OptimizerGroup({name: type(optimizer).from_config({**config, "name": name}) for name in sizes}, sizes)


def training_optimizers(training: TrainingConfig, pretrained: Collection[str]) -> dict[str, Any]:
    """Return Adam for every network of a run, as arguments of SEIGAN.compile.

    All rates reach zero at the last step, if `training.decay_fraction` is above 0.

    Args:
        training: settings of the run.
        pretrained: names of the networks that are trained from the first step; the others are trained after
            `training.pretrain_steps`.
    """

    def adam(name: str, rate: float) -> Optimizer:
        start = 0 if name in pretrained else training.pretrain_steps
        schedule = learning_rate(rate, training.steps, training.decay_fraction, start)
        return keras.optimizers.Adam(schedule, beta_1=training.beta_1)

    own = {
        "segmenter": training.segmenter_rate,
        "inpainter": training.inpainter_rate,
        "enhancer": training.enhancer_rate,
    }
    return {
        "generator_optimizer": {
            name: adam(name, training.generator_rate if rate is None else rate) for name, rate in own.items()
        },
        "discriminator_optimizer": {name: adam(name, training.discriminator_rate) for name in ("background", "object")},
    }


@serializable
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Constant learning rate with a linear decay to zero over the last steps, as in CycleGAN (arXiv 1703.10593).

    It depends on the optimizer's own count of updates, so that a resume continues exactly.

    Args:
        rate: learning rate before the decay.
        steps: number of steps of the whole training.
        decay_fraction: fraction of the steps in which the rate falls, in (0, 1].
        start: number of steps of the training before the optimizer's first update.
    """

    def __init__(self, rate: float, steps: int, decay_fraction: float, start: int = 0):
        super().__init__()
        self.rate = rate
        self.steps = steps
        self.decay_fraction = decay_fraction
        self.start = start

    def __call__(self, step):
        left = (self.steps - self.start - ops.cast(step, "float32")) / (self.steps * self.decay_fraction)
        return self.rate * ops.clip(left, 0.0, 1.0)

    def get_config(self):
        return {"rate": self.rate, "steps": self.steps, "decay_fraction": self.decay_fraction, "start": self.start}


def learning_rate(rate: float, steps: int, decay_fraction: float, start: int = 0) -> float | LinearDecay:
    """Return a LinearDecay, or the number if `decay_fraction` is 0, which callbacks (ReduceLROnPlateau) can set."""
    return LinearDecay(rate, steps, decay_fraction, start) if decay_fraction else rate
