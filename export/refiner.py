"""python -m export.refiner: train the network that refines the edges of masks, and write it for LiteRT."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from seigan_tf import pretrained
from seigan_tf.cli.errors import exit_code_of
from seigan_tf.cli.options import (
    Annotations,
    MaxBad,
    Source,
    Weights,
    check_at_least,
    check_range,
    console,
    read_photos,
    say,
)
from seigan_tf.compose.composer import MOST_SEED
from seigan_tf.config import DataConfig
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.outputs import check_writable
from seigan_tf.utils.progress import bar
from seigan_tf.utils.quiet import native_messages_hidden

if TYPE_CHECKING:
    from seigan_tf.networks.refiner import Refiner

DESCRIPTION = """Train the network by which `cut` refines the edges of masks, on objects pasted onto other photographs,
where the exact mask is known. It serves all weights, whichever cut out the objects.

  python -m export.refiner --images DIR --annotations FILE --out refiner.tflite
"""


BACKGROUNDS = 3000  # at most: each takes 0.2 MB of memory


@dataclass(frozen=True)
class Options:
    images: Path
    """Folder of the photographs."""
    out: Path
    """File to write; its name ends in .tflite."""
    weights: Weights = pretrained.DEFAULT
    annotations: Annotations = None
    source: Source = "auto"
    min_short_side: float = 40.0
    """Shortest side of an object, in pixels: smaller ones have no sharp edges."""
    max_object_fraction: float = 0.9
    """Longest side of an object, as a fraction of the photograph's."""
    min_aspect: float = DataConfig.min_aspect
    """Least ratio of an object's short side to its long side."""
    max_bad: MaxBad = "1%"
    samples: int = 8000
    """Number of pictures that are made before the training; each takes 0.3 MB of memory, each object 0.7 MB."""
    steps: int = 3000
    """Number of train steps, of 8 pictures each."""
    width: int = 16
    """Channels of the network at half size."""
    seed: int = 0
    """Seed of the pictures, the initial weights and the batches."""


def run(arguments: Sequence[str]) -> None:
    """Train as the arguments say.

    Raises:
        ValueError: invalid arguments or photographs, or the backend is not TensorFlow.
        OSError: the file cannot be written.
        SystemExit: --help, or an argument that is missing, unknown or of another type.
    """
    prog = f"python -m {__package__}.refiner"
    options = tyro.cli(Options, args=list(arguments), prog=prog, description=DESCRIPTION)
    _check(options)

    from seigan_tf.compose.backends import load_backend
    from seigan_tf.data.planning.rules import CropRules
    from seigan_tf.evaluation.empty_places import empty_crops

    with native_messages_hidden():
        from seigan_tf.training.composites import SIDE, cut_outs, make_samples
        from seigan_tf.training.refiner import train_refiner

        from .graphs import check_backend
    check_backend()
    backend = load_backend(options.weights, "auto", say)
    photos, problems = read_photos(options.source, options.images, options.annotations, options.max_bad)
    rules = CropRules(backend.object_fraction, options.min_short_side, options.max_object_fraction, options.min_aspect)
    every_photo = len(photos) + problems.counts["photo"]
    every_object = sum(len(photo.objects) for photo in photos) + problems.counts["object"]
    with bar(console, "cutting out") as progress:
        objects = cut_outs(backend, photos, rules, problems, progress)
    problems.check(every_photo, every_object)
    if not objects:
        raise ValueError(
            f"{options.images}: the weights find no object that passes the crop rules, expected at least one"
        )
    backgrounds = empty_crops(photos, rules, SIDE, BACKGROUNDS, options.seed, problems)
    problems.check(every_photo)
    if not len(backgrounds):
        raise ValueError(f"{options.images}: no place without objects in a readable photograph, expected at least one")
    with bar(console, "pasting") as progress:
        samples = make_samples(backend, objects, backgrounds, options.samples, options.seed, progress)
    verbose = 1 if console.is_terminal else 2
    content = to_tflite(train_refiner(samples, options.width, options.steps, options.seed, verbose))
    with replacing(options.out) as temporary:
        temporary.write_bytes(content)
    say(f"{options.out}: {len(content) / 1e6:.2f} MB")


def to_tflite(model: "Refiner") -> bytes:
    """Return the refiner as a float16 TFLite file: image [1, S, S, 3] in [-1, 1], mask [1, S, S, 1] to `refined`."""
    from keras import ops

    from seigan_tf.training.composites import SIDE

    from .graphs import Graph, Tensor
    from .tflite.conversion import convert

    image, mask = Tensor((1, SIDE, SIDE, 3), (-1.0, 1.0)), Tensor((1, SIDE, SIDE, 1), (0.0, 1.0))

    def refine(image, mask):
        return {"refined": ops.sigmoid(model((image, mask), training=False))}

    graph = Graph("refiner", {"image": image, "mask": mask}, {"refined": mask}, refine, (model,))
    return convert(graph, ["float16"])["float16"]


def _check(options: Options) -> None:
    if options.out.suffix != ".tflite":
        raise ValueError(f"--out {options.out}: expected a name that ends in .tflite")
    check_writable(options.out)
    if not options.images.is_dir():
        raise ValueError(f"--images {options.images}: no such folder; expected one of photographs")
    for name in ("samples", "steps", "width"):
        check_at_least(f"--{name}", getattr(options, name), 1)
    check_range("--seed", options.seed, MOST_SEED)


if __name__ == "__main__":
    if code := exit_code_of(lambda: run(sys.argv[1:])):
        raise SystemExit(code)
