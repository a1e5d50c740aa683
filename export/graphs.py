"""The graphs that are exported: functions of named tensors at batch 1, over the trained networks."""

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
"""Slope of the ramps that stand for comparisons, per pixel. A float16 file keeps it; twice as much would overflow."""


class Tensor(NamedTuple):
    """An input or an output."""

    shape: tuple[int, ...]
    range: tuple[float, float]
    """Smallest and largest value."""


class Graph(NamedTuple):
    """One function to export."""

    name: str
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    function: Callable[..., dict[str, Any]]
    """Takes the inputs by name, float32, and returns the outputs by name."""
    layers: tuple[keras.layers.Layer, ...]
    """Whose weights it reads."""


def make(model: SEIGAN, noise: str | int = 0) -> dict[str, Graph]:
    """The graphs of NAMES over the model's trained generators.

    Args:
        model: its averaged weights are used where they are on.
        noise: of G_inp and G_enh: a seed, whose noise becomes a constant of the graph, with 0 as in SEIGAN.inpaint; or
            "input", as one more tensor `noise` [1, S, S, 1].

    Raises:
        ValueError: `noise` is something else.
    """
    if noise != "input" and not (isinstance(noise, int) and noise >= 0):
        raise ValueError(f"--noise {noise}: expected input or a seed from 0")
    size = model.networks.size
    segmenter, inpainter, enhancer = model.trained
    image = Tensor((1, size, size, 3), (-1.0, 1.0))
    mask = Tensor((1, size, size, 1), (0.0, 1.0))
    box = Tensor((1, 4), (0.0, 1.0))
    wanted = {"noise": Tensor((1, size, size, 1), (-4.0, 4.0))} if noise == "input" else {}

    def chosen(image, given):
        return given["noise"] if given else fixed_noise(image, noise)

    def segment(image):
        return {"mask": segmenter(image)}

    def restore(image, mask, **given):
        return {"restored": inpaint(inpainter, model.networks, image, mask, chosen(image, given))}

    def enhance(image, **given):
        return {"enhanced": enhancer((image, chosen(image, given)))}

    def compose(image, box, background, **given):
        # The gradient's scale is of no use here, and would leave its two products in the graph.
        settings = dataclasses.replace(model.networks, mask_gradient=1.0)
        every = dict.fromkeys(NOISE_NAMES, chosen(image, given))
        cycle = _ExportedCycle(model.trained, settings, image, box, background, every, model.vgg)
        return {"mask": cycle.mask, "composite": cycle.composite, "restored": cycle.background}

    graphs = (
        Graph("segmenter", {"image": image}, {"mask": mask}, segment, (segmenter,)),
        Graph("inpainter", {"image": image, "mask": mask} | wanted, {"restored": image}, restore, (inpainter,)),
        Graph("enhancer", {"image": image} | wanted, {"enhanced": image}, enhance, (enhancer,)),
        Graph(
            "composer",
            {"image": image, "box": box, "background": image} | wanted,
            {"mask": mask, "composite": image, "restored": image},
            compose,
            tuple(model.trained) + ((model.vgg,) if model.vgg is not None else ()),
        ),
    )
    return {graph.name: graph for graph in graphs}


class _ExportedCycle(Cycle):
    """The cycle with a box that needs no comparison: XNNPACK has none, and would leave that part of the graph."""

    @cached_property
    def box_mask(self):
        return inside(self.box, self.settings.size)


def inside(box, size):
    """`losses.boxes.inside` for one box, made of sums and clips.

    Args:
        box: [1, 4] as [ymin, xmin, ymax, xmax], relative to the image.
        size: side of the mask, in pixels.

    Returns:
        [1, size, size, 1], float32, 0 or 1; between the two where a pixel's centre lies outside by less than 1 / STEEP.
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
