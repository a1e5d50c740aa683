"""Random pairs of pictures of different sets, every picture and every two sets as often as any other."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from seigan_tf.study.manifest import Pair


def random_pairs(sets: dict[str, Sequence[str]], count: int, random: np.random.Generator) -> list[Pair]:
    """`count` different pairs in random order.

    Args:
        sets: names of the pictures of each set.
        count: pairs altogether; the combinations of two sets share them evenly, to one pair.
        random: decides.

    Raises:
        ValueError: fewer than two sets, or not as many different pairs.
    """
    combinations = list(itertools.combinations(sets, 2))
    if not combinations:
        raise ValueError(f"study: {len(sets)} set of pictures; expected at least two to compare")
    if count < len(combinations):
        raise ValueError(f"--pairs is {count}, expected at least one for each of {len(combinations)} pairs of sets")
    shares = [len(part) for part in np.array_split(np.arange(count), len(combinations))]
    pairs = []
    for (first, second), share in zip(combinations, shares, strict=True):
        most = len(sets[first]) * len(sets[second])
        if share > most:
            raise ValueError(f"--pairs is {count}, expected at most {most * len(combinations)} of so few pictures")
        pairs += _pairs(random.permutation(sets[first]), random.permutation(sets[second]), share)
    return [pairs[index] for index in random.permutation(len(pairs))]


def _pairs(left: np.ndarray, right: np.ndarray, count: int) -> list[Pair]:
    """Both sets over and over; one place further each time that the same two would meet again."""
    period = math.lcm(len(left), len(right))
    return [
        Pair(str(left[index % len(left)]), str(right[(index + index // period) % len(right)])) for index in range(count)
    ]
