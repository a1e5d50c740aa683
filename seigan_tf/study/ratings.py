"""Bradley-Terry ratings of sets from comparisons, with intervals by bootstrap over assessors."""

from collections.abc import Sequence
from typing import NamedTuple

import choix
import numpy as np
from scipy.sparse.csgraph import connected_components

from seigan_tf.study.answers import Comparison

PRIOR = 0.5
"""Wins added to both of two sets that were compared (Jeffreys' prior of a fraction). They give a finite rating to a
set that never lost, and are negligible beside hundreds of answers."""

MAX_ITERATIONS = 10_000


class Ratings(NamedTuple):
    """Wins, ratings and intervals of the sets, in the order of the names."""

    wins: np.ndarray
    """int [n, n]: wins of the row's set against the column's."""
    ratings: np.ndarray
    """float [n]: logarithms of Bradley-Terry strengths, mean 0. P(i wins against j) = 1 / (1 + exp(r_j - r_i))."""
    low: np.ndarray | None
    """Lower ends of the intervals, float [n]; None with fewer than two assessors."""
    high: np.ndarray | None
    """Upper ends."""

    @property
    def win_fractions(self) -> np.ndarray:
        """float [n, n]: fraction of comparisons with the column's set that the row's won; NaN without comparisons."""
        met = self.wins + self.wins.T
        return np.divide(self.wins, met, out=np.full(met.shape, np.nan), where=met > 0)


def rate(
    comparisons: Sequence[Comparison], names: Sequence[str], resamples: int, confidence: float, seed: int
) -> Ratings:
    """Fit the Bradley-Terry model, and again for each bootstrap resample of the assessors with all their answers.

    Answers of one assessor are alike, so that resampling single answers would give intervals that are too narrow.

    Args:
        comparisons: at least one.
        names: all sets that occur, in the order of the result.
        resamples: at least 2.
        confidence: level of the percentile intervals, in (0, 1).
        seed: seed of the resampling.

    Raises:
        ValueError: a number is out of its range, there is no comparison, or no chain of comparisons connects two sets.
    """
    if resamples < 2:
        raise ValueError(f"--resamples is {resamples}, expected at least 2")
    if not 0 < confidence < 1:
        raise ValueError(f"--confidence is {confidence}, expected more than 0 and less than 1")
    if not comparisons:
        raise ValueError("no comparison is left to rate, expected at least one that counts")
    tables = _tables(comparisons, names)
    wins = tables.sum(axis=0)
    count, labels = connected_components(wins + wins.T, directed=False)
    if count > 1:
        apart = names[int(np.argmax(labels != labels[0]))]
        raise ValueError(f"{names[0]} and {apart} were never compared, not through other sets either")
    ratings = _fit(wins)
    if len(tables) < 2:
        return Ratings(wins, ratings, None, None)
    random = np.random.default_rng(seed)
    weights = random.multinomial(len(tables), np.full(len(tables), 1 / len(tables)), size=resamples)
    drawn = np.stack([_fit(np.tensordot(weight, tables, axes=1), wins) for weight in weights])
    tail = (1 - confidence) / 2
    return Ratings(wins, ratings, *np.quantile(drawn, (tail, 1 - tail), axis=0))


def _tables(comparisons: Sequence[Comparison], names: Sequence[str]) -> np.ndarray:
    """Count the wins of row against column for each assessor: int [assessors, n, n]."""
    assessors = {assessor: row for row, assessor in enumerate(dict.fromkeys(c.assessor for c in comparisons))}
    places = {name: place for place, name in enumerate(names)}
    tables = np.zeros((len(assessors), len(names), len(names)), np.int64)
    for comparison in comparisons:
        tables[assessors[comparison.assessor], places[comparison.winner], places[comparison.loser]] += 1
    return tables


def _fit(wins: np.ndarray, compared: np.ndarray | None = None) -> np.ndarray:
    """Maximise the likelihood, with PRIOR between the sets that were `compared`, by default those of `wins`."""
    compared = wins if compared is None else compared
    table = wins + np.where(compared + compared.T > 0, PRIOR, 0.0)
    ratings = choix.ilsr_pairwise_dense(table, max_iter=MAX_ITERATIONS)
    return ratings - ratings.mean()
