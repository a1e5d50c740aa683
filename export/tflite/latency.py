"""Latency and memory of a TFLite file, measured in a process of its own.

The process runs this file by its path (`python latency.py FILE RUNS`, JSON on stdout) with LiteRT and NumPy alone, so
that the memory measured is that of the file and not that of TensorFlow.
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

THREADS = (1, 2)


def measure(path: Path, runs: int) -> dict[str, Any]:
    """Run a file on random inputs, `runs` times for each number of THREADS.

    Returns:
        "latency_ms": {threads: {"fastest", "median"}}; "memory_mb": growth of the process's peak by loading and running
        the file, None on systems that do not report it.

    Raises:
        RuntimeError: the file does not run.
    """
    done = subprocess.run([sys.executable, __file__, str(path), str(runs)], capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]  # killed, it says nothing
        raise RuntimeError(f"{path}: does not run ({last[0]})")
    return json.loads(done.stdout.splitlines()[-1])


def _main(path: str, runs: int) -> None:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    before, latency, memory = _peak(), {}, None
    for threads in THREADS:
        interpreter = Interpreter(path, num_threads=threads)
        interpreter.allocate_tensors()
        for entry in interpreter.get_input_details():
            values = np.random.default_rng(0).uniform(0, 255 if entry["dtype"] == np.uint8 else 1, entry["shape"])
            interpreter.set_tensor(entry["index"], values.astype(entry["dtype"]))
        interpreter.invoke()
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            interpreter.invoke()
            times.append(1000 * (time.perf_counter() - start))
        latency[threads] = {"fastest": round(min(times), 3), "median": round(sorted(times)[runs // 2], 3)}
        after = _peak()
        if memory is None and before is not None and after is not None:
            memory = round((after - before) / 1024, 1)  # of the first number of threads
    print(json.dumps({"latency_ms": latency, "memory_mb": memory}))


def _peak() -> int | None:
    """Peak memory of this process in kB. Not ru_maxrss, which a process on Linux inherits from its parent."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.is_file() else None
    return int(found.group(1)) if found else None


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
