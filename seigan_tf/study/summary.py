"""The report of a study: assessors who count, ratings with intervals, fractions won; as JSON values and as text."""

from collections import Counter
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from seigan_tf.study.answers import AttentionRule, SortedAnswers, dropped_assessors
from seigan_tf.study.manifest import SETS
from seigan_tf.study.ratings import rate

FEW = 10
"""Assessors; with fewer, the bootstrap says little about other assessors."""


def summarise(
    found: SortedAnswers, rule: AttentionRule, resamples: int, confidence: float, seed: int
) -> dict[str, Any]:
    """Drop assessors by the rule and rate the sets by the comparisons of the others.

    Returns:
        Plain JSON values: "assessors" (count, kept, dropped), "rule", "comparisons", "repeated", "left_fraction",
        "intervals", "sets" (rating, low, high, wins, comparisons of each), "wins" and "win_fractions" (by row and
        column: wins of the row's set against the column's).

    Raises:
        ValueError: as `dropped_assessors` and `rate`; also if no assessor is left.
    """
    gone = dropped_assessors(found.checks, rule)
    without = {item.assessor for item in gone}
    kept = [comparison for comparison in found.comparisons if comparison.assessor not in without]
    if found.comparisons and not kept:
        count = len(found.checks)
        raise ValueError(f"no assessor of {count} is left ({rule}); --min-checks 0 --min-right 0 counts them all")
    occurring = {name for comparison in kept for name in (comparison.winner, comparison.loser)}
    names = [name for name in SETS if name in occurring] + sorted(occurring - set(SETS))
    rated = rate(kept, names, resamples, confidence, seed)
    lows, highs = (np.full(len(names), None) if ends is None else ends for ends in (rated.low, rated.high))
    won, lost = rated.wins.sum(axis=1), rated.wins.sum(axis=0)
    columns = ("rating", "low", "high", "wins", "comparisons")
    by_set = zip(*(values.tolist() for values in (rated.ratings, lows, highs, won, won + lost)), strict=True)
    fractions = rated.win_fractions.astype(object)
    fractions[rated.wins + rated.wins.T == 0] = None
    return {
        "assessors": {
            "count": len(found.checks),
            "kept": len(found.checks) - len(gone),
            "dropped": [item._asdict() for item in gone],
        },
        "rule": str(rule),
        "comparisons": len(kept),
        "repeated": found.repeated,
        "left_fraction": found.sides["left"] / max(found.sides.total(), 1),
        "intervals": {
            "confidence": confidence,
            "method": "bootstrap over assessors, percentiles",
            "resamples": resamples,
            "assessors": len({comparison.assessor for comparison in kept}),
        },
        "sets": {name: dict(zip(columns, values, strict=True)) for name, values in zip(names, by_set, strict=True)},
        "wins": _nested(names, rated.wins),
        "win_fractions": _nested(names, fractions),
    }


def _nested(names: list[str], matrix: np.ndarray) -> dict[str, dict[str, Any]]:
    """Return a matrix as {row: {column: value}}."""
    return {name: dict(zip(names, row, strict=True)) for name, row in zip(names, matrix.tolist(), strict=True)}


def print_summary(summary: dict[str, Any], console: Console) -> None:
    """Print the report as text and tables."""

    def say(text: str) -> None:
        console.print(text, soft_wrap=True, highlight=False, markup=False)

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
    if assessors < FEW:
        say(f"{assessors} assessors: " + ("the intervals are rough" if assessors > 1 else "too few for intervals"))
    names = list(summary["sets"])
    matrix = Table("row won against column", *names)
    for row in names:
        matrix.add_row(row, *(fraction_text(summary["win_fractions"][row][column]) for column in names))
    console.print(matrix)
    say(f"the left picture was chosen in {summary['left_fraction']:.0%} of all comparisons")


def fraction_text(value: float | None) -> str:
    """Format a fraction for tables and figure; empty for two sets that never met."""
    return "" if value is None else f"{value:.2f}"
