"""One train step in several frameworks, each in a process of its own, measured in turns: `step.py --against`."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "torch.compile": "torch.compile", "jax": "JAX"}
PARTS = ("segmenter", "inpainter", "train step")
FIRST_STEPS = 3
TOLERANCE = 1e-5
"""Largest relative difference from TensorFlow's losses in the first step; that in the mean of three is only printed."""


class Worker:
    """A process that holds one framework's networks; see worker.py."""

    def __init__(self, framework, preset, batch_size, weights):
        command = [sys.executable, "-m", "benchmarks.frameworks.worker", framework, preset, str(batch_size), weights]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.flops = json.loads(self.process.stdout.readline())

    def call(self, part):
        """Return the seconds of one call, and the logs if the part is the train step."""
        print(part, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def compare(preset, batch_size, others, repeats):
    """Print the times of a preset's parts under TensorFlow and in the others, and their ratios in the same turn."""
    frameworks = ["tensorflow", *others]
    with tempfile.TemporaryDirectory() as folder:
        weights = str(Path(folder) / "weights.npz")
        workers, losses = {}, {}
        for name in frameworks:
            workers[name] = worker = Worker(name, preset, batch_size, weights)
            losses[name] = [worker.call("train step")[1] for _ in range(FIRST_STEPS)]
    flops = workers["tensorflow"].flops
    cores = len(os.sched_getaffinity(0))
    print(f"\n{preset}: batch {batch_size}, {cores} core{'s' * (cores > 1)}")
    for name in others:
        first, third = (difference(losses[name][i], losses["tensorflow"][i]) for i in (0, -1))
        print(f"losses of {NAMES[name]}: {first:.1e} from TensorFlow's, mean of {FIRST_STEPS} steps {third:.1e}")
        if first > TOLERANCE:
            raise SystemExit(f"{name} computes another step; expected a difference of at most {TOLERANCE}: {losses}")

    seconds = {(part, name): [] for part in PARTS for name in frameworks}
    products = []
    for turn in range(repeats + 1):
        products.append(workers["tensorflow"].call("matrix product")[0])
        for (part, name), times in seconds.items():
            taken = workers[name].call(part)[0]
            if turn:  # the first call of inference compiles
                times.append(taken)
    peak = flops["matrix product"] / min(products)
    print(f"matrix products reach {peak / 1e9:.0f} GFLOP/s; ms per image, median and quartiles of {repeats} turns\n")
    print(f"{'':12}{'':16}{'ms':>8}{'of peak':>9}   TensorFlow / it")
    for (part, name), times in seconds.items():
        median = statistics.median(times)
        ratios = [ours / its for ours, its in zip(seconds[part, "tensorflow"], times, strict=True)]
        low, ratio, high = statistics.quantiles(ratios, n=4, method="inclusive")
        print(f"{part:12}{NAMES[name]:16}{1000 * median / batch_size:8.1f}{flops[part] / median / peak:9.0%}", end="")
        print("" if name == "tensorflow" else f"{ratio:7.2f} ({low:.2f} to {high:.2f})")
    for worker in workers.values():
        worker.process.stdin.close()
        worker.process.wait()


def difference(losses, expected):
    """Return the largest difference of two dictionaries of losses, relative to the expected ones of at least 0.01."""
    return max(abs(losses[name] - value) / max(abs(value), 0.01) for name, value in expected.items() if name in losses)
