"""Which assessors count: those who pass the attention checks, by a rule that is stated."""

from typing import NamedTuple


class Rule(NamedTuple):
    """An assessor counts who answered `least` attention checks or more, at least the share `share` of them rightly."""

    least: int = 3
    share: float = 0.8

    def __str__(self) -> str:
        if not self.least and not self.share:
            return "every assessor counts"
        return (
            f"an assessor counts who answered {self.least} attention checks or more, {self.share:.0%} of them rightly"
        )


class Dropped(NamedTuple):
    """An assessor who does not count."""

    assessor: str
    right: int
    checks: int
    reason: str


def dropped(checks: dict[str, list[bool]], rule: Rule) -> list[Dropped]:
    """The assessors whom the rule leaves out.

    Args:
        checks: assessor to whether each check was answered rightly.

    Raises:
        ValueError: the rule's numbers are out of their ranges.
    """
    if rule.least < 0:
        raise ValueError(f"--min-checks is {rule.least}, expected 0 or more")
    if not 0 <= rule.share <= 1:
        raise ValueError(f"--min-right is {rule.share}, expected 0 to 1")
    result = []
    for assessor, answers in checks.items():
        right, count = sum(answers), len(answers)
        if count < rule.least:
            result.append(Dropped(assessor, right, count, "too few attention checks"))
        elif right < rule.share * count:
            result.append(Dropped(assessor, right, count, "failed attention checks"))
    return result
