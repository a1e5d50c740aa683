"""Gradients under the backend of this process: see backend_values.py."""

import keras
import numpy as np
from keras import ops

from seigan_tf.cycle import dilate_mask
from seigan_tf.losses import boxes
from seigan_tf.losses.masks import mask_loss
from seigan_tf.losses.reconstruction import mae
from seigan_tf.networks import Enhancer, Inpainter
from seigan_tf.networks.surroundings import fill_from_surroundings
from tests import tiny

SATURATED = np.array([-40, -14, -1, 0, 1, 14, 40], "float32")
"""Logits; from 17 on a float32 sigmoid is 1."""


def images(values):
    """A vector as images of one row of as many pixels."""
    return ops.reshape(values, (1, 1, -1, 1))


def outside(logits):
    return boxes.outside(images(logits), ops.zeros((1, 1, len(SATURATED), 1)))


def pairwise(one, other):
    """The mean over pictures of two pixels of one colour, each with a logit of `one` and one of `other`."""
    logits = ops.reshape(ops.stack([one, other], axis=1), (-1, 1, 2, 1))
    return boxes.pairwise(logits, ops.zeros((len(PAIRS), 1, 2, 3)), ops.ones_like(logits), 0.1, 2)


def mask_loss_of(value):
    def loss(logits):
        return mask_loss(images(logits), value * ops.ones((1, 1, len(SATURATED), 1)))

    return loss


PAIRS = np.array(np.meshgrid(SATURATED, SATURATED)).reshape(2, -1).T
LOSSES = {
    "outside": (outside, SATURATED),
    "pairwise": (pairwise, PAIRS[:, 0], PAIRS[:, 1]),
    "mask_loss_0": (mask_loss_of(0.0), SATURATED),
    "mask_loss_1": (mask_loss_of(1.0), SATURATED),
}


def weighted_sum(values):
    """A scalar that tells the values apart."""
    weights = np.random.default_rng(0).uniform(0.5, 1.5, values.shape).astype("float32")
    return ops.sum(values * weights)


def ties():
    """Functions and arguments at which a gradient has to be chosen: bounds, differences of zero, equal values."""
    settings = tiny.networks()
    enhancer, inpainter = Enhancer(settings.enhancer, 16), Inpainter(settings.inpainter, 16, prefill=True)
    for network in (enhancer, inpainter):
        network.build()  # as training starts: the photograph is their output, but for the hole
    ones, channel = np.ones((1, 4, 4, 1), "float32"), np.zeros((1, 16, 16, 1), "float32")
    photo = np.random.default_rng(0).choice(np.array([-1, 0.2, 1], "float32"), (1, 16, 16, 3))
    return {
        "clip": (lambda values: ops.sum(ops.hard_tanh(values)), np.array([-1.1, -1, 0, 1, 1.1], "float32")),
        "enhancer": (lambda values: weighted_sum(enhancer((values, channel))), photo),
        "inpainter": (lambda values: weighted_sum(inpainter((values, channel, channel))), photo),
        "mae": (mae, photo, photo),
        "relu": (lambda values: ops.sum(ops.relu(values)), np.array([-1, 0, 1], "float32")),
        "projection": (lambda mask: boxes.projection(mask, ones), ones),
        "dilate_mask": (lambda mask: weighted_sum(dilate_mask(tiny.networks(mask_dilation=1), mask)), ones),
        "fill": (lambda mask: weighted_sum(fill_from_surroundings(photo[:, :4, :4], mask)), 0.5 * ones),
        "vgg_pool": (lambda values: weighted_sum(ops.max_pool(values, 2, strides=2)), ones),
    }


def gradients_of(function):
    """A function of the same arguments that gives the gradient of the scalar by each of them, in NumPy."""
    if keras.backend.backend() == "jax":
        import jax

        @jax.jit
        def made(*arguments):
            return jax.grad(function, range(len(arguments)))(*arguments)

    else:
        import tensorflow as tf

        def made(*arguments):
            arguments = [tf.constant(argument) for argument in arguments]
            with tf.GradientTape() as tape:
                tape.watch(arguments)
                value = function(*arguments)
            return tape.gradient(value, arguments)

    return lambda *arguments: [np.asarray(gradient) for gradient in made(*arguments)]


def undo_full_mask(start=14.0, steps=40):
    """Logits after steps of gradient descent on `boxes.outside` from a mask of ones; the box is the left half."""
    box_mask = np.broadcast_to(np.arange(4) < 2, (1, 4, 4))[..., None].astype("float32")
    logits = np.full(box_mask.shape, start, "float32")
    gradients = gradients_of(lambda values: boxes.outside(values, box_mask))
    for _ in range(steps):
        logits -= box_mask.size * gradients(logits)[0]
    return logits


def all_gradients():
    """Gradients by each argument of LOSSES ("outside/0") and `ties` ("ties/clip/0"), and logits of `undo_full_mask`."""
    values = {"full_mask": undo_full_mask()}
    for name, (function, *arguments) in {**LOSSES, **{f"ties/{name}": case for name, case in ties().items()}}.items():
        values |= {f"{name}/{i}": gradient for i, gradient in enumerate(gradients_of(function)(*arguments))}
    return values
