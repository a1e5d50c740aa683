"""The networks that a step trains: the rule, against the gradients of TensorFlow and JAX."""

import json

import pytest

from seigan_tf.config import LossesConfig
from seigan_tf.objective import TERMS, trained_generators
from tests.test_backends import run


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_the_generators_that_are_trained_are_those_that_a_term_reaches(backend, tmp_path):
    run(backend, "gradients_by_term", tmp_path / "reached.json")
    for scale, terms in json.loads((tmp_path / "reached.json").read_text()).items():
        assert len(terms) >= len(TERMS) - 3
        for term, reached in terms.items():
            losses = LossesConfig(**{name: float(name == term) for name in TERMS})
            assert trained_generators(losses, float(scale)) == set(reached), (scale, term)
