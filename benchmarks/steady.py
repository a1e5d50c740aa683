"""Cost of large sets and of long trainings, as ratios measured in one run; a ratio of 1 means that nothing grows.

    python benchmarks/steady.py

Time: processor time per image of training with 100 to 100,000 crops of objects and twice as many backgrounds, drawn
ones in memory (`data.source` synthetic) and prepared ones on the disk (`data.source` crops), in turns with the same
compiled step. "feeding" is the time of the batches alone, which that of the step contains. All threads of the process
count; waiting for a disk does not.

Memory: resident memory of the process of one training, with validation and a checkpoint after each 100 steps and a
picture of samples after each 200; its first 500 steps do not count.

The networks are those of the demo preset made narrow. On one core: about 5 minutes for the crops, 3 for the turns and
5 for the steps; `--only` measures one of the two. Linux.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

WARM_UP = 500  # steps whose memory does not count
POLL = 0.2  # seconds between two readings of the memory


def small_config(steps, size, batch_size, depth):
    """Return the demo preset with crops of this size and narrow networks of this depth."""
    from seigan_tf import presets
    from seigan_tf.config import BackboneConfig, DiscriminatorConfig

    config = presets.load_preset("demo")
    networks = replace(
        config.networks,
        size=size,
        segmenter=BackboneConfig("resnet", 4, 1),
        inpainter=BackboneConfig("unet", 4, depth),
        enhancer=BackboneConfig("unet", 4, depth),
        discriminator=DiscriminatorConfig(4, depth),
    )
    return replace(
        config,
        networks=networks,
        training=replace(config.training, steps=steps, batch_size=batch_size, steps_per_epoch=100),
    )


def read_sets(config, folder, counts):
    """Return the training crops by source and number: drawn into memory, and prepared in `folder`."""
    from benchmarks.data import OBJECTS, draw_set
    from seigan_tf.data.loading import load_crops
    from seigan_tf.data.storage.prepare import prepare

    sets, size = {}, config.networks.size
    for count in counts:
        sets["memory", count] = load_crops(replace(config.data, synthetic_train=count, synthetic_val=1), size)
    for count in counts:
        path = folder / str(count)
        prepare(draw_set(path, -(-count // OBJECTS) * OBJECTS), size, path / "crops", workers=1)
        sets["store", count] = load_crops(replace(config.data, source="crops", crops=path / "crops"), size)
    return sets


def processor_ms(function, *arguments):
    """Return the milliseconds of processors that a call takes in all threads of this process."""
    start = time.process_time()
    function(*arguments)
    return 1000 * (time.process_time() - start)


def in_turns(measures, turns):
    """Return the results of `turns` calls of each function, by its name; each turn begins with another one."""
    names = list(measures)
    results = {name: [] for name in names}
    for turn in range(turns):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            results[name].append(measures[name](turn))
    return results


def ratios(times, reference):
    """Return quartiles of the ratios of two lists of times of the same turns."""
    return statistics.quantiles([a / b for a, b in zip(times, reference, strict=True)], n=4, method="inclusive")


def measure_time(folder, counts, turns, steps):
    """Print the processor time per image of a train step, and of its batches alone, for these numbers of crops."""
    from rich.console import Console

    from seigan_tf.training import backend, tasks

    config = small_config((turns + 1) * steps, size=32, batch_size=8, depth=2)
    backend.prepare(config.networks.seed, config.training.precision)  # as in train.py
    task = tasks.make(config)
    images = config.training.batch_size * steps

    def train(batches):
        task.model.fit(batches, epochs=1, steps_per_epoch=steps, shuffle=False, verbose=0)

    def feed(batches):
        iterator = iter(batches)
        for _ in range(steps):
            next(iterator)

    def measure(crops, turn):
        task.read(crops, Console())
        # Later turns see other crops of a large set.
        return [processor_ms(use, task.batches(turn * steps)) / images for use in (train, feed)]

    sets = read_sets(config, folder, counts)
    for crops in sets.values():
        measure(crops, turns)  # compiles, and opens files
    taken = in_turns({name: lambda turn, c=crops: measure(c, turn) for name, crops in sets.items()}, turns)
    print(f"processor time, ms per image, median and quartiles of {turns} turns of {steps} steps\n")
    print(f"{'crops':>8}  {'in':8}{'step':>7}  {f'/ {counts[0]} crops':22}{'feeding':>8}  / {counts[0]} crops")
    for (source, count), times in taken.items():
        line = f"{count:8}  {source:8}"
        for own, reference in zip(zip(*times, strict=True), zip(*taken[source, counts[0]], strict=True), strict=True):
            low, ratio, high = ratios(own, reference)
            line += f"{statistics.median(own):7.3f}  {f'{ratio:.3f} ({low:.3f} to {high:.3f})':23}"
        print(line.rstrip())


def resident_mb(process):
    """Return the resident memory of a process in MB (Linux), or None if it has ended and waits for its parent."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]) / 1024 if "VmRSS" in status else None


