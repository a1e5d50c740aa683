"""The graphs to export: functions of named tensors at batch 1, over the trained networks."""

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from seigan_tf.cycle import NOISE_NAMES, Cycle, fixed_noise, inpaint
from seigan_tf.seigan import SEIGAN

NAMES = ("segmenter", "inpainter", "enhancer", "composer")

STEEP = 2.0**15
"""Slope, per pixel, of the ramps that replace comparisons. float16 holds it; twice as much would overflow."""


class Tensor(NamedTuple):
    """An input or an output: its shape, and its smallest and largest value."""

    shape: tuple[int, ...]
    range: tuple[float, float]


class Graph(NamedTuple):
    """One function to export."""

    name: str
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    function: Callable[..., dict[str, Any]]
    """Takes the inputs by name, float32, and returns the outputs by name."""
    layers: tuple[keras.layers.Layer, ...]
    """Layers whose weights the function reads."""


def check_backend() -> None:
    """Raise ValueError unless Keras runs on TensorFlow, which converts the graphs."""
    if keras.backend.backend() != "tensorflow":
        raise ValueError(f"KERAS_BACKEND: {keras.backend.backend()}; expected tensorflow, which writes these files")


def make(model: SEIGAN, noise: str | int = 0) -> dict[str, Graph]:
    """Return the graphs of NAMES over a model's generators, with EMA weights if there are any.

    A seed makes the noise of G_inp and G_enh a constant of the graph, 0 as in inference.arrays; "input" adds a tensor
    `noise` [1, S, S, 1].

    Raises:
        ValueError: `noise` is neither.
    """
    if noise != "input" and not (isinstance(noise, int) and noise >= 0):
        raise ValueError(f"--noise {noise}: expected input or a seed from 0")
    size = model.networks.size
    segmenter, inpainter, enhancer = model.inference_generators
    image = Tensor((1, size, size, 3), (-1.0, 1.0))
    mask = Tensor((1, size, size, 1), (0.0, 1.0))
    box = Tensor((1, 4), (0.0, 1.0))
    extra = {"noise": Tensor((1, size, size, 1), (-4.0, 4.0))} if noise == "input" else {}

    def noise_of(image, given):
        return fixed_noise(image, noise) if isinstance(noise, int) else given["noise"]

    def segment(image):
        return {"mask": segmenter(image)}

    def restore(image, mask, **given):
        return {"restored": inpaint(inpainter, model.networks, image, mask, noise_of(image, given))}

    def enhance(image, **given):
        return {"enhanced": enhancer((image, noise_of(image, given)))}

    def compose(image, box, background, **given):
        # Scaling the mask's gradient would leave two useless products in the graph.
        settings = dataclasses.replace(model.networks, mask_gradient_scale=1.0)
        every = dict.fromkeys(NOISE_NAMES, noise_of(image, given))
        cycle = _ExportedCycle(model.inference_generators, settings, image, box, background, every, model.vgg)
        return {"mask": cycle.mask, "composite": cycle.composite, "restored": cycle.background}

    graphs = (
        Graph("segmenter", {"image": image}, {"mask": mask}, segment, (segmenter,)),
        Graph("inpainter", {"image": image, "mask": mask} | extra, {"restored": image}, restore, (inpainter,)),
        Graph("enhancer", {"image": image} | extra, {"enhanced": image}, enhance, (enhancer,)),
        Graph(
            "composer",
            {"image": image, "box": box, "background": image} | extra,
            {"mask": mask, "composite": image, "restored": image},
            compose,
            # Not a VGG-19 of the losses alone, which is not built in a loaded model.
            tuple(model.inference_generators) + (() if segmenter.encoder is None else (segmenter.encoder,)),
        ),
    )
    return {graph.name: graph for graph in graphs}


class _ExportedCycle(Cycle):
    """The cycle with a box mask free of comparisons, which XNNPACK lacks and would leave out of its part."""

    @cached_property
    def box_mask(self):
        return box_to_mask(self.box, self.settings.size)


def box_to_mask(box, size):
    """The model's box mask, float32 [1, size, size, 1], of one box [1, 4], made of sums and clips only.

    Values are 0 or 1, and in between for pixels whose centre lies outside the box by less than 1 / STEEP.
    """
    centres = np.arange(size, dtype="float32") + 0.5  # in pixels, which float16 holds exactly
    edges = ops.reshape(box, (1, 1, 1, 4)) * float(size)

    def between(low, high, points):
        after = ops.clip((points - low) * STEEP + 1.0, 0.0, 1.0)
        before = ops.clip((high - points) * STEEP + 1.0, 0.0, 1.0)
        return after * before

    rows = between(edges[..., 0:1], edges[..., 2:3], centres[None, :, None, None])
    columns = between(edges[..., 1:2], edges[..., 3:4], centres[None, None, :, None])
    return rows * columns
