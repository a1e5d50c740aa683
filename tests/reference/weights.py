"""Weights in and out of Keras layers, for the comparisons with the reference."""

import numpy as np


def weights_of(layer) -> dict:
    """The weights of a layer in float64, nested by layer name: {"body": {"stem": {"conv": {"kernel": ..}}}}.

    Weights that do not lie under the layer's own name (a shared encoder's) are left out.
    """
    nested = {}
    for variable in layer.weights:
        prefix = f"{layer.name}/"
        if prefix in variable.path:
            *folders, name = variable.path.split(prefix, 1)[1].split("/")
            place = nested
            for folder in folders:
                place = place.setdefault(folder, {})
            place[name] = np.asarray(variable.value, "float64")
    return nested


def vgg_weights_of(features) -> dict:
    """The convolutions of a VGG19Features layer: {"block1_conv1": {"kernel": .., "bias": ..}}."""
    return {
        layer.name: dict(zip(("kernel", "bias"), (np.asarray(w, "float64") for w in layer.get_weights()), strict=True))
        for layer in features.vgg.layers
        if layer.weights
    }


def randomise(variables, seed=0) -> None:
    """Gives every variable random values, those that start at zero or one too; kernels keep their input's scale."""
    random = np.random.default_rng(seed)
    for variable in variables:
        name, shape = variable.path.rsplit("/", 1)[-1], tuple(variable.shape)
        if name == "gamma":
            values = random.uniform(0.5, 1.5, shape)
        elif name.endswith("kernel"):
            inputs = shape[0] * shape[1] * (1 if name == "depthwise_kernel" else shape[2])
            values = random.normal(0.0, np.sqrt(2.0 / inputs), shape)
        else:
            values = random.normal(0.0, 0.3, shape)
        variable.assign(values.astype("float32"))
