"""One optimizer for each network, behind the single one that Keras expects, and their learning rate over the steps."""

from itertools import islice

import keras
from keras import ops
from keras.optimizers import Optimizer

from seigan_tf.config import TrainingConfig
from seigan_tf.utils.serialization import serializable

LossScaleOptimizer = keras.mixed_precision.LossScaleOptimizer


@serializable
class OptimizerGroup(Optimizer):
    """Several optimizers, each for its own variables and with its own state, step count and learning rate.

    A member whose gradients are all None is left out of a step: its count, which Adam's bias correction and a learning
    rate schedule read, is the number of updates that its variables got.

    Args:
        members: optimizers by name; a LossScaleOptimizer around another group is allowed.
        sizes: the number of variables of each member, in the order of the variables given to `build`.
    """

    def __init__(self, members: dict[str, Optimizer], sizes: dict[str, int], name="optimizer_group"):
        super().__init__(learning_rate=0.0, name=name)
        self.members = dict(members)
        self.sizes = dict(sizes)

    def _parts(self, values):
        """Each member with its part of a flat list."""
        values = iter(values)
        return [(self.members[name], list(islice(values, size))) for name, size in self.sizes.items()]

    def build(self, variables):
        for member, part in self._parts(variables):
            member.build(part)
        super().build(variables)

    def apply(self, grads, trainable_variables=None):
        """Updates the variables given to `build`, in their order; None stands for a variable that is not trained."""
        for member, part in self._parts(grads):
            if any(gradient is not None for gradient in part):
                member.apply(part)

    @property
    def optimizers(self) -> list[Optimizer]:
        """The innermost optimizers, which Keras' callbacks that set learning rates go through."""
        inner = [getattr(member, "inner_optimizer", member) for member in self.members.values()]
        return [leaf for member in inner for leaf in getattr(member, "optimizers", [member])]

    @property
    def variables(self):
        return [variable for member in self.members.values() for variable in member.variables]

    @property
    def iterations(self):
        """The largest count of the members; callbacks read it between steps."""
        return max((leaf.iterations for leaf in self.optimizers), key=lambda count: int(ops.convert_to_numpy(count)))

    @property
    def learning_rate(self):
        """The first member's; setting it sets every member's."""
        return self.optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        for optimizer in self.optimizers:
            optimizer.learning_rate = value

    def save_own_variables(self, store):
        """Nothing: the members save themselves."""

    def load_own_variables(self, store):
        pass

    def get_config(self):
        members = {name: keras.optimizers.serialize(member) for name, member in self.members.items()}
        return {"members": members, "sizes": dict(self.sizes), "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        members = {n: keras.optimizers.deserialize(m, custom_objects) for n, m in config["members"].items()}
        return cls(**{**config, "members": members})


def for_networks(optimizer, sizes: dict[str, int]) -> Optimizer:
    """A group with one optimizer for each network.

    Args:
        optimizer: a Keras optimizer, or its name, from whose configuration each network gets a copy; a dictionary with
            an optimizer for each network; or a group. Of a LossScaleOptimizer the inner one becomes the group.
        sizes: the number of trainable variables of each network, by its name.

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
        group = for_networks(optimizer.inner_optimizer, sizes)
        return LossScaleOptimizer(group, optimizer.initial_scale, optimizer.dynamic_growth_steps)
    config = optimizer.get_config()
    return OptimizerGroup({name: type(optimizer).from_config({**config, "name": name}) for name in sizes}, sizes)


def for_training(training: TrainingConfig) -> dict[str, dict[str, Optimizer]]:
    """Adam for every network of a run, as arguments of SEIGAN.compile.

    The segmenter is trained from the first step, the other networks after `training.pretrain_steps`. All rates fall to
    zero at the last step.
    """

    def adam(rate: float, start: int) -> Optimizer:
        schedule = learning_rate(rate, training.steps, training.decay_fraction, start)
        return keras.optimizers.Adam(schedule, beta_1=training.beta_1)

    later = training.pretrain_steps
    return {
        "generator_optimizer": {
            "segmenter": adam(training.generator_rate, 0),
            "inpainter": adam(training.generator_rate, later),
            "enhancer": adam(training.generator_rate, later),
        },
        "discriminator_optimizer": {
            "background": adam(training.discriminator_rate, later),
            "object": adam(training.discriminator_rate, later),
        },
    }


@serializable
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Constant, then linearly to zero over the last steps, as CycleGAN does (arXiv 1703.10593, appendix).

    The position is the optimizer's own count of updates, so that a resume continues exactly.

    Args:
        rate: the constant learning rate.
        steps: steps of the whole training.
        decay_fraction: last fraction of the steps over which the rate falls, in (0, 1].
        start: steps of the training before the optimizer's first update.
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
    """A plain number without decay_fraction, so that callbacks such as ReduceLROnPlateau may change it."""
    return LinearDecay(rate, steps, decay_fraction, start) if decay_fraction else rate
