"""Which pairs an assessor is given, in which order, on which sides, and where the attention checks lie."""

import random
from collections.abc import Mapping, Set
from typing import NamedTuple

from seigan_tf.study.answers import SIDES
from seigan_tf.study.manifest import Manifest, Pair

PAIRS_PER_CHECK = 4
LEAST_CHECKS = 3
"""In a session: fewer tell little of an assessor."""


class SessionSettings(NamedTuple):
    """How much an assessor is given.

    The paper's 9,000 answers came from 458 assessors, 5 for each pair: about 20 pairs each.
    """

    pairs: int = 20
    """In one session."""
    assessors: int = 5
    """Answers wanted for each pair."""


class Item(NamedTuple):
    """One task of a session."""

    pair: str
    """Number of the pair in the manifest, "c" before that of a check."""
    left: str
    right: str
    expected: str
    """For a check the side of the real picture, otherwise empty."""


Session = list[Item]


def draw_session(manifest: Manifest, settings: SessionSettings, counts: Mapping[str, int], seen: Set[str]) -> Session:
    """Draws a session. It is not seeded: nobody is to know what comes next.

    The pairs are those that have the fewest answers, at random among equals; a check lies somewhere in each stretch of
    PAIRS_PER_CHECK pairs. Empty where every pair that the assessor has not seen has its answers.

    Args:
        counts: answers of each pair so far, those under way included.
        seen: what the assessor was given before.
    """
    source = random.SystemRandom()
    open_pairs = [
        (counts.get(str(number), 0), source.random(), number)
        for number in range(len(manifest.pairs))
        if str(number) not in seen and counts.get(str(number), 0) < settings.assessors
    ]
    chosen = [number for *_, number in sorted(open_pairs)[: settings.pairs]]
    if not chosen:
        return []
    source.shuffle(chosen)
    items = [_item(str(number), manifest.pairs[number], False, source) for number in chosen]
    checks = [number for number in range(len(manifest.checks)) if f"c{number}" not in seen]
    count = min(max(-(-len(items) // PAIRS_PER_CHECK), LEAST_CHECKS), len(checks))
    for place, number in enumerate(source.sample(checks, count)):
        # From the last stretch to the first, so that what is put in moves none of the places to come.
        low, high = ((count - 1 - place) * len(chosen) // count, (count - place) * len(chosen) // count)
        items.insert(source.randint(low, high), _item(f"c{number}", manifest.checks[number], True, source))
    return items


def _item(number: str, pair: Pair, check: bool, source: random.Random) -> Item:
    swapped = bool(source.getrandbits(1))
    left, right = (pair.second, pair.first) if swapped else (pair.first, pair.second)
    return Item(number, left, right, SIDES[swapped] if check else "")