def run_training(config, path):
    from rich.console import Console

    from seigan_tf.training.run_folder import RunFolder
    from seigan_tf.training.trainer import train

    path.mkdir()
    with (path / "log.txt").open("w") as log:
        train(config, RunFolder(path), Console(file=log))


def memory_of_steps(path, steps):
    """Train in a new process; yield (step, MB) for each row of its metrics.csv, medians of the readings before it."""
    from seigan_tf.training.callbacks.recording import read_rows

    config = small_config(steps, size=16, batch_size=2, depth=1)
    process = multiprocessing.get_context("spawn").Process(target=run_training, args=(config, path))
    process.start()
    readings, seen = [], 0
    while process.is_alive() and (memory := resident_mb(process.pid)):
        readings.append(memory)
        rows = read_rows(path / "metrics.csv")
        if len(rows) > seen:
            yield int(rows[-1]["step"]), statistics.median(readings)
            readings, seen = [], len(rows)
        process.join(POLL)
    process.join()
    if process.exitcode:
        raise SystemExit(f"the training ended with exit code {process.exitcode}")


def tenths(samples):
    """Return the median memory of the first and of the last tenth of the samples after WARM_UP steps."""
    kept = [memory for step, memory in samples if step > WARM_UP]
    count = max(len(kept) // 10, 1)
    return statistics.median(kept[:count]), statistics.median(kept[-count:])


def measure_memory(folder, steps):
    """Print how the memory of one training of so many steps grows."""
    samples, shown = [], 0
    print("\nsteps  resident MB")
    for step, memory in memory_of_steps(folder / "run", steps):
        samples.append((step, memory))
        if step >= shown + steps // 10:
            shown = step
            print(f"{step:5}  {memory:11.1f}", flush=True)
    first, last = tenths(samples)
    print(f"last tenth - first tenth after step {WARM_UP}: {last - first:+.1f} MB, {last / first - 1:+.2%}")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("time", "memory"), help="measure only this")
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 1_000, 10_000, 100_000], help="training crops")
    parser.add_argument("--turns", type=int, default=5, help="of each number of crops (default: 5)")
    parser.add_argument("--turn-steps", type=int, default=60, help="steps of one turn (default: 60)")
    parser.add_argument("--steps", type=int, default=10_000, help="of the training that shows memory (default: 10000)")
    arguments = parser.parse_args(argv)
    if arguments.steps < 2 * WARM_UP:
        parser.error(f"--steps: {arguments.steps}, expected at least {2 * WARM_UP}: the first {WARM_UP} do not count")
    with tempfile.TemporaryDirectory() as temporary:
        if arguments.only in (None, "time"):
            measure_time(Path(temporary), arguments.counts, arguments.turns, arguments.turn_steps)
        if arguments.only in (None, "memory"):
            measure_memory(Path(temporary), arguments.steps)


if __name__ == "__main__":
    main()
