"""Learning rates: constant, then linearly to zero."""

import keras
import pytest

from seigan_tf.optimizer import LinearCooldown, learning_rate


def test_the_rate_is_constant_until_the_cooldown_and_then_falls_to_zero():
    rates = [float(LinearCooldown(0.1, steps=100, cooldown=0.5)(step)) for step in (0, 49, 50, 75, 99, 100, 120)]
    assert rates == pytest.approx([0.1, 0.1, 0.1, 0.05, 0.002, 0.0, 0.0])


def test_without_cooldown_the_rate_is_a_number_that_callbacks_may_change():
    assert learning_rate(0.1, 100, 0.0) == 0.1
    assert isinstance(learning_rate(0.1, 100, 0.2), LinearCooldown)


def test_the_schedule_survives_serialization():
    schedule = LinearCooldown(0.1, 100, 0.25)
    copy = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert copy.get_config() == schedule.get_config()
