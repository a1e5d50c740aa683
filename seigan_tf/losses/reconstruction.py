"""Reconstruction losses: pixels, deep features, and Gram matrices of shallow features (sections 3.2, 3.3)."""

from keras import ops


def mae(images, targets):
    """mean |a - b| over all pixels and channels."""
    difference = images - targets
    # Not ops.abs, whose gradient at 0 is 0 under TensorFlow and 1 under JAX: an enhancer starts as the identity.
    return ops.mean(difference * ops.stop_gradient(ops.sign(difference)))


def perceptual(features, targets):
    """mean |VGG_2(a) - VGG_2(b)|, the mean over layers of each layer's mean (λ4, λ6).

    Args:
        features, targets: dictionaries of [N, h, w, C] under the same layer names.
    """
    return _mean_over_layers(features, targets, lambda values: values)


def texture(features, targets):
    """mean |Gram(VGG_1(a)) - Gram(VGG_1(b))|, the mean over layers of each layer's mean (λ3).

    Args:
        features, targets: dictionaries of [N, h, w, C] under the same layer names.
    """
    return _mean_over_layers(features, targets, gram)


def gram(features):
    """Gram_ij = sum over positions of A_ik A_jk, divided by positions and channels.

    The paper prints the plain sum. The division (as in Johnson et al., arXiv 1603.08155, equation 3) keeps λ3's meaning
    when the crop size changes; for one size it is a constant of each layer.

    Args:
        features: [N, h, w, C].

    Returns:
        [N, C, C] in float32.
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
