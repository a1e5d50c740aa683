"""The report of a study: assessors who count, Bradley-Terry ratings with intervals by bootstrap, fractions won."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import choix
import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.sparse.csgraph import connected_components
from scipy.stats import norm

from seigan_tf.study.answers import AttentionRule, Comparison, Resample, SortedAnswers, dropped_assessors
from seigan_tf.study.manifest import SETS

FEW = 10  # assessors; with fewer, the bootstrap says little about other assessors
PRIOR = 0.5
"""Wins added to both of two sets that were compared (Jeffreys' prior of a fraction). They give a finite rating to a
set that never lost, and are negligible beside hundreds of answers."""

MAX_ITERATIONS = 10_000


class Ratings(NamedTuple):
    """Wins, ratings and intervals of the sets, in the order of the names."""

    wins: np.ndarray  # int [n, n]: wins of the row's set against the column's
    ratings: np.ndarray
    """float [n]: logarithms of Bradley-Terry strengths, mean 0. P(i wins against j) = 1 / (1 + exp(r_j - r_i))."""
    low: np.ndarray | None  # lower ends of the intervals, float [n]; None with fewer than two parts to draw
    high: np.ndarray | None  # upper ends

    @property
    def win_fractions(self) -> np.ndarray:
        """float [n, n]: fraction of comparisons with the column's set that the row's won; NaN without comparisons."""
        met = self.wins + self.wins.T
        return np.divide(self.wins, met, out=np.full(met.shape, np.nan), where=met > 0)


def rate(
    comparisons: Sequence[Comparison],
    names: Sequence[str],
    resamples: int,
    confidence: float,
    seed: int,
    resample: Resample = "assessors",
) -> Ratings:
    """Fit the Bradley-Terry model, and again for each bootstrap resample of the assessors with all their answers.

    Answers of one assessor are alike, so that resampling single answers would give intervals that are too narrow. The
    same holds for the answers to one pair of pictures, which can be drawn instead.

    Args:
        comparisons: at least one.
        names: all sets that occur, in the order of the result.
        resamples: at least 2.
        confidence: level of the percentile intervals, in (0, 1).
        seed: of the resampling.
        resample: parts to draw.

    Raises:
        ValueError: a number is out of its range, there is no comparison, no chain of comparisons connects two sets, or
            pairs are wanted and an answer names no pictures.
    """
    if resample == "pairs" and not all(comparison.pair for comparison in comparisons):
        raise ValueError("--resample pairs: some answers name sets only, expected the names of pictures in all")
    if resamples < 2:
        raise ValueError(f"--resamples is {resamples}, expected at least 2")
    if not 0 < confidence < 1:
        raise ValueError(f"--confidence is {confidence}, expected more than 0 and less than 1")
    if not comparisons:
        raise ValueError("no comparison is left to rate, expected at least one that counts")
    groups = [comparison.pair if resample == "pairs" else comparison.assessor for comparison in comparisons]
    tables = _tables(comparisons, groups, names)
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


def _tables(
    comparisons: Sequence[Comparison], groups: Sequence[str | frozenset[str]], names: Sequence[str]
) -> np.ndarray:
    """Count the wins of row against column in each group of comparisons: int [groups, n, n]."""
    rows = {group: row for row, group in enumerate(dict.fromkeys(groups))}
    places = {name: place for place, name in enumerate(names)}
    tables = np.zeros((len(rows), len(names), len(names)), np.int64)
    for comparison, group in zip(comparisons, groups, strict=True):
        tables[rows[group], places[comparison.winner], places[comparison.loser]] += 1
    return tables


def _fit(wins: np.ndarray, compared: np.ndarray | None = None) -> np.ndarray:
    """Maximise the likelihood, with PRIOR between the sets that were `compared`, by default those of `wins`."""
    compared = wins if compared is None else compared
    table = wins + np.where(compared + compared.T > 0, PRIOR, 0.0)
    ratings = choix.ilsr_pairwise_dense(table, max_iter=MAX_ITERATIONS)
    return ratings - ratings.mean()


class WinInterval(NamedTuple):
    won: float
    """Fraction won: the mean over the pairs of pictures, however many answers each has."""
    low: float
    high: float


def win_intervals(comparisons: Iterable[Comparison], confidence: float) -> dict[tuple[str, str], WinInterval]:
    """Return the fraction that a set won against another with Wilson's score interval, by (set, other set).

    All answers to one pair of pictures count as one observation, their mean: the interval covers other pictures. It is
    as wide as that of one answer to each pair, which is wider than necessary where answers to a pair differ.
    Comparisons without pictures are left out.
    """
    shares: defaultdict[tuple[str, str], defaultdict[frozenset[str], list[float]]]
    shares = defaultdict(lambda: defaultdict(list))
    for comparison in comparisons:
        if comparison.pair:
            shares[comparison.winner, comparison.loser][comparison.pair].append(1.0)
            shares[comparison.loser, comparison.winner][comparison.pair].append(0.0)
    z = float(norm.ppf((1 + confidence) / 2))
    intervals = {}
    for names, by_pair in shares.items():
        count = len(by_pair)
        share = float(np.mean([np.mean(values) for values in by_pair.values()]))
        middle = (share + z * z / (2 * count)) / (1 + z * z / count)
        half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
        intervals[names] = WinInterval(share, max(float(middle - half), 0.0), min(float(middle + half), 1.0))
    return intervals


def agreement(comparisons: Iterable[Comparison]) -> dict[str, Any] | None:
    """Compare the answers of different assessors to the same pair of pictures.

    Returns:
        {"pairs": number of pairs that several assessors answered, "fraction": share of equal choices among all
        combinations of two answers to one pair}; None if there is no such pair.
    """
    winners: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    for comparison in comparisons:
        if comparison.pair:
            winners[comparison.pair].append(comparison.winner)
    several = [given for given in winners.values() if len(given) > 1]
    if not several:
        return None
    equal = [one == other for given in several for one, other in combinations(given, 2)]
    return {"pairs": len(several), "fraction": float(np.mean(equal))}


def summarise(
    found: SortedAnswers,
    rule: AttentionRule,
    resamples: int,
    confidence: float,
    seed: int,
    resample: Resample = "assessors",
) -> dict[str, Any]:
    """Drop assessors by the rule and rate the sets by the comparisons of the others.

    Returns:
        Plain JSON values: "assessors" (count, kept, dropped), "rule", "comparisons", "repeated", "left_fraction",
        "intervals" (confidence, method, resampled: `resample`, resamples, assessors), "sets" (rating, low, high, wins,
        comparisons of each), "wins" and "win_fractions" (by row and column: wins of the row's set against the
        column's, each answer counting once), "win_intervals" (as `win_intervals`, by row and column, each pair of
        pictures counting once: {"won", "low", "high"}; None where pictures are unknown), "agreement" (as `agreement`).

    Raises:
        ValueError: as `dropped_assessors` and `rate`; also if no assessor is left.
    """
    gone = dropped_assessors(found.checks, rule)
    without = {item.assessor for item in gone}
    kept = [comparison for comparison in found.comparisons if comparison.assessor not in without]
    everybody = len(found.checks)
    if found.comparisons and not kept:
        raise ValueError(f"no assessor of {everybody} is left ({rule}); --min-checks 0 --min-right 0 counts them all")
    occurring = {name for comparison in kept for name in (comparison.winner, comparison.loser)}
    names = [name for name in SETS if name in occurring] + sorted(occurring - set(SETS))
    rated = rate(kept, names, resamples, confidence, seed, resample)
    lows, highs = (np.full(len(names), None) if ends is None else ends for ends in (rated.low, rated.high))
    won, lost = rated.wins.sum(axis=1), rated.wins.sum(axis=0)
    columns = ("rating", "low", "high", "wins", "comparisons")
    by_set = zip(*(values.tolist() for values in (rated.ratings, lows, highs, won, won + lost)), strict=True)
    fractions = rated.win_fractions.astype(object)
    fractions[rated.wins + rated.wins.T == 0] = None
    won_within = {names: interval._asdict() for names, interval in win_intervals(kept, confidence).items()}
    return {
        "assessors": {"count": everybody, "kept": everybody - len(gone), "dropped": [item._asdict() for item in gone]},
        "rule": str(rule),
        "comparisons": len(kept),
        "repeated": found.repeated,
        "left_fraction": found.sides["left"] / max(found.sides.total(), 1),
        "intervals": {
            "confidence": confidence,
            "method": "bootstrap, percentiles",
            "resampled": resample,
            "resamples": resamples,
            "assessors": len({comparison.assessor for comparison in kept}),
        },
        "sets": {name: dict(zip(columns, values, strict=True)) for name, values in zip(names, by_set, strict=True)},
        "wins": _nested(names, rated.wins),
        "win_fractions": _nested(names, fractions),
        "win_intervals": {row: {column: won_within.get((row, column)) for column in names} for row in names},
        "agreement": agreement(kept),
    }


def _nested(names: list[str], matrix: np.ndarray) -> dict[str, dict[str, Any]]:
    """Return a matrix as {row: {column: value}}."""
    return {name: dict(zip(names, row, strict=True)) for name, row in zip(names, matrix.tolist(), strict=True)}


def print_summary(summary: dict[str, Any], console: Console) -> None:
    """Print the report as text and tables."""

    def say(text: str) -> None:
        console.print(text, soft_wrap=True)

    people = summary["assessors"]
    reasons = Counter(item["reason"] for item in people["dropped"])
    dropped = "".join(f", {count} dropped ({reason})" for reason, count in reasons.items())
    say(f"{summary['comparisons']} comparisons by {people['kept']} of {people['count']} assessors{dropped}")
    say(f"rule: {summary['rule']}")
    if summary["repeated"]:
        say(f"{summary['repeated']} answers repeat one of the same assessor and pair; the first counts")
    confidence = summary["intervals"]["confidence"]
    ratings = Table("set", "rating", f"{confidence:.0%} interval", "won")
    for name, values in summary["sets"].items():
        interval = "" if values["low"] is None else f"{values['low']:+.2f} to {values['high']:+.2f}"
        ratings.add_row(name, f"{values['rating']:+.2f}", interval, f"{values['wins']} of {values['comparisons']}")
    say("ratings (Bradley-Terry, logarithms of strengths, mean 0)")
    console.print(ratings)
    assessors = summary["intervals"]["assessors"]
    if assessors < FEW and summary["intervals"]["resampled"] == "assessors":
        say(f"{assessors} assessors: " + ("the intervals are rough" if assessors > 1 else "too few for intervals"))
    names = list(summary["sets"])
    matrix = Table("row won against column", *names)
    for row in names:
        matrix.add_row(row, *(fraction_text(summary["win_fractions"][row][column]) for column in names))
    console.print(matrix)
    within = summary["win_intervals"]
    if any(interval for row in within.values() for interval in row.values()):
        fractions = Table("set", "against", "won", f"{confidence:.0%} interval, other pictures")
        for row, column in combinations(names, 2):
            if interval := within[row][column]:
                values = f"{interval['low']:.2f} to {interval['high']:.2f}"
                fractions.add_row(row, column, fraction_text(interval["won"]), values)
        console.print(fractions)
    if found := summary["agreement"]:
        say(f"assessors agree in {found['fraction']:.0%} of answers to {found['pairs']} pairs that several answered")
    say(f"the left picture was chosen in {summary['left_fraction']:.0%} of all comparisons")


def fraction_text(value: float | None) -> str:
    """Format a fraction for tables and figure; empty for two sets that never met."""
    return "" if value is None else f"{value:.2f}"
