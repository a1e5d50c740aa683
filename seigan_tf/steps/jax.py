"""The train step under JAX: a pure function of all variables' values, which Keras compiles with jax.jit."""

import jax
import keras


def prefers_jit() -> bool:
    """Return True: Keras compiles every step under JAX."""
    return True


class Values:
    """Values of a model's variables during one stateless step, instead of those in the variables.

    Args:
        groups: lists of variables.
        values: lists of their values, in the same order.
    """

    def __init__(self, groups, values):
        self.groups = groups
        self.current = {}
        for group, group_values in zip(groups, values, strict=True):
            self.set(group, group_values)

    def get(self, variables):
        return [self.current[id(v)] for v in variables]

    def set(self, variables, values):
        self.current.update({id(v): x for v, x in zip(variables, values, strict=True)})

    def scope(self, variables=(), values=()):
        """Return a scope in which all variables have the current values, but `variables` have `values`."""
        here = {**self.current, **{id(v): x for v, x in zip(variables, values, strict=True)}}
        return keras.StatelessScope([(v, here[id(v)]) for group in self.groups for v in group])

    def run(self, function, *arguments):
        """Call `function` and keep the values that it assigns to variables."""
        with self.scope() as scope:
            result = function(*arguments)
        for group in self.groups:
            for variable in group:
                self.current[id(variable)] = scope.get_current_value(variable)
        return result

    def state(self):
        return tuple(self.get(group) for group in self.groups)


def train_step(model, state, batch):
    """Return the logs of a step and the new values of all variables."""
    values = Values(_groups(model), state)
    draws = values.run(model.draw, batch)

    trained = model.trained_variables(model.generators)

    def generate(weights):
        with values.scope(trained, weights):
            generated = model.generate(batch, draws.noise)
            return model.generator_optimizer.scale_loss(generated.objective.total), generated

    generated = _apply(generate, values, model.generator_optimizer, model.generator_variables, trained)

    fakes = values.run(model.replay, generated.fakes, draws)
    trained_discriminators = model.trained_variables(model.discriminators)

    def discriminate(weights):
        with values.scope(trained_discriminators, weights):
            discriminated = model.discriminate(batch, fakes)
            return model.discriminator_optimizer.scale_loss(discriminated.total), discriminated

    discriminated = _apply(
        discriminate, values, model.discriminator_optimizer, model.discriminator_variables, trained_discriminators
    )
    values.run(model.update_ema)
    logs = values.run(model.track, generated, discriminated)
    return logs, values.state()


def _groups(model):
    """Return the variables in the order of Keras' training state."""
    return model.trainable_variables, model.non_trainable_variables, model.optimizer.variables, model.metrics_variables


def _apply(loss, values, optimizer, variables, trained):
    """Update those of the optimizer's variables that are trained; return the auxiliary value of `loss`."""
    if not trained:
        return loss([])[1]
    found, made = jax.grad(loss, has_aux=True)(values.get(trained))
    found = {id(v): gradient for v, gradient in zip(trained, found, strict=True)}
    gradients = [found.get(id(v)) for v in variables]
    weights, state = optimizer.stateless_apply(values.get(optimizer.variables), gradients, values.get(variables))
    values.set(variables, weights)
    values.set(optimizer.variables, state)
    return made


def test_step(model, state, batch):
    """Return the logs of a test step and the new values of its variables."""
    groups = (model.trainable_variables, model.non_trainable_variables, model.metrics_variables)
    values = Values(groups, state)
    return values.run(model.test, batch), values.state()


def compiled(model, function):
    """Return `function(model, *arrays)` as a compiled function of the arrays."""

    @jax.jit
    def stateless(weights, *arrays):
        with keras.StatelessScope(list(zip(model.variables, weights, strict=True))):
            return function(model, *arrays)

    return lambda *arrays: stateless([v.value for v in model.variables], *arrays)
