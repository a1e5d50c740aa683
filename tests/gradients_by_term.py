"""Which generators each term reaches, under the backend of this process: see backend_values.py.

Under TensorFlow a network is reached if any of its variables is connected to the term, under JAX if any gradient is not
zero; JAX leaves out the terms that need VGG-19, whose compilation takes long.
"""

import keras
import numpy as np

from seigan_tf.config import TERMS, LossesConfig
from tests import tiny

SCALES = (0.0, 1.0)


def reached(mask_gradient_scale):
    """{term: [names of generators]} with every term switched on."""
    jax = keras.backend.backend() == "jax"
    active = [name for name in TERMS if not (jax and name.endswith(("_perceptual", "_texture")))]
    losses = LossesConfig(**{name: float(name in active) for name in TERMS})
    vgg_weights = "none" if jax else "random"
    model = tiny.seigan(losses, mask_gradient_scale=mask_gradient_scale, vgg_weights=vgg_weights, replay_size=0)
    batch = keras.tree.map_structure(keras.ops.convert_to_tensor, tiny.batch(1))
    noise = model.draw(batch).noise
    variables = {name: net.trainable_variables for name, net in model.generators._asdict().items()}
    made = (under_jax if jax else under_tensorflow)(lambda: model.generate(batch, noise).objective.terms, variables)
    return {term: sorted(name for name in variables if made(term, name)) for term in active}


def under_tensorflow(terms, variables):
    import tensorflow as tf

    weights = {name: [v.value for v in some] for name, some in variables.items()}
    with tf.GradientTape(persistent=True) as tape:
        values = terms()
    pulled = {term: tape.gradient(value, weights) for term, value in values.items()}
    return lambda term, name: any(gradient is not None for gradient in pulled[term][name])


def under_jax(terms, variables):
    import jax

    def of(weights):
        pairs = [pair for name in weights for pair in zip(variables[name], weights[name], strict=True)]
        with keras.StatelessScope(pairs):
            return terms()

    values, back = jax.vjp(jax.jit(of), {name: [v.value for v in some] for name, some in variables.items()})
    pulled = {term: back({other: np.float32(other == term) for other in values})[0] for term in values}
    return lambda term, name: any(np.any(gradient) for gradient in pulled[term][name])
