"""Sessions: the pairs that an assessor is given, their order and sides, and the attention checks among them."""

import random
from collections.abc import Mapping, Set
from typing import NamedTuple

from seigan_tf.study.manifest import SIDES, Manifest, Pair

PAIRS_PER_CHECK = 4
LEAST_CHECKS = 3
"""Attention checks in a session, if the study has so many; fewer would say little about an assessor."""


class SessionSettings(NamedTuple):
    """Size of a session. The paper's 9,000 answers came from 458 assessors, 5 for each pair: about 20 pairs each."""

    pairs: int = 20
    """Pairs in a session; an assessor may do several sessions."""
    assessors: int = 5
    """Answers wanted for each pair."""


class SessionTask(NamedTuple):
    """One task of a session."""

    pair: str
    """Number of the pair in the manifest, "c" before that of a check."""
    left: str
    right: str
    expected: str
    """The side of the real picture in an attention check; otherwise empty."""


def draw_session(
    manifest: Manifest, settings: SessionSettings, counts: Mapping[str, int], seen: Set[str]
) -> list[SessionTask]:
    """Draw a session without a seed, so that nobody can predict it.

    It has the pairs with the fewest answers, at random among equals, and an attention check at a random place of every
    PAIRS_PER_CHECK pairs. It is empty if every pair that the assessor has not seen has enough answers. `counts` are the
    answers of each pair, including those that are under way; `seen` has the pairs and checks given before.
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
    tasks = [_task(str(number), manifest.pairs[number], False, source) for number in chosen]
    checks = [number for number in range(len(manifest.checks)) if f"c{number}" not in seen]
    count = min(max(-(-len(tasks) // PAIRS_PER_CHECK), LEAST_CHECKS), len(checks))
    for place, number in enumerate(source.sample(checks, count)):
        # Insert from the last stretch to the first: an insertion then moves none of the places that follow.
        low, high = ((count - 1 - place) * len(chosen) // count, (count - place) * len(chosen) // count)
        tasks.insert(source.randint(low, high), _task(f"c{number}", manifest.checks[number], True, source))
    return tasks


def _task(number: str, pair: Pair, check: bool, source: random.Random) -> SessionTask:
    swapped = bool(source.getrandbits(1))
    return SessionTask(number, *pair.placed(swapped), SIDES[swapped] if check else "")
