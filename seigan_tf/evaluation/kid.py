"""Kernel distance between two sets of images by their features (Bińkowski et al., ICLR 2018)."""

from typing import NamedTuple

import numpy as np


class KernelDistance(NamedTuple):
    distance: float
    """Squared maximum mean discrepancy, unbiased: about 0 for equal distributions, and then below 0 at times."""
    error: float
    """Standard error of the distance, over the subsets."""


def kernel_distance(
    first: np.ndarray, second: np.ndarray, subsets: int = 100, subset_size: int = 100, seed: int = 0
) -> KernelDistance:
    """Mean over random subsets of the distance with the kernel (x · y / d + 1)³.

    Args:
        first, second: float [N, d] and [M, d] features.
        subset_size: images of each set in a subset, at most; at least 2.

    Raises:
        ValueError: fewer than two images in a set, or features of different lengths.
    """
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise ValueError(f"kernel_distance: features {first.shape} and {second.shape}, expected [N, d] and [M, d]")
    size = min(subset_size, len(first), len(second))
    if size < 2:
        raise ValueError(f"kernel_distance: {len(first)} and {len(second)} images, expected at least 2 of each")
    generator = np.random.default_rng(seed)
    values = [
        unbiased_distance(
            first[generator.choice(len(first), size, replace=False)],
            second[generator.choice(len(second), size, replace=False)],
        )
        for _ in range(subsets)
    ]
    return KernelDistance(float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(subsets)))


def unbiased_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared maximum mean discrepancy of two sets, without the bias of comparing an image with itself."""

    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    def within(a):
        values = kernel(a, a)
        return (values.sum() - np.trace(values)) / (len(a) * (len(a) - 1))

    first, second = np.asarray(first, float), np.asarray(second, float)
    return float(within(first) + within(second) - 2 * kernel(first, second).mean())
