"""Reconstruction losses: pixels, deep features, and Gram matrices of shallow features (sections 3.2, 3.3)."""

from keras import ops

from seigan_tf.utils.tensor import Tensor


def mae(images: Tensor, targets: Tensor) -> Tensor:
    """Return the mean of |a - b| over all pixels and channels."""
    difference = images - targets
    # Not ops.abs, whose gradient at 0 is 0 under TensorFlow and 1 under JAX: an enhancer starts as the identity.
    return ops.mean(difference * ops.stop_gradient(ops.sign(difference)))


def perceptual(features: dict[str, Tensor], targets: dict[str, Tensor]) -> Tensor:
    """Return the mean over layers of the mean of |VGG_2(a) - VGG_2(b)| (λ4, λ6).

    Args:
        features, targets: dictionaries of [N, h, w, C] under the same layer names.
    """
    return _mean_over_layers(features, targets, lambda values: values)


def texture(features: dict[str, Tensor], targets: dict[str, Tensor]) -> Tensor:
    """Return the mean over layers of the mean of |Gram(VGG_1(a)) - Gram(VGG_1(b))| (λ3).

    Args:
        features, targets: dictionaries of [N, h, w, C] under the same layer names.
    """
    return _mean_over_layers(features, targets, gram)


def gram(features: Tensor) -> Tensor:
    """Return Gram_ij = sum over positions k of A_ik A_jk, divided by the number of positions and of channels.

    The paper prints the plain sum. With the division (Johnson et al., arXiv 1603.08155, equation 3), λ3 does not depend
    on the crop size; for one size it is a constant of each layer.

    Args:
        features: [N, h, w, C].

    Returns:
        float32 [N, C, C].
    """
    shape = ops.shape(features)
    positions, channels = shape[1] * shape[2], shape[3]
    flat = ops.reshape(ops.cast(features, "float32"), (shape[0], positions, channels))
    return ops.matmul(ops.transpose(flat, (0, 2, 1)), flat) / ops.cast(positions * channels, "float32")


def _mean_over_layers(features, targets, describe):
    terms = [
        mae(ops.cast(describe(features[name]), "float32"), ops.cast(describe(targets[name]), "float32"))
        for name in sorted(targets)
    ]
    return sum(terms) / len(terms)
