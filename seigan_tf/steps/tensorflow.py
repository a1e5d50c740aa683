"""The train step under TensorFlow: Keras compiles it with tf.function."""

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
        for leaf in getattr(optimizer, "inner_optimizer", optimizer).optimizers:
            if type(leaf) is keras.optimizers.Adam and not leaf.amsgrad:
                leaf.update_step = partial(_update_by_adam, leaf)
        gradients = tape.gradient(loss, [v.value for v in trained], unconnected_gradients=tf.UnconnectedGradients.ZERO)
        found = {id(v): gradient for v, gradient in zip(trained, gradients, strict=True)}
        optimizer.apply([found.get(id(v)) for v in variables])


def _update_by_adam(optimizer, gradient, variable, learning_rate):
    """Update a variable as Adam.update_step does, in one operation instead of about twenty."""
    step = tf.cast(optimizer.iterations + 1, variable.dtype)
    index = optimizer._get_variable_index(variable)
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=optimizer._momentums[index].value.handle,
        v=optimizer._velocities[index].value.handle,
        beta1_power=tf.pow(tf.cast(optimizer.beta_1, variable.dtype), step),
        beta2_power=tf.pow(tf.cast(optimizer.beta_2, variable.dtype), step),
        lr=tf.cast(learning_rate, variable.dtype),
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        epsilon=optimizer.epsilon,
        grad=tf.cast(gradient, variable.dtype),
    )


def test_step(model, batch):
    """Return the logs of a test step."""
    return model.test(batch)


def compiled(model, function):
    """Return `function(model, *arrays)` as a compiled function of the arrays."""
    return tf.function(lambda *arrays: function(model, *arrays), reduce_retracing=True)
