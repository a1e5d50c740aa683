"""An optimizer for each network, and learning rates: constant, then linearly to zero. Runs on both backends."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from seigan_tf.config import LossesConfig, TrainingConfig
from seigan_tf.losses.terms import Pretraining
from seigan_tf.optimizers import LinearDecay, OptimizerGroup, group_by_network, learning_rate, training_optimizers
from tests import tiny

LOSSES = LossesConfig(**tiny.BOX_TERMS)
PRETRAINING = 20
"""Steps with the box terms alone."""
RATE = 1e-3
GENERATORS, DISCRIMINATORS = ("segmenter", "inpainter", "enhancer"), ("background", "object")


def test_the_rate_is_constant_until_the_decay_and_then_falls_to_zero():
    rates = [float(LinearDecay(0.1, steps=100, decay_fraction=0.5)(step)) for step in (0, 49, 50, 75, 99, 100, 120)]
    assert rates == pytest.approx([0.1, 0.1, 0.1, 0.05, 0.002, 0.0, 0.0])


def test_without_a_decay_the_rate_is_a_number_that_callbacks_may_change():
    assert learning_rate(0.1, 100, 0.0) == 0.1
    assert isinstance(learning_rate(0.1, 100, 0.2), LinearDecay)


def test_the_schedule_survives_serialization():
    schedule = LinearDecay(0.1, 100, 0.25)
    copy = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert copy.get_config() == schedule.get_config()


def test_every_networks_rate_falls_to_zero_at_the_last_step_of_the_run():
    training = replace(
        TrainingConfig(), steps=10, pretrain_steps=4, decay_fraction=0.8, generator_rate=2.0, discriminator_rate=1.0
    )
    made = training_optimizers(training, {"segmenter"})
    generators, discriminators = made["generator_optimizer"], made["discriminator_optimizer"]
    assert (tuple(generators), tuple(discriminators)) == (GENERATORS, DISCRIMINATORS)
    optimizers = {**generators, **discriminators}
    for step in (4, 6, 9):
        for name, optimizer in optimizers.items():
            optimizer.iterations.assign(step if name == "segmenter" else step - 4)
        rates = {name: float(optimizer.learning_rate) for name, optimizer in optimizers.items()}
        expected = min(1.0, (10 - step) / 8)
        assert rates == pytest.approx({name: expected * (2.0 if name in GENERATORS else 1.0) for name in optimizers})


def test_networks_have_rates_of_their_own_and_those_that_are_pretrained_count_from_the_first_step():
    training = replace(
        TrainingConfig(), steps=10, pretrain_steps=4, decay_fraction=1.0, generator_rate=2.0, discriminator_rate=1.0,
        inpainter_rate=3.0, enhancer_rate=4.0,
    )  # fmt: skip

    def rates(training, *pretrained):
        made = training_optimizers(training, pretrained)
        return {name: float(o.learning_rate) for half in made.values() for name, o in half.items()}

    # The whole run has 10 steps; networks that are not pretrained begin at step 4.
    expected = dict(segmenter=2.0, inpainter=1.8, enhancer=2.4, background=1.0, object=0.6)
    assert rates(training, "segmenter", "background") == pytest.approx(expected)
    expected = dict(segmenter=3.0, inpainter=3.0, enhancer=2.4, background=0.6, object=1.0)
    assert rates(replace(training, segmenter_rate=5.0), "inpainter", "object") == pytest.approx(expected)


@pytest.fixture(scope="module")
def states():
    """A model's state at first, after some steps with the box terms alone, and after one step of the whole cycle."""
    model = tiny.seigan(LOSSES, pretraining=Pretraining(), ema_decay=0.99)
    start = model.state()
    for _ in range(PRETRAINING):
        model.train_on_batch(tiny.batch(2))
    before = model.state()
    tiny.compile_model(model, LOSSES)
    model.restore(before)
    model.train_on_batch(tiny.batch(2))
    return start, before, model.state()


def change(before, after, network):
    return {name: after[name] - before[name] for name in after if name.startswith(f"{network}/")}


