"""The train step under JAX: a pure function of all variables' values, which Keras compiles with jax.jit."""

import jax
import keras


def prefers_jit() -> bool:
    return True


class Values:
    """Values of a model's variables during one stateless step, in the place of the variables themselves."""

    def __init__(self, groups, values):
        self.groups = groups
        self.now = {id(v): x for group, xs in zip(groups, values, strict=True) for v, x in zip(group, xs, strict=True)}

    def of(self, variables):
        return [self.now[id(v)] for v in variables]

    def put(self, variables, values):
        self.now.update({id(v): x for v, x in zip(variables, values, strict=True)})

    def scope(self, variables=(), values=()):
        """A scope in which variables have these values, with `values` for `variables`."""
        here = {**self.now, **{id(v): x for v, x in zip(variables, values, strict=True)}}
        return keras.StatelessScope([(v, here[id(v)]) for group in self.groups for v in group])

    def run(self, function, *arguments):
        """Calls `function` and keeps what it assigns to variables."""
        with self.scope() as scope:
            result = function(*arguments)
        for group in self.groups:
            for variable in group:
                self.now[id(variable)] = scope.get_current_value(variable)
        return result

    def state(self):
        return tuple(self.of(group) for group in self.groups)


def train_step(model, state, batch):
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
    """Keras' own order of a training state."""
    return model.trainable_variables, model.non_trainable_variables, model.optimizer.variables, model.metrics_variables


def _apply(loss, values, optimizer, variables, trained):
    """Updates those of the optimizer's variables that are trained, and returns what the loss was made from."""
    if not trained:
        return loss([])[1]
    found, made = jax.grad(loss, has_aux=True)(values.of(trained))
    found = {id(v): gradient for v, gradient in zip(trained, found, strict=True)}
    gradients = [found.get(id(v)) for v in variables]
    weights, state = optimizer.stateless_apply(values.of(optimizer.variables), gradients, values.of(variables))
    values.put(variables, weights)
    values.put(optimizer.variables, state)
    return made


def test_step(model, state, batch):
    groups = (model.trainable_variables, model.non_trainable_variables, model.metrics_variables)
    values = Values(groups, state)
    return values.run(model.test, batch), values.state()


def compiled(model, function):
    """`function(model, *arrays)` as a compiled function of the arrays."""

    @jax.jit
    def stateless(weights, *arrays):
        with keras.StatelessScope(list(zip(model.variables, weights, strict=True))):
            return function(model, *arrays)

    return lambda *arrays: stateless([v.value for v in model.variables], *arrays)
