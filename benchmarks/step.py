"""Cost of the train step under TensorFlow, as ratios measured in one run.

    python benchmarks/step.py

It measures the demo preset at its own batch size and the paper preset at batch 1: the time per image of a train step,
relative to its forward passes and to the machine's measured peak of float32 matrix products, and the peak memory of the
process. VGG-19's weights are random, at the same cost.

    python benchmarks/step.py --against torch torch.compile jax

It measures, in turns, the train step and the inference of segmenter and inpainter under TensorFlow, and in each of the
others: PyTorch (frameworks/; pip install torch==2.13.0) eager and compiled, and JAX. With `taskset -c 1` before the
command it measures the processor's time on one core, on which other work has little influence.
"""

import argparse
import dataclasses
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def median_seconds(function, repeats):
    """Return the median wall time of `function()` in seconds, after one call that is not counted."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def matrix_product(size=2048):
    """Return a float32 matrix product under TensorFlow as a function, and its floating point operations."""
    import tensorflow as tf

    a = tf.random.normal((size, size))
    return tf.function(lambda: tf.linalg.matmul(a, a)), 2 * size**3


def matrix_peak():
    """Return the FLOP per second of a float32 matrix product, the best of five."""
    product, flops = matrix_product()
    product()
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        product().numpy()
        best = min(best, time.perf_counter() - start)
    return flops / best


def convolution_flops(concrete):
    """Return the number of multiplications and additions of all convolutions in a traced function."""
    total = 0
    for op in concrete.graph.get_operations():
        if op.type in ("Conv2D", "DepthwiseConv2dNative"):
            result, kernel = op.outputs[0].shape, op.inputs[1].shape
        elif op.type in ("Conv2DBackpropInput", "DepthwiseConv2dNativeBackpropInput"):
            result, kernel = op.inputs[2].shape, op.inputs[1].shape
        elif op.type in ("Conv2DBackpropFilter", "DepthwiseConv2dNativeBackpropFilter"):
            result, kernel = op.inputs[2].shape, op.outputs[0].shape
        else:
            continue
        height, width, inputs, outputs = kernel
        # A depthwise kernel's last axis multiplies channels that the result's shape counts already.
        per_position = height * width * inputs * (outputs if "Depthwise" not in op.type else 1)
        positions = result[0] * result[1] * result[2]
        total += 2 * positions * per_position
    return total


def passes(losses):
    """Count the forward passes of each part in a train step with every paper term, and the cost of the backward passes.

    The cost is in forward passes: two for a network that is trained, one if only the gradient of its input is needed.
    """
    from seigan_tf.objective import background_layers, object_layers

    forward = Counter(segmenter=3, inpainter=3, enhancer=3)
    backward = Counter({name: 2 * count for name, count in forward.items()})
    # Four fakes are scored for the generators, then two reals and four fakes for the discriminators.
    forward["discriminator"], backward["discriminator"] = 4 + 6, 4 + 2 * 6
    if background_layers(losses) or object_layers(losses):
        forward["vgg19"], backward["vgg19"] = 4, 2  # x and y carry no gradient, x2 and y2 do
    return forward, backward


def build_model(preset, rate=2e-4):
    """Return a preset's model, compiled with this learning rate, and its Config."""
    import keras

    from seigan_tf import presets
    from seigan_tf.seigan import SEIGAN
    from seigan_tf.training import backend

    config = presets.load_preset(preset)
    backend.prepare(config.networks.seed, config.training.precision)  # as in train.py
    networks = config.networks
    if networks.vgg_weights != "none":
        networks = dataclasses.replace(networks, vgg_weights="random")
    model = SEIGAN(networks)
    model.compile(keras.optimizers.Adam(rate), keras.optimizers.Adam(rate), config.losses)
    return model, config


def measure(preset, batch_size, repeats):
    """Print the costs of a preset's train step and of its parts."""
    import numpy as np
    import tensorflow as tf

    from seigan_tf.networks.vgg19 import PERCEPTUAL_LAYERS

    model, config = build_model(preset)
    size = config.networks.size
    random = np.random.default_rng(0)
    images = tf.constant(random.uniform(-1, 1, (batch_size, size, size, 3)), tf.float32)
    boxes = tf.constant([[0.2, 0.2, 0.8, 0.8]] * batch_size, tf.float32)
    one_channel = images[..., :1]
    batch = {"object": {"image": images, "box": boxes}, "background": {"image": images}}

    parts = {
        "segmenter": lambda: model.generators.segmenter(images),
        "inpainter": lambda: model.generators.inpainter((images, one_channel, one_channel)),
        "enhancer": lambda: model.generators.enhancer((images, one_channel)),
        "discriminator": lambda: model.discriminators.object(images),
    }
    forward, backward = passes(config.losses)
    if "vgg19" in forward:
        parts["vgg19"] = lambda: model.vgg(images, layers=PERCEPTUAL_LAYERS)

    peak = matrix_peak()
    print(f"\n{preset}: {size} px, batch {batch_size}; matrix products reach {peak / 1e9:.0f} GFLOP/s")
    print(f"{'':24}{'ms per image':>14}{'GFLOP per image':>18}{'of peak':>10}")

    def row(name, seconds, flops):
        per_image = flops / batch_size
        print(f"{name:24}{1000 * seconds / batch_size:14.1f}{per_image / 1e9:18.2f}{flops / seconds / peak:10.0%}")

    times = {}
    for name, part in parts.items():
        concrete = tf.function(part).get_concrete_function()
        times[name] = median_seconds(concrete, repeats)
        row(f"{name}, forward", times[name], convolution_flops(concrete))
    step = tf.function(model.train_step).get_concrete_function(batch)
    seconds = median_seconds(lambda: step(batch), repeats)
    row("train step", seconds, convolution_flops(step))

    forward_sum = sum(count * times[name] for name, count in forward.items())
    both = forward_sum + sum(count * times[name] for name, count in backward.items())
    print(f"train step / its {sum(forward.values())} forward passes: {seconds / forward_sum:.2f}")
    print(f"train step / forward and backward passes: {seconds / both:.2f}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=("demo", "boxes", "paper"), help="measure only this one")
    parser.add_argument("--batch-size", type=int, help="default: that of the preset, for paper 1")
    parser.add_argument("--repeats", type=int, default=5, help="timed calls of each part (default: 5)")
    parser.add_argument("--against", nargs="+", choices=("torch", "torch.compile", "jax"), help="other frameworks")
    arguments = parser.parse_args()
    presets = ("demo", "boxes", "paper") if arguments.against else ("demo", "paper")
    for preset in (arguments.preset,) if arguments.preset else presets:
        batch_size = arguments.batch_size or {"demo": 8, "boxes": 8, "paper": 1}[preset]
        if arguments.against:
            from benchmarks.frameworks.comparison import compare

            compare(preset, batch_size, arguments.against, arguments.repeats)
        elif arguments.preset:
            measure(preset, batch_size, arguments.repeats)
        else:  # a process each, so that the peak of memory is its own
            command = [sys.executable, __file__, "--preset", preset, "--repeats", str(arguments.repeats)]
            subprocess.run([*command, "--batch-size", str(batch_size)], check=True)


if __name__ == "__main__":
    main()
