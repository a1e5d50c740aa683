"""Studies that need no model, and assessors who are simulated: their taste is known, so that reports can be checked."""

import json
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
from PIL import Image

from seigan_tf.study import manifest
from seigan_tf.study.answers import Answer
from seigan_tf.study.making import random_pairs
from seigan_tf.study.manifest import SETS, Manifest, Pair
from tests import web_server

STRENGTHS = dict(zip(SETS, (1.1, -0.9, 0.0, -0.2), strict=True))
"""Logarithms, mean 0."""


def study(pictures=10, pairs=60, checks=8) -> Manifest:
    """A manifest of four sets."""
    sets = {name: [f"{place:08x}{number:08x}" for number in range(pictures)] for place, name in enumerate(SETS)}
    names = {picture: name for name, members in sets.items() for picture in members}
    found = [Pair(f"{8:08x}{number:08x}", f"{9:08x}{number:08x}") for number in range(checks)]
    names |= {picture: None for check in found for picture in (check.first, check.second)}
    return Manifest("Which?", names, random_pairs(sets, pairs, np.random.default_rng(0)), found)


def write(made: Manifest, folder: Path) -> Path:
    """The study's folder, each picture of a colour of its own."""
    (folder / manifest.PICTURES).mkdir(parents=True)
    for number, name in enumerate(made.pictures):
        Image.new("RGB", (16, 16), (number % 256, number // 256, 99)).save(made.picture(folder, name))
    made.write(folder)
    return folder


def prefers_left(left: str, right: str, random, strengths=STRENGTHS) -> bool:
    return bool(random.random() < 1 / (1 + np.exp(strengths[right] - strengths[left])))


def answers(made: Manifest, assessors: int, pairs: int, seed: int, spread=0.0, clickers=0) -> list[Answer]:
    """Answers of assessors, each to random pairs and five checks.

    Args:
        assessors, pairs: how many, and how many pairs each.
        spread: standard deviation of an assessor's own strengths around STRENGTHS.
        clickers: further assessors, who choose at random and do not look.
    """
    random = np.random.default_rng(seed)
    given = []
    for number in range(assessors + clickers):
        own = {name: value + spread * random.normal() for name, value in STRENGTHS.items()}
        looks = number < assessors
        for place in random.choice(len(made.pairs), pairs, replace=False):
            left, right = made.pairs[place].first, made.pairs[place].second
            if random.random() < 0.5:
                left, right = right, left
            chosen = (
                prefers_left(made.pictures[left], made.pictures[right], random, own) if looks else random.random() < 0.5
            )
            given.append(Answer(f"a{number}", left, right, "left" if chosen else "right"))
        for turn, place in enumerate(random.choice(len(made.checks), 5, replace=False)):
            check = made.checks[place]
            right = looks or turn > 1  # Two wrong for every clicker, so that it is certain whom the rule drops.
            given.append(Answer(f"a{number}", check.first, check.second, "left" if right else "right"))
    return given


class Server(web_server.Server):
    """`study serve` in a process of its own."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0):
        super().__init__("study", "serve", folder, "--port", port, *arguments)


class Client:
    """Requests as the page sends them."""

    def __init__(self, port: int):
        self.port, self.connection = port, None

    def request(self, method, path, body=None):
        """Status and JSON; OSError or HTTPException where there is no reply."""
        connection = self.connection or HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.connection = None
        connection.request(
            method, path, body and json.dumps(body), {"Content-Type": "application/json"} if body else {}
        )
        reply = connection.getresponse()
        content = json.loads(reply.read())
        self.connection = connection
        return reply.status, content

    def close(self):
        if self.connection:
            self.connection.close()
