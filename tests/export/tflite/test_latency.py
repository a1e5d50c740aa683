"""The time of a file is measured in a process of its own."""

import subprocess

import pytest

from export.tflite import latency


def test_a_process_that_is_killed_without_a_word_is_told_of(tmp_path, monkeypatch):
    killed = subprocess.CompletedProcess([], -9, "", "")
    monkeypatch.setattr(latency.subprocess, "run", lambda *_, **__: killed)
    with pytest.raises(RuntimeError, match=r"x.tflite: does not run .exit code -9."):
        latency.measure(tmp_path / "x.tflite", 1)
