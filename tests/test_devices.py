"""Training on several devices under JAX: two processes on this machine, each with one device or two."""

import os
import re
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

from seigan_tf.cli.train import read_request
from seigan_tf.training import checkpoint, devices
from seigan_tf.training.callbacks.recording import read_rows
from seigan_tf.utils import processes
from tests.runs import QUICK_COMPILATION
from tests.test_backends import ROOT, parts
from tests.test_train_command import TINY, finish, one_line, stop_after

BOX_TERM = [
    *["--losses.box-projection=1", "--losses.inpaint-gan=0", "--losses.background-mae=0", "--losses.enhance-gan=0"],
    "--networks.ema-decay=0",
]
"""Settings that leave one term of the segmenter, which is compiled sooner than the cycle."""

pytest.importorskip("jax", reason="needs JAX, of requirements-dev.txt")


def environment(count=1, index=0, port=0, local_devices=1):
    """Variables of a process under JAX, on the CPU, among `count`."""
    flags = f"{QUICK_COMPILATION} --xla_force_host_platform_device_count={local_devices}"
    settings = dict(KERAS_BACKEND="jax", PYTHONPATH=str(ROOT), JAX_PLATFORMS="cpu", XLA_FLAGS=flags)
    if count > 1:
        settings |= {processes.COUNT: str(count), processes.INDEX: str(index)}
        settings |= {processes.ADDRESS: f"localhost:{port}"}
    return {**os.environ, **settings}


def free_port():
    with socket.socket() as bound:
        bound.bind(("localhost", 0))
        return bound.getsockname()[1]


def start(*command, folder=ROOT, **place):
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return subprocess.Popen([sys.executable, *command], cwd=folder, env=environment(**place), **pipes)


def test_a_step_in_two_processes_with_two_devices_each_is_that_of_the_whole_batch_on_one(tmp_path):
    port = free_port()
    started = [start("-m", "tests.many_devices", str(tmp_path / "one.npz"), "one")]
    for index in range(2):
        out = str(tmp_path / f"process{index}.npz")
        started += [start("-m", "tests.many_devices", out, "all", count=2, index=index, port=port, local_devices=2)]
    for process in started:
        finish(process)
    one, *others = ({**np.load(tmp_path / f"{name}.npz")} for name in ("one", "process0", "process1"))
    initial, final = parts(one, "initial"), parts(one, "final")
    for other in others:
        theirs = parts(other, "final")
        assert set(theirs) == set(final)
        for name, value in final.items():
            np.testing.assert_allclose(theirs[name], value, rtol=1e-5, atol=2e-5, err_msg=name)
    for network in ("segmenter", "inpainter", "enhancer", "background_discriminator", "object_discriminator"):
        moved = max(np.abs(final[name] - initial[name]).max() for name in final if name.startswith(f"{network}/"))
        assert moved > 1e-3, network


def test_two_processes_stop_together_and_one_device_continues(tmp_path):
    port, run = free_port(), tmp_path / "runs" / "demo"
    settings = [*TINY, *BOX_TERM, "--training.steps=400", "--devices=all"]
    train = str(ROOT / "train.py")
    first, second = (start(train, *settings, folder=tmp_path, count=2, index=i, port=port) for i in range(2))
    stop_after(second, run, 8, signal.SIGTERM)
    ends = [finish(process, 143) for process in (first, second)]
    saved = checkpoint.load_latest(run / "checkpoint")
    for end in ends:
        last = end.err.splitlines()[-1]
        assert last.startswith(f"stopped: interrupted after step {saved.progress['step']}, which is saved")
    assert "step 8/" in ends[0].out
    assert "step 8/" not in ends[1].out

    steps = 8 * (saved.progress["step"] // 8 + 1)
    resumed = ["--resume", f"--training.steps={steps}", "--devices=one"]
    finish(start(train, *resumed, folder=tmp_path))
    assert [int(row["step"]) for row in read_rows(run / "metrics.csv")] == list(range(8, steps + 1, 8))


@pytest.mark.parametrize(
    ("which", "batch_size", "variables", "message"),
    [
        ("one", 8, {processes.COUNT: "2", processes.INDEX: "0"}, "training.devices: one, but .*NUM_PROCESSES is 2"),
        ("all", 8, {processes.COUNT: "two"}, "NUM_PROCESSES: 'two', expected an integer of at least 1"),
        ("all", 8, {processes.COUNT: "2", processes.INDEX: "2"}, "PROCESS_ID: 2, expected less than .* 2"),
        ("all", 8, {processes.COUNT: "2"}, "PROCESS_ID: '', expected an integer"),
        ("all", 8, {processes.COUNT: "2", processes.ADDRESS: ""}, "JOB_ADDRESSES: not set"),
    ],
)
def test_unusable_variables_are_named(which, batch_size, variables, message, monkeypatch):
    for name, value in ({processes.ADDRESS: "localhost:1"} | variables).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=message):
        processes.index()
        devices.use(which, batch_size)


def test_tensorflow_trains_on_one_device():
    with pytest.raises(ValueError, match=r"training.devices: all.*set KERAS_BACKEND=jax"):
        devices.use("all", 8)


def test_a_batch_that_cannot_be_divided_is_refused(tmp_path):
    arguments = [*TINY, "--training.batch-size=3", "--devices=all"]
    refused = finish(start(str(ROOT / "train.py"), *arguments, folder=tmp_path, local_devices=2), 2)
    assert "training.batch_size: 3, expected a multiple of the 2 devices" in one_line(refused.err)
    assert not (tmp_path / "runs" / "demo").exists()


@pytest.mark.parametrize("name", ["train.sbatch", "train.yaml"])
def test_replay_pools_of_the_cluster_files_hold_their_batches(name, tmp_path):
    text = (ROOT / "docs" / "cluster" / name).read_text()
    given = re.findall(r'--(preset|training\.batch-size|networks\.replay-size)[ ,"]+(\w+)', text)
    config = read_request([part for flag, value in given for part in (f"--{flag}", value)], tmp_path).config
    assert config.networks.replay_size >= config.training.batch_size > 8
