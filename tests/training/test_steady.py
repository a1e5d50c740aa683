"""The benchmark of large sets and long trainings: what grows shows in its ratios."""

import itertools
import os
import time
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import steady  # and nothing slow: a new process imports this module


def burn(milliseconds):
    end = time.process_time() + milliseconds / 1000
    while time.process_time() < end:
        pass


class GrowingTask:
    """A task whose batches take as many milliseconds as there are crops, and its steps 10 ms more."""

    def __init__(self):
        self.model = SimpleNamespace(fit=self.fit)

    def read(self, crops, console):
        self.crops = crops

    def batches(self, start):
        return (burn(self.crops) for _ in itertools.count())

    def fit(self, batches, steps_per_epoch, **_):
        for _ in itertools.islice(batches, steps_per_epoch):
            burn(10)


def test_a_time_that_grows_with_the_crops_shows_in_the_ratios(tmp_path, monkeypatch, capsys):
    sets = {(source, count): count for source in ("memory", "store") for count in (10, 30)}
    monkeypatch.setattr(steady, "read_sets", lambda *_: sets)
    monkeypatch.setattr("seigan_tf.training.backend.prepare", lambda *_: None)
    monkeypatch.setattr("seigan_tf.training.tasks.make", lambda config: GrowingTask())
    steady.measure_time(tmp_path, [10, 30], turns=2, steps=3)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[-4:]]
    assert [(row[1], int(row[0])) for row in rows] == [(source, count) for source, count in sets]
    step, feeding = [float(row[3]) for row in rows], [float(row[8]) for row in rows]
    assert step == pytest.approx([1, 2, 1, 2], rel=0.1)
    assert feeding == pytest.approx([1, 3, 1, 3], rel=0.1)


def test_each_turn_begins_with_another_measure():
    called = []
    measures = {name: lambda turn, name=name: called.append(name) or (name, turn) for name in "abc"}
    assert steady.in_turns(measures, 3) == {name: [(name, turn) for turn in range(3)] for name in "abc"}
    assert "".join(called) == "abcbcacab"


def test_times_are_compared_within_a_turn():
    assert steady.ratios([2, 20, 200], [1, 10, 100]) == [2, 2, 2]


def test_growth_after_the_warm_up_is_measured_between_tenths():
    warming = [(step, 10.0 * step) for step in range(100, 600, 100)]
    growing = [(step, step / 100) for step in range(600, 2600, 100)]
    assert steady.tenths(warming + growing) == (6.5, 24.5)


def test_a_training_shorter_than_the_warm_up_is_refused(capsys):
    with pytest.raises(SystemExit) as leaving:
        steady.main(["--only", "memory", "--steps", "500"])
    assert leaving.value.code == 2
    assert "--steps: 500, expected at least 1000" in capsys.readouterr().err


def grow(config, path):
    """Stand-in for the training: 40 MB more before each row of metrics.csv, each after five readings of the memory."""
    path.mkdir()
    kept, lines = [], ["step,loss"]
    for step in range(100, 700, 100):
        kept.append(np.ones(40 << 17))
        wait_for_readings(path)
        lines.append(f"{step},1")
        (path / "new.csv").write_text("\n".join(lines) + "\n")
        os.replace(path / "new.csv", path / "metrics.csv")
    wait_for_readings(path)


def wait_for_readings(path):
    def count():
        return (path.parent / "readings").stat().st_size

    end = count() + 5
    while count() < end:
        time.sleep(0.01)


def test_the_memory_of_the_training_process_is_read_for_each_epoch(tmp_path, monkeypatch):
    read = steady.resident_mb

    def counted(process):
        with (tmp_path / "readings").open("a") as file:
            file.write(".")
        return read(process)

    (tmp_path / "readings").touch()
    monkeypatch.setattr(steady, "run_training", grow)
    monkeypatch.setattr(steady, "resident_mb", counted)
    monkeypatch.setattr(steady, "POLL", 0.02)
    steps, memory = zip(*steady.memory_of_steps(tmp_path / "run", 600), strict=True)
    assert steps == (100, 200, 300, 400, 500, 600)
    # Over several epochs: a huge page of other memory, 2 MB, may come or go.
    assert (memory[5] - memory[1]) / 4 == pytest.approx(40, abs=2)


def refuse(config, path):
    raise SystemExit(3)


def test_a_training_that_fails_ends_the_benchmark(tmp_path, monkeypatch):
    monkeypatch.setattr(steady, "run_training", refuse)
    with pytest.raises(SystemExit, match="the training ended with exit code 3"):
        list(steady.memory_of_steps(tmp_path / "run", 300))
