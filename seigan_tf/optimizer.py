"""The two optimizers of a GAN behind the one that Keras expects, and their learning rate over the steps."""

import keras
from keras import ops

from seigan_tf.utils.serialization import serializable


class AlternatingOptimizer(keras.optimizers.Optimizer):
    """Holds the generators' and the discriminators' optimizer; the train step applies each by itself.

    Keras' trainer and callbacks ask a model for one `optimizer`: its variables are those of both, its learning rate and
    step count are the generators', and `optimizers` lists the two, which callbacks that set learning rates go through.
    """

    def __init__(self, generator, discriminator, name="alternating"):
        super().__init__(learning_rate=0.0, name=name)
        self.generator = generator
        self.discriminator = discriminator

    def build_groups(self, generator_variables, discriminator_variables):
        """Creates the state of both, before any weights are loaded: Keras restores only what exists."""
        self.generator.build(generator_variables)
        self.discriminator.build(discriminator_variables)
        self.built = True

    def build(self, variables):
        if not self.built:
            raise ValueError("AlternatingOptimizer: call build_groups: it needs two lists of variables")

    @property
    def optimizers(self):
        return [self.generator, self.discriminator]

    @property
    def variables(self):
        return self.generator.variables + self.discriminator.variables

    @property
    def iterations(self):
        return self.generator.iterations

    @iterations.setter
    def iterations(self, variable):
        """Keras' constructor sets a count of its own, which nothing advances."""

    @property
    def learning_rate(self):
        return self.generator.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self.generator.learning_rate = value

    def finalize_variable_values(self, variables):
        """Each optimizer's own averages (`use_ema`) overwrite its own variables at the end of fit."""

    def save_own_variables(self, store):
        """Nothing: both optimizers are attributes and save themselves."""

    def load_own_variables(self, store):
        pass


@serializable
class LinearCooldown(keras.optimizers.schedules.LearningRateSchedule):
    """Constant, then linearly to zero over the last steps, as CycleGAN does (arXiv 1703.10593, appendix).

    The position is the optimizer's own count of updates, so that a resume continues exactly.

    Args:
        rate: the constant learning rate.
        steps: updates of the whole training.
        cooldown: last fraction of the steps over which the rate falls, in (0, 1].
    """

    def __init__(self, rate: float, steps: int, cooldown: float):
        super().__init__()
        self.rate = rate
        self.steps = steps
        self.cooldown = cooldown

    def __call__(self, step):
        left = (self.steps - ops.cast(step, "float32")) / (self.steps * self.cooldown)
        return self.rate * ops.clip(left, 0.0, 1.0)

    def get_config(self):
        return {"rate": self.rate, "steps": self.steps, "cooldown": self.cooldown}


def learning_rate(rate: float, steps: int, cooldown: float) -> float | LinearCooldown:
    """A plain number without cooldown, so that callbacks such as ReduceLROnPlateau may change it."""
    return LinearCooldown(rate, steps, cooldown) if cooldown else rate
