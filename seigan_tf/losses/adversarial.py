"""Least-squares adversarial losses (LSGAN, arXiv 1611.04076), as in sections 3.2 to 3.4."""

from keras import ops


def real_loss(scores):
    """mean (1 - D)^2 over all patches: what a generator minimizes, and a discriminator on real images.

    Args:
        scores: [N, s, s, 1].
    """
    return ops.mean(ops.square(1.0 - scores))


def fake_loss(scores):
    """mean D^2 over all patches: what a discriminator minimizes on fakes."""
    return ops.mean(ops.square(scores))


def discriminator_loss(real, fakes):
    """(1 - D(real))^2 + 1/2 D(fake_1)^2 + 1/2 D(fake_2)^2 (section 3.4).

    Args:
        real: scores of real images.
        fakes: list of the scores of each kind of fake; one kind alone (the NoCycle baseline) weighs 1 instead of 1/2.
    """
    return real_loss(real) + sum(fake_loss(scores) for scores in fakes) / len(fakes)
