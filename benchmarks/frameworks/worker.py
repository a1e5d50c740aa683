"""The process of one framework, started by comparison.py: it answers the name of a part by a line of JSON.

The answer holds the seconds of one call and the logs of a train step. With one core the seconds are those of the
processor, so that other work on the machine does not count; with more cores they are those of the clock. Weights are
those that TensorFlow's process, the first one, has written.
"""

import json
import os
import sys
import time
from functools import partial

import numpy as np

RATE = 2e-4
NOISE = ("background", "composite", "object_back", "background_back", "background_identity", "object_identity")


def random_inputs(size, count):
    """Return the photographs x and y, a box in x and the noise of each pass, the same in every process."""
    random = np.random.default_rng(0)
    x, y = random.uniform(-1, 1, (2, count, size, size, 3)).astype("float32")
    noise = {name: random.standard_normal((count, size, size, 1)).astype("float32") for name in NOISE}
    return x, y, np.array([[0.2, 0.2, 0.8, 0.8]] * count, "float32"), noise


def keras_parts(framework, preset, count, weights):
    """Return the parts under TensorFlow or JAX by name, and the floating point operations of each under TensorFlow."""
    os.environ["KERAS_BACKEND"] = framework
    import keras

    from benchmarks.step import build_model, convolution_flops, matrix_product
    from seigan_tf.seigan import FAKES, Draws

    model, _ = build_model(preset, RATE)
    networks = {**model.generators._asdict(), **model.discriminators._asdict()}
    values = {name: network.trainable_variables for name, network in networks.items()}
    if model.vgg is not None:
        values["vgg"] = model.vgg.variables
    if framework == "tensorflow":
        np.savez(weights, **{f"{n}/{i:03}": np.asarray(v) for n, many in values.items() for i, v in enumerate(many)})
    else:
        for name, arrays in read_weights(weights).items():
            for variable, array in zip(values[name], arrays, strict=True):
                variable.assign(array)

    x, y, box, noise = random_inputs(model.networks.size, count)
    images, one_channel = keras.ops.array(x), keras.ops.array(x[..., :1])
    batch = {"object": {"image": images, "box": keras.ops.array(box)}, "background": {"image": keras.ops.array(y)}}
    random = np.random.default_rng(1)
    order = {name: random.uniform(size=model.networks.replay_size).astype("float32") for name in FAKES}
    coins = {name: random.uniform(size=count).astype("float32") for name in FAKES}
    model.draw = lambda batch: Draws(noise, order, coins)

    segment = model.compiled_function(lambda model, images: model.generators.segmenter(images))
    inpaint = model.compiled_function(lambda model, images, mask: model.generators.inpainter((images, mask, mask)))
    flops = {}
    if framework == "tensorflow":
        import tensorflow as tf

        step = tf.function(model.train_step).get_concrete_function(batch)
        step_logs = partial(step, batch)
        flops = {
            "segmenter": convolution_flops(segment.get_concrete_function(images)),
            "inpainter": convolution_flops(inpaint.get_concrete_function(images, one_channel)),
            "train step": convolution_flops(step),
        }
    else:
        import jax

        groups = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
        state = tuple([jax.numpy.copy(v.value) for v in group] for group in (*groups, model.metrics_variables))
        step = jax.jit(model.train_step, donate_argnums=0)

        def step_logs():
            nonlocal state
            logs, state = step(state, batch)
            return logs

    parts = {
        "segmenter": lambda: finish(segment(images)),
        "inpainter": lambda: finish(inpaint(images, one_channel)),
        "train step": lambda: {name: float(value) for name, value in step_logs().items()},
    }
    if framework == "tensorflow":
        product, flops["matrix product"] = matrix_product()
        parts["matrix product"] = lambda: finish(product())
    return parts, flops


def finish(result):
    """Wait for an array of TensorFlow or JAX."""
    np.asarray(result)


def read_weights(path):
    """Return lists of arrays by the network's name."""
    networks = {}
    with np.load(path) as file:
        for key in sorted(file.files):
            networks.setdefault(key.split("/")[0], []).append(file[key])
    return networks


def torch_parts(compiled, preset, count, weights):
    """Return the parts in PyTorch by name."""
    import torch

    from benchmarks.frameworks.torch_step import Networks, Step
    from seigan_tf import presets

    config = presets.load_preset(preset)
    networks = Networks(config.networks, read_weights(weights), compiled)
    step = Step(networks, config, RATE)
    x, y, box, noise = random_inputs(config.networks.size, count)
    x, y = (to_torch(values) for values in (x, y))
    noise = {name: to_torch(values) for name, values in noise.items()}
    centres = (torch.arange(config.networks.size) + 0.5) / config.networks.size
    top, left, bottom, right = torch.from_numpy(box).T[:, :, None]
    rows, columns = (centres >= top) & (centres <= bottom), (centres >= left) & (centres <= right)
    box_mask = (rows[:, None, :, None] & columns[:, None, None, :]).float()
    batch = {"x": x, "y": y, "box_mask": box_mask}

    @torch.inference_mode()
    def segment():
        torch.sigmoid(networks.logits(x))

    @torch.inference_mode()
    def inpaint():
        networks.inpainter(x, x[:, :1], x[:, :1])

    sums = {}

    def train_step():  # Keras' logs are means over the steps so far
        logs = {name: float(value.detach()) for name, value in step(batch, noise).items()}
        sums.update({name: sums.get(name, 0.0) + value for name, value in logs.items()})
        return {name: value / step.count for name, value in sums.items()}

    return {"segmenter": segment, "inpainter": inpaint, "train step": train_step}, {}


def to_torch(values):
    """Return [N, S, S, C] as a tensor [N, C, S, S] in channels-last memory."""
    import torch

    return torch.from_numpy(values).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def main():
    framework, preset, count, weights = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # messages of the frameworks
    if framework.startswith("torch"):
        parts, flops = torch_parts(framework == "torch.compile", preset, int(count), weights)
    else:
        parts, flops = keras_parts(framework, preset, int(count), weights)
    clock = time.process_time if len(os.sched_getaffinity(0)) == 1 else time.perf_counter
    print(json.dumps(flops), file=answers, flush=True)
    for line in sys.stdin:
        start = clock()
        logs = parts[line.strip()]()
        print(json.dumps([clock() - start, logs]), file=answers, flush=True)


if __name__ == "__main__":
    main()
