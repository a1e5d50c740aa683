"""Answers of assessors, sorted into comparisons of sets and attention checks; the rule about who counts."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Literal, NamedTuple

from seigan_tf.study.manifest import Manifest
from seigan_tf.utils.text import shown

Resample = Literal["assessors", "pairs"]
"""Parts of the answers that a bootstrap draws: its intervals cover other assessors, or other pairs of pictures."""


class Answer(NamedTuple):
    """The choice of an assessor between two pictures."""

    assessor: str
    left: str  # name of the picture, or of its set if the pictures themselves are unknown
    right: str
    choice: str  # one of SIDES
    expected: str = ""  # the right choice of a known attention check, one of SIDES; otherwise empty


class Comparison(NamedTuple):
    """An answer about two sets, by their names."""

    assessor: str
    winner: str
    loser: str
    pair: frozenset[str] = frozenset()  # names of the pictures; empty if the answer names sets alone


class SortedAnswers(NamedTuple):
    """Answers by kind."""

    comparisons: list[Comparison]
    checks: dict[str, list[bool]]  # for every assessor, whether each of their attention checks was answered rightly
    sides: Counter  # number of choices of each of SIDES, without attention checks
    repeated: int  # number of answers to a pair that the same assessor had answered before; only the first one counts


def sort_answers(answers: Iterable[Answer], manifest: Manifest | None) -> SortedAnswers:
    """Sort answers, which name pictures of the study or sets; without a manifest all of them name sets.

    Raises:
        ValueError: an answer names a picture that is not in the study, or two pictures of one set.
    """
    real = {} if manifest is None else {check.key: check.first for check in manifest.checks}
    comparisons: list[Comparison] = []
    checks: defaultdict[str, list[bool]] = defaultdict(list)
    sides: Counter[str] = Counter()
    seen: set[tuple[str, frozenset[str]]] = set()
    repeated = 0
    for answer in answers:
        own_checks = checks[answer.assessor]
        pair = frozenset((answer.left, answer.right))
        if manifest is not None and pair <= manifest.pictures.keys() and (answer.assessor, pair) in seen:
            repeated += 1
            continue
        seen.add((answer.assessor, pair))
        winner, loser = (answer.left, answer.right) if answer.choice == "left" else (answer.right, answer.left)
        if answer.expected:
            own_checks.append(answer.choice == answer.expected)
        elif pair in real:
            own_checks.append(winner == real[pair])
        else:
            won, lost = _set_of(winner, manifest), _set_of(loser, manifest)
            if won == lost:
                both = f"{answer.left} and {answer.right} are both of {won}"
                raise ValueError(f"answer of {answer.assessor}: {both}, expected two sets")
            shown_pair = pair if manifest is not None and pair <= manifest.pictures.keys() else frozenset()
            comparisons.append(Comparison(answer.assessor, won, lost, shown_pair))
            sides[answer.choice] += 1
    return SortedAnswers(comparisons, dict(checks), sides, repeated)


def _set_of(name: str, manifest: Manifest | None) -> str:
    if manifest is None or name in manifest.sets:
        return name
    found = manifest.pictures.get(name)
    if found is None:
        raise ValueError(f"answers: {shown(name)} is neither a picture that the study compares nor one of its sets")
    return found


class AttentionRule(NamedTuple):
    """The condition under which an assessor counts."""

    min_checks: int = 3
    """Least number of attention checks that an assessor must have answered to count."""
    min_right: float = 0.8
    """Least share of them that must be right."""

    def __str__(self) -> str:
        if not self.min_checks and not self.min_right:
            return "every assessor counts"
        checks = f"{self.min_checks} attention checks or more"
        return f"an assessor counts who answered {checks}, {self.min_right:.0%} of them rightly"


class DroppedAssessor(NamedTuple):
    """An assessor who does not count."""

    assessor: str
    right: int
    checks: int
    reason: str


def dropped_assessors(checks: dict[str, list[bool]], rule: AttentionRule) -> list[DroppedAssessor]:
    """List the assessors that the rule excludes; `checks` as in `SortedAnswers`.

    Raises:
        ValueError: a number of the rule is out of its range.
    """
    if rule.min_checks < 0:
        raise ValueError(f"--min-checks is {rule.min_checks}, expected 0 or more")
    if not 0 <= rule.min_right <= 1:
        raise ValueError(f"--min-right is {rule.min_right}, expected 0 to 1")
    result = []
    for assessor, answers in checks.items():
        right, count = sum(answers), len(answers)
        if count < rule.min_checks:
            result.append(DroppedAssessor(assessor, right, count, "too few attention checks"))
        elif right < rule.min_right * count:
            result.append(DroppedAssessor(assessor, right, count, "failed attention checks"))
    return result
