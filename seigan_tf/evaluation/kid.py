"""Kernel distance (KID) between the features of real and of generated images (Bińkowski et al., arXiv 1801.01401)."""

from typing import NamedTuple

import numpy as np

HALVES = 200
"""Number of random halves of the pairs for the estimate of the error."""


class KernelDistance(NamedTuple):
    distance: float
    """Squared maximum mean discrepancy, unbiased: about 0 for equal distributions, sometimes negative."""
    error: float
    """Standard error of the distance."""


def pair_terms(real: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Return the terms h((x_i, y_i), (x_j, y_j)) of the distance with the kernel (x · y / d + 1)³.

    As in Gretton et al. (JMLR 13, 2012, lemma 6) no x_i is compared with its own y_i. The distance is therefore
    unbiased even if each image is made from the real one of its pair, like a paste of the same object.

    Args:
        real, made: float [N, d] features, pair by pair.

    Returns:
        float64 [N, N], 0 on the diagonal. For two kinds of images made from the same real ones, the difference of the
        terms gives the difference of the distances.

    Raises:
        ValueError: shapes differ, or there are fewer than four pairs.
    """
    if real.ndim != 2 or real.shape != made.shape or len(real) < 4:
        raise ValueError(f"pair_terms: features {real.shape} and {made.shape}, expected twice [N, d], N at least 4")

    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    real, made = np.asarray(real, float), np.asarray(made, float)
    across = kernel(real, made)
    terms = kernel(real, real) + kernel(made, made) - across - across.T
    np.fill_diagonal(terms, 0.0)
    return terms


def kernel_distance(terms: np.ndarray, seed: int = 0) -> KernelDistance:
    """Return the mean of the terms and its standard error.

    The error is the standard deviation over random halves of the pairs, drawn without replacement (a jackknife that
    leaves out half: Shao and Wu, Annals of Statistics 17, 1989). The usual larger subsets overlap more and would
    underestimate it.
    """
    generator = np.random.default_rng(seed)
    count = len(terms)
    halves = (generator.permutation(count)[: count // 2] for _ in range(HALVES))
    values = [_mean(terms[np.ix_(half, half)]) for half in halves]
    return KernelDistance(_mean(terms), float(np.std(values, ddof=1)))


def _mean(terms: np.ndarray) -> float:
    return float(terms.sum() / (len(terms) * (len(terms) - 1)))
