"""Answers of assessors, wherever they were collected, sorted into comparisons of sets and attention checks."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from seigan_tf.study.manifest import Manifest

SIDES = ("left", "right")


class Answer(NamedTuple):
    """What an assessor said of two pictures."""

    assessor: str
    left: str
    """Name of the picture, or of its set where the pictures themselves are not known."""
    right: str
    choice: str
    """One of SIDES."""
    expected: str = ""
    """The right choice where this is known to be an attention check, one of SIDES; empty elsewhere."""


class Comparison(NamedTuple):
    """An answer that counts."""

    assessor: str
    winner: str
    """Name of the set."""
    loser: str


class Sorted(NamedTuple):
    """Answers by what they are good for."""

    comparisons: list[Comparison]
    checks: dict[str, list[bool]]
    """Assessor to whether each attention check was answered rightly. Every assessor has an entry."""
    sides: Counter
    """How often each of SIDES was chosen, attention checks apart."""
    repeated: int
    """Answers of one assessor to a pair that they had answered before; the first one counts."""


def sort_out(answers: Iterable[Answer], manifest: Manifest | None) -> Sorted:
    """Sorts answers.

    Args:
        answers: of pictures of the manifest, or of sets by name.
        manifest: of the study; None where answers name sets.

    Raises:
        ValueError: an answer names a picture that the study does not have, or two pictures of one set.
    """
    known = {} if manifest is None else {check.key: check.first for check in manifest.checks}
    comparisons, checks, sides, seen, repeated = [], defaultdict(list), Counter(), set(), 0
    for answer in answers:
        judged = checks[answer.assessor]
        pictures = manifest is not None and answer.left in manifest.pictures and answer.right in manifest.pictures
        key = answer.assessor, frozenset((answer.left, answer.right))
        if pictures and key in seen:
            repeated += 1
            continue
        seen.add(key)
        winner, loser = (answer.left, answer.right) if answer.choice == "left" else (answer.right, answer.left)
        if answer.expected:
            judged.append(answer.choice == answer.expected)
        elif key[1] in known:
            judged.append(winner == known[key[1]])
        else:
            comparisons.append(Comparison(answer.assessor, _set(winner, manifest), _set(loser, manifest)))
            sides[answer.choice] += 1
            if comparisons[-1].winner == comparisons[-1].loser:
                raise ValueError(
                    f"answer of {answer.assessor}: {answer.left} and {answer.right} are both of"
                    f" {comparisons[-1].winner}, expected two sets"
                )
    return Sorted(comparisons, dict(checks), sides, repeated)


def _set(name: str, manifest: Manifest | None) -> str:
    if manifest is None or name in manifest.sets:
        return name
    found = manifest.pictures.get(name)
    if found is None:
        raise ValueError(f"answers: {name} is neither a picture that the study compares nor one of its sets")
    return found
