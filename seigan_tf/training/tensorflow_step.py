"""The train step under TensorFlow: Keras compiles it with tf.function."""

import tensorflow as tf


def prefers_jit() -> bool:
    """XLA pays on GPUs; on two CPU cores the step was slower with it."""
    return bool(tf.config.list_physical_devices("GPU"))


def train_step(model, batch):
    """One alternation: generators, replay, discriminators, averages."""
    draws = model.draw(batch)
    with tf.GradientTape() as tape:
        generated = model.generate(batch, draws.noise)
        loss = model.generator_optimizer.scale_loss(generated.objective.total)
    _apply(tape, loss, model.generator_optimizer, model.generator_variables)

    fakes = model.replay(generated.fakes, draws)
    with tf.GradientTape() as tape:
        judged = model.judge(batch, fakes)
        loss = model.discriminator_optimizer.scale_loss(judged.total)
    if judged.terms:
        _apply(tape, loss, model.discriminator_optimizer, model.discriminator_variables)
    model.update_averages()
    return model.track(generated, judged)


def _apply(tape, loss, optimizer, variables):
    # Networks whose terms are all switched off get zeros, as they do from jax.grad.
    gradients = tape.gradient(loss, [v.value for v in variables], unconnected_gradients=tf.UnconnectedGradients.ZERO)
    optimizer.apply(gradients, variables)


def test_step(model, batch):
    return model.test(batch)


def compiled(model, function):
    """`function(model, *arrays)` as a compiled function of the arrays."""
    return tf.function(lambda *arrays: function(model, *arrays), reduce_retracing=True)