def test_what_the_box_terms_do_not_train_is_left_alone(states):
    for network in ("inpainter", "enhancer", "ema_inpainter", "background_discriminator", "object_discriminator"):
        assert not any(values.any() for values in change(*states[:2], network).values()), network
    for network in ("segmenter", "ema_segmenter"):
        assert all(values.any() for values in change(*states[:2], network).values()), network


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_steps_are_counted_for_the_networks_that_they_train(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = tiny.seigan(LOSSES, pretraining=Pretraining(), traced=policy == "mixed_float16")
    finally:
        keras.config.set_dtype_policy("float32")
    for _ in range(3):
        model.train_on_batch(tiny.batch(2))
    counts = {name: int(optimizer.iterations) for name, optimizer in model.network_optimizers.items()}
    assert counts == dict(segmenter=3, inpainter=0, enhancer=0, background=0, object=0)
    assert int(model.optimizer.iterations) == 3


@pytest.mark.parametrize("network", ["inpainter", "enhancer", "background_discriminator", "object_discriminator"])
def test_the_first_step_of_the_cycle_is_as_large_as_the_learning_rate(network, states):
    # It was 9.9 times as large when zero gradients had used up the bias correction of Adam (arXiv 1412.6980).
    largest = max(np.abs(values).max() for values in change(*states[1:], network).values())
    assert largest == pytest.approx(RATE, rel=0.02)


@pytest.mark.parametrize("network", ["inpainter", "enhancer"])
def test_ema_weights_follow_as_fast_after_pretraining_as_without_it(network, states):
    _, before, after = states
    for name, moved in change(before, after, f"ema_{network}").items():
        distance = after[name.removeprefix("ema_")] - before[name]
        np.testing.assert_allclose(moved, (1 - 2 / 11) * distance, rtol=1e-3, atol=1e-6, err_msg=name)


def test_one_optimizer_is_copied_for_each_network_and_a_dictionary_is_taken_as_it_is():
    sizes = {"segmenter": 2, "inpainter": 1}
    group = group_by_network(keras.optimizers.SGD(0.1, momentum=0.5), sizes)
    assert [(o.name, float(o.learning_rate), o.momentum) for o in group.optimizers] == [
        ("segmenter", pytest.approx(0.1), 0.5),
        ("inpainter", pytest.approx(0.1), 0.5),
    ]
    given = {"inpainter": keras.optimizers.SGD(0.1), "segmenter": keras.optimizers.SGD(0.2)}
    assert group_by_network(given, sizes).optimizers == [given["segmenter"], given["inpainter"]]
    scaled = group_by_network(keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.1), 8.0), sizes)
    assert (scaled.initial_scale, list(scaled.inner_optimizer.members)) == (8.0, list(sizes))
    with pytest.raises(ValueError, match=r"^optimizers for segmenter; expected segmenter, inpainter$"):
        group_by_network({"segmenter": "adam"}, sizes)


def test_a_group_survives_serialization_and_sets_the_rate_of_all():
    group = OptimizerGroup({"a": keras.optimizers.Adam(LinearDecay(0.1, 9, 0.5, 2)), "b": tiny.sgd()}, dict(a=1, b=2))
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(group))
    assert copy.get_config() == group.get_config()
    group = group_by_network(tiny.sgd(), dict(a=1, b=2))
    group.learning_rate = 0.3
    assert [float(o.learning_rate) for o in group.optimizers] == pytest.approx([0.3, 0.3])


def test_two_steps_of_adam_are_those_of_keras_own_operations():
    class KerasAdam(keras.optimizers.Adam):
        """Not Adam itself, which steps/tensorflow.py updates by one operation."""

    states = []
    for kind in (keras.optimizers.Adam, KerasAdam):
        model = tiny.seigan(optimizer=lambda kind=kind: kind(RATE, beta_1=0.5), replay_size=0)
        model.fit(tiny.batch(2), batch_size=2, epochs=2, shuffle=False, verbose=0)
        states.append(model.state())
        optimizers = (*model.generator_optimizer.optimizers, *model.discriminator_optimizer.optimizers)
        assert not any("update_step" in vars(optimizer) for optimizer in optimizers)  # it would hold a step's tensors
    for name, value in states[0].items():
        np.testing.assert_allclose(value, states[1][name], rtol=1e-4, atol=0.01 * RATE, err_msg=name)
