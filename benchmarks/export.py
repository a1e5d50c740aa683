"""Latency of exported TFLite files relative to their Keras graphs, measured in one run.

    python benchmarks/export.py                          the mobile preset's networks, random weights
    python benchmarks/export.py --weights runs/cats      trained ones

Batch 1, one thread each. The Keras graph is a traced tf.function. Times are CPU times of the process, so that other
work on the machine counts less, and the fastest of several rounds in which all take turns. Weights do not affect them.
"""

import argparse
import functools
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BUDGETS = {"float32": 1.0, "int8": 0.5}
"""Largest ratio of latencies: float32 to Keras, int8 to float32."""
MOBILE_MS, MOBILE_MB = 15.0, 2.0
"""Budget of segmenter and inpainter of the mobile preset together, int8."""


def model_of(arguments):
    from seigan_tf import presets
    from seigan_tf.inference import loading
    from seigan_tf.seigan import SEIGAN

    if arguments.weights:
        return loading.load_model(arguments.weights)
    model = SEIGAN(presets.load_preset(arguments.preset).networks)
    model.build()
    return model


def fastest(functions, rounds):
    """Shortest time of each function in seconds, by name, over `rounds` calls after one to warm up."""
    best = dict.fromkeys(functions, float("inf"))
    for number in range(rounds + 1):
        for name, function in functions.items():
            start = time.process_time()
            function()
            if number:
                best[name] = min(best[name], time.process_time() - start)
    return best


def measure(name, graph, model, rounds):
    """Milliseconds and bytes by format, "Keras" first."""
    import numpy as np
    import tensorflow as tf

    from export import examples
    from export.tflite import conversion
    from export.tflite.runtime import Runner
    from seigan_tf.inference import arrays
    from seigan_tf.utils.pixels import to_float

    given = examples.synthetic(model.networks.size, 100 / 128, 8, held_out=False)
    masks = arrays.segment(model, to_float(given.images), given.boxes)
    inputs = examples.tensors(graph, given, masks, model.networks.outside_contrast)
    files = conversion.convert(graph, conversion.FORMATS, inputs)
    traced, example = tf.function(graph.function), inputs[0]
    tensors = {key: tf.constant(values) for key, values in example.items()}
    functions = {"Keras": lambda: [np.asarray(values) for values in traced(**tensors).values()]}
    runners = {kind: Runner(content, graph) for kind, content in files.items()}
    functions |= {kind: functools.partial(run, **example) for kind, run in runners.items()}
    times = fastest(functions, rounds)
    return {kind: (1000 * seconds, len(files.get(kind, b""))) for kind, seconds in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", help="a run folder, a .keras file or a shipped name")
    parser.add_argument(
        "--preset", default="mobile", help="whose networks to measure without weights (default: mobile)"
    )
    parser.add_argument("--rounds", type=int, default=40, help="timed calls of each (default: 40)")
    arguments = parser.parse_args()

    from seigan_tf.utils import quiet

    with quiet.native_messages_hidden():
        import tensorflow as tf

        from export import graphs
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.get_logger().setLevel("ERROR")
    model = model_of(arguments)
    print(f"{arguments.weights or arguments.preset}: {model.networks.size} px, batch 1, one thread")
    print(f"{'':22}{'ms':>8}{'to Keras':>10}{'to float32':>12}{'MB':>8}")
    together = {"ms": 0.0, "bytes": 0}
    for name, graph in graphs.make(model).items():
        measured = measure(name, graph, model, arguments.rounds)
        for kind, (milliseconds, size) in measured.items():
            to_keras, to_float = (milliseconds / measured[other][0] for other in ("Keras", "float32"))
            late = kind in BUDGETS and (to_keras if kind == "float32" else to_float) > BUDGETS[kind]
            mark = f"  more than {BUDGETS[kind]:g}" if late else ""
            print(
                f"{name + ', ' + kind:22}{milliseconds:8.2f}{to_keras:10.2f}{to_float:12.2f}{size / 1e6:8.2f}{mark}",
                flush=True,
            )
        if name in ("segmenter", "inpainter"):
            together["ms"] += measured["int8"][0]
            together["bytes"] += measured["int8"][1]
    print(f"segmenter and inpainter, int8: {together['ms']:.1f} ms, {together['bytes'] / 1e6:.2f} MB", end="")
    print(f" (budget of the mobile preset: {MOBILE_MS:g} ms, {MOBILE_MB:g} MB)")


if __name__ == "__main__":
    main()
