"""Keeps account of what cannot be used, and ends a run where it is too much."""

from collections import Counter
from typing import Any

from seigan_tf.data.annotations import Problem

LISTED = 100
"""Problems that a report names; the others are counted."""
PLURALS = {"photo": "photographs", "object": "annotated objects"}


class Tally:
    """Counts problems by kind and remembers the first of them.

    Args:
        max_bad: fraction of the photographs, and of the annotated objects, that may be unusable.
        earlier: what `as_report` gave at an earlier stage, where counting goes on.
    """

    def __init__(self, max_bad: float, earlier: dict[str, Any] | None = None):
        self.max_bad = max_bad
        self.counts = Counter({kind: earlier[kind] if earlier else 0 for kind in PLURALS})
        self._listed: list[str] = list(earlier["listed"]) if earlier else []
        self._first: dict[str, str] = {}

    def add(self, problem: Problem) -> None:
        text = f"{problem.where}: {problem.what}"
        self.counts[problem.kind] += 1
        self._first.setdefault(problem.kind, text)
        if len(self._listed) < LISTED:
            self._listed.append(text)

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        result = Tally(self.max_bad)
        result.counts.update(self.counts)
        result.counts.update(other.counts)
        result._listed = (self._listed + other._listed)[:LISTED]
        result._first = other._first | self._first
        return result

    def check(self, photos: int, objects: int) -> None:
        """Ends the run where too much is unusable.

        Args:
            photos: all photographs, those with problems included.
            objects: all annotated objects, likewise.

        Raises:
            ValueError: more than `max_bad` of them are unusable.
        """
        for kind, total in (("photo", photos), ("object", objects)):
            bad = self.counts[kind]
            if bad > self.max_bad * total + 1e-9:  # 0.29 * 100 is less than 29.
                raise ValueError(
                    f"{bad} of {total} {PLURALS[kind]} cannot be used ({100 * bad / max(total, 1):.3g} %), more than"
                    f" max-bad {100 * self.max_bad:.3g} % allows; the first: {self._first.get(kind, self._listed[0])}"
                )

    def as_report(self) -> dict[str, Any]:
        """Plain JSON values: "photo" and "object", the counts, and "listed", up to LISTED lines."""
        return {**self.counts, "listed": list(self._listed)}
