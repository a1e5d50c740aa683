"""Comparison of run folders, and quick compilation of runs under JAX."""

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from seigan_tf.training import checkpoint
from seigan_tf.training.callbacks.recording import read_rows

QUICK_COMPILATION = (
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true --xla_cpu_use_fusion_emitters=false"
)
"""XLA_FLAGS with which programs are compiled in a quarter of the time, and run slower."""


def assert_same_state(run, other):
    states = [checkpoint.load_latest(folder / "checkpoint") for folder in (run, other)]
    assert states[0].progress["step"] == states[1].progress["step"]
    assert list(states[0].state) == list(states[1].state)
    for name, array in states[0].state.items():
        np.testing.assert_array_equal(states[1].state[name], array, err_msg=name, strict=True)


def assert_same_metrics(run, other):
    """The rows of metrics.csv but for the time, and all scalars of TensorBoard, which are float32, to the last bit."""
    rows, others = (
        [{name: value for name, value in row.items() if name != "seconds"} for row in read_rows(folder / "metrics.csv")]
        for folder in (run, other)
    )
    assert rows == others
    events, others = (EventAccumulator(str(folder / "logs")).Reload() for folder in (run, other))
    names = events.Tags()["scalars"]
    assert "loss" in names
    assert names == others.Tags()["scalars"]
    for name in names:
        expected, found = ([(event.step, event.value) for event in log.Scalars(name)] for log in (events, others))
        assert found == expected, name
