"""Realism of pastes: their kernel distance to real photographs of objects, before and after the enhancer.

The kernel distance is KID (Bińkowski et al., arXiv 1801.01401).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from seigan_tf.evaluation.vgg import mean_features
from seigan_tf.networks.vgg19 import VGG19Features
from seigan_tf.utils.pixels import to_uint8

FEWEST = 4
"""Least number of objects, and of backgrounds, for a distance."""
BATCH = 32
HALVES = 200
"""Number of random halves of the pairs for the estimate of the error."""

Swap = Callable[[np.ndarray, np.ndarray, np.ndarray], dict[str, np.ndarray]]
"""Crops, boxes and backgrounds to images by name, as `inference.arrays.swap`."""


def measure_realism(
    swap: Swap, vgg: VGG19Features, images: np.ndarray, boxes: np.ndarray, backgrounds: np.ndarray
) -> dict[str, Any]:
    """Paste every object onto one background and compare the pastes with the objects' own photos.

    Args:
        swap: the model's first swap.
        vgg: the network of the features.
        images: object crops, uint8 [N, S, S, 3], N at least FEWEST.
        boxes: float32 [N, 4], relative.
        backgrounds: uint8 [M, S, S, 3], M at least FEWEST, used in turn. Two pastes on one of them are not compared.

    Returns:
        {"count": N, "kid": {"coarse": {"distance", "error"}, "full": .., "background": .., "full_minus_coarse": ..}} as
        plain JSON values. "background" is the distance of the backgrounds, for comparison. The last is the effect of
        the enhancer; its own error is smaller because both pastes show the same objects.
    """
    places = np.arange(len(images)) % len(backgrounds)
    onto = backgrounds[places]
    made: dict[str, list[np.ndarray]] = {"coarse": [], "full": [], "background": []}
    for start in range(0, len(images), BATCH):
        part = slice(start, start + BATCH)
        swapped = swap(images[part], boxes[part], onto[part])
        made["coarse"].append(mean_features(vgg, to_uint8(swapped["coarse"])))
        made["full"].append(mean_features(vgg, to_uint8(swapped["composite"])))
        made["background"].append(mean_features(vgg, onto[part]))
    real = mean_features(vgg, images)
    terms = {name: pair_terms(real, np.concatenate(parts)) for name, parts in made.items()}
    terms["full_minus_coarse"] = terms["full"] - terms["coarse"]
    distances = {name: kernel_distance(values, places)._asdict() for name, values in terms.items()}
    return {"count": len(images), "kid": distances}


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


def kernel_distance(terms: np.ndarray, sources: np.ndarray | None = None, seed: int = 0) -> KernelDistance:
    """Return the mean of the terms and its standard error.

    The error is the standard deviation over random halves of the sources, drawn without replacement (a jackknife that
    leaves out half: Shao and Wu, Annals of Statistics 17, 1989). The usual larger subsets overlap more and would
    underestimate it.

    Args:
        terms: as `pair_terms` returns them.
        sources: [N], the number of each made image's source, such as its background: two images of one source are not
            compared. At least FEWEST numbers must differ. Default: all differ.
        seed: of the halves.
    """
    sources = np.arange(len(terms)) if sources is None else sources
    counted = sources[:, None] != sources

    def mean(pairs: np.ndarray) -> float:
        chosen = np.ix_(pairs, pairs)
        return float(terms[chosen].sum() / counted[chosen].sum())

    generator, kinds = np.random.default_rng(seed), np.unique(sources)
    terms = np.where(counted, terms, 0.0)
    values = []
    for _ in range(HALVES):
        half = generator.permutation(kinds)[: len(kinds) // 2]
        values.append(mean(np.flatnonzero(np.isin(sources, half))))
    return KernelDistance(mean(np.arange(len(terms))), float(np.std(values, ddof=1)))
