"""Cost of one `python -m seigan_tf cut` from its start: shipped weights run by LiteRT, and by Keras.

    python benchmarks/cold_start.py [--weights NAME] [--runs 3]

The photograph is drawn, 512 x 512 pixels. Of each, the run with the least processor time counts. Linux and macOS.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]


def cost(command):
    """Seconds of processors, seconds, and the peak of memory in MB of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(map(str, command))}: ended with status {status}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / unit


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", default="cats", help="a shipped name, or a folder of packed weights")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.png"
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)).save(photo)
        command = [sys.executable, "-m", "seigan_tf", "cut", photo, "--box", "100,100,300,300"]
        command += ["-o", photo.with_name("cut.png"), "--weights", arguments.weights, "--backend"]
        costs = {
            name: min(cost([*command, choice]) for _ in range(arguments.runs))
            for name, choice in (("LiteRT", "auto"), ("Keras", "keras"))
        }
    for name, (processors, seconds, memory) in costs.items():
        print(f"{name}: {processors:.2f} s of processors, {seconds:.2f} s, {memory:.0f} MB")
    print(
        "LiteRT / Keras: {0:.3f} of the processors, {2:.3f} of the memory".format(
            *(ours / theirs for ours, theirs in zip(costs["LiteRT"], costs["Keras"], strict=True))
        )
    )


if __name__ == "__main__":
    main()
