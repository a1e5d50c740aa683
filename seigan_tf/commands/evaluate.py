"""python -m seigan_tf evaluate: masks of trained weights against true ones, beside what needs no training."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table

from seigan_tf.atomic import replacing
from seigan_tf.commands.max_bad import MaxBad, share
from seigan_tf.config import DataConfig
from seigan_tf.progress import bar

DESCRIPTION = """Measure the masks of trained weights on photographs with true masks.

  python -m seigan_tf evaluate --weights runs/cats --images DIR --annotations FILE

Beside the model: the filled box, the ellipse in the box, and OpenCV's GrabCut started from the box. IoU and boundary
F-score at the resolution of the photograph, threshold 0.5, mean over the objects (section 4.2 of the paper).
"""


@dataclass(frozen=True)
class Options:
    weights: Path
    """A run folder, runs/NAME, or a .keras file."""
    images: Path
    """Folder of the photographs."""
    annotations: Path | None = None
    """File or folder with boxes and masks; unless given, the one such file in --images."""
    source: Annotated[str, tyro.conf.arg(metavar="auto|coco|yolo|voc|cityscapes|csv")] = "auto"
    """Format of the annotations; auto looks at the files."""
    object_fraction: float = DataConfig.object_fraction
    """Long side of the object in the crop, as in training."""
    min_short_side: float = DataConfig.min_short_side
    """Shortest side of an object, in pixels."""
    max_object_fraction: float = DataConfig.max_object_fraction
    """Longest side of an object, as a fraction of the photograph's."""
    min_aspect: float = DataConfig.min_aspect
    """Short side by long side of an object, at least."""
    max_bad: MaxBad = "1%"
    """Share of photographs, and of objects, that may be unusable before the run ends: 1% or 0.01."""
    json: Path | None = None
    """File for the means."""
    csv: Path | None = None
    """File for the scores of each object."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Evaluates as the arguments say, prints a table and writes the files asked for.

    Raises:
        ValueError: weights or data that cannot be used, or no object to measure.
        OSError: a file cannot be read or written.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    options = tyro.cli(Options, args=list(arguments), prog="python -m seigan_tf evaluate", description=DESCRIPTION)
    console = console or Console()
    for path in (options.json, options.csv):
        if path is not None and not path.absolute().parent.is_dir():
            raise ValueError(f"{path}: its folder does not exist")
    scores = _scores(options, console)

    from seigan_tf.evaluation import masks

    summary = masks.summary(scores)
    table = Table("masks", "IoU", "boundary F")
    for name in masks.METHODS:
        table.add_row(name, f"{summary['iou'][name]:.3f}", f"{summary['boundary'][name]:.3f}")
    console.print(f"mean of {summary['count']} objects at original resolution", highlight=False)
    console.print(table)
    if options.json is not None:
        with replacing(options.json) as temporary:
            temporary.write_text(json.dumps(summary, indent=2) + "\n")
    if options.csv is not None:
        masks.write_csv(scores, options.csv)


def _scores(options: Options, console: Console) -> list:
    from seigan_tf.data import readers
    from seigan_tf.data.annotations import Photo, Problem
    from seigan_tf.data.crops import CropRules
    from seigan_tf.data.problems import Tally
    from seigan_tf.evaluation import masks
    from seigan_tf.evaluation.objects import evaluation_objects
    from seigan_tf.training import quiet

    rules = CropRules(options.object_fraction, options.min_short_side, options.max_object_fraction, options.min_aspect)
    source = readers.guess(options.images, options.annotations) if options.source == "auto" else options.source
    with quiet.native_messages_hidden():
        from seigan_tf.loading import load
    items = list(readers.read(source, options.images, options.annotations))
    photos = [item for item in items if isinstance(item, Photo)]
    problems = Tally(share(options.max_bad))
    for item in items:
        if isinstance(item, Problem):
            problems.add(item)
    every_photo = len(photos) + problems.counts["photo"]
    every_object = sum(len(photo.objects) for photo in photos) + problems.counts["object"]
    model = load(options.weights)
    with bar(console, "measuring photographs") as progress:
        found = evaluation_objects(photos, rules, model.networks.size, problems)
        counted = (progress(done, len(photos)) or items for done, items in enumerate(found, 1))
        scores = list(masks.measure(model.segment, itertools.chain.from_iterable(counted)))
    problems.check(every_photo, every_object)
    if not scores:
        raise ValueError(
            f"{options.annotations or options.images}: no object passes the crop rules and has a mask, expected at"
            " least one"
        )
    return scores
