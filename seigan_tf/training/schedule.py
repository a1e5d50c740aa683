"""The learning rate over the steps."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seigan_tf")
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
