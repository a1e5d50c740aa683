"""The train step under TensorFlow: Keras compiles it with tf.function."""

from contextlib import contextmanager
from functools import partial

import keras
import tensorflow as tf


def prefers_jit() -> bool:
    """Return True if there is a GPU; on two CPU cores the step was slower with XLA."""
    return bool(tf.config.list_physical_devices("GPU"))


def train_step(model, batch):
    """Update generators, replay pools, discriminators and EMA weights once; return the logs."""
    draws = model.draw(batch)
    with tf.GradientTape() as tape:
        generated = model.generate(batch, draws.noise)
        loss = _scaled(model.generator_optimizer, generated.objective.total)
    _apply(tape, loss, model.generator_optimizer, model.generator_variables, model.trained_variables(model.generators))

    fakes = model.replay(generated.fakes, draws)
    with tf.GradientTape() as tape:
        discriminated = model.discriminate(batch, fakes)
        loss = _scaled(model.discriminator_optimizer, discriminated.total)
    trained = model.trained_variables(model.discriminators)
    _apply(tape, loss, model.discriminator_optimizer, model.discriminator_variables, trained)
    model.update_ema()
    return model.track(generated, discriminated)


def _scaled(optimizer, loss):
    """Return the loss by the number of replicas, over which Keras sums the gradients."""
    return optimizer.scale_loss(loss) / tf.distribute.get_strategy().num_replicas_in_sync


def _apply(tape, loss, optimizer, variables, trained):
    """Update those of the optimizer's variables that are trained."""
    if trained:
        gradients = tape.gradient(loss, [v.value for v in trained], unconnected_gradients=tf.UnconnectedGradients.ZERO)
        found = {id(v): gradient for v, gradient in zip(trained, gradients, strict=True)}
        with _short_adam(optimizer):
            optimizer.apply([found.get(id(v)) for v in variables])


@contextmanager
def _short_adam(optimizer):
    """Let every Adam in the group update a variable by one operation in the block."""
    leaves = getattr(optimizer, "inner_optimizer", optimizer).optimizers
    adams = [leaf for leaf in leaves if type(leaf) is keras.optimizers.Adam and not leaf.amsgrad]
    try:
        for adam in adams:
            adam.update_step = partial(_update_by_adam, adam, _powers(adam))
        yield
    finally:
        for adam in adams:
            vars(adam).pop("update_step", None)  # it holds tensors of this trace; another replica may have removed it


def _powers(optimizer):
    """Return Adam's beta_1 and beta_2 to the power of the step, once for all variables."""
    step = tf.cast(optimizer.iterations + 1, "float32")
    return tf.pow(optimizer.beta_1, step), tf.pow(optimizer.beta_2, step)


def _update_by_adam(optimizer, powers, gradient, variable, learning_rate):
    """Update a variable as Adam.update_step does, in one operation instead of about twenty."""
    index = optimizer._get_variable_index(variable)
    beta1_power, beta2_power, lr, grad = (tf.cast(v, variable.dtype) for v in (*powers, learning_rate, gradient))
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=optimizer._momentums[index].value.handle,
        v=optimizer._velocities[index].value.handle,
        beta1_power=beta1_power,
        beta2_power=beta2_power,
        lr=lr,
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        epsilon=optimizer.epsilon,
        grad=grad,
    )


def test_step(model, batch):
    """Return the logs of a test step."""
    return model.test(batch)


def compiled(model, function):
    """Return `function(model, *arrays)` as a compiled function of the arrays."""
    return tf.function(lambda *arrays: function(model, *arrays), reduce_retracing=True, autograph=False)
