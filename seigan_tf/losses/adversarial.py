"""Least-squares adversarial losses (LSGAN, arXiv 1611.04076; sections 3.2 to 3.4)."""

from keras import ops

from seigan_tf.utils.tensor import Tensor


def real_loss(scores: Tensor) -> Tensor:
    """Return the mean of (1 - D)^2: the loss of a generator, and of a discriminator on real images.

    Args:
        scores: [N, s, s, channels].
    """
    return ops.mean(ops.square(1.0 - scores))


def fake_loss(scores: Tensor) -> Tensor:
    """Return the mean of D^2: the loss of a discriminator on fakes; `scores` [N, s, s, channels]."""
    return ops.mean(ops.square(scores))


def discriminator_loss(real: Tensor, fakes: list[Tensor]) -> Tensor:
    """Return (1 - D(real))^2 + 1/2 D(fake_1)^2 + 1/2 D(fake_2)^2 (section 3.4).

    Args:
        real: scores of real images.
        fakes: scores of each kind of fake; a single kind (the NoCycle baseline) has weight 1 instead of 1/2.
    """
    return real_loss(real) + sum(fake_loss(scores) for scores in fakes) / len(fakes)
