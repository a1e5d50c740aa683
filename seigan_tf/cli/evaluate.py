"""python -m seigan_tf evaluate: masks, fills and pastes of trained weights, beside what needs no training."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import tyro
from rich.console import Console

from seigan_tf.cli import evaluation_tables
from seigan_tf.cli.max_bad import MaxBad, share
from seigan_tf.config import DataConfig
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.progress import bar

if TYPE_CHECKING:
    import numpy as np

    from seigan_tf.data.photos.photo import Photo
    from seigan_tf.data.planning.rules import CropRules
    from seigan_tf.evaluation.masks import ObjectScores
    from seigan_tf.evaluation.objects import EvaluationObject

DESCRIPTION = """Measure trained weights on photographs with true masks.

  python -m seigan_tf evaluate --weights runs/cats --images DIR --annotations FILE --vgg-weights imagenet

Masks: IoU and boundary F-score at the resolution of the photograph, threshold 0.5, mean over the objects (section 4.2
of the paper); beside the model the filled box, the ellipse in the box, and OpenCV's GrabCut started from the box, also
with the box in its place where it finds nothing.

Inpainting: holes of the shape of the objects, cut into parts of the photographs that show none and are known therefore;
differences inside the hole, for the model and for OpenCV's Telea and Navier-Stokes, all at the model's size.

Realism: kernel distance (KID) between the objects' photographs and their pastes onto these parts, coarse and full.
"""
MOST = 2000
"""Crops that inpainting and realism are measured on: what they need grows with the number, or its square."""


@dataclass(frozen=True)
class Options:
    images: Path
    """Folder of the photographs."""
    weights: str = "cats"
    """A shipped name, a run folder, runs/NAME, or a .keras file."""
    annotations: Path | None = None
    """File or folder with boxes and masks; unless given, the one such file in --images."""
    source: Annotated[str, tyro.conf.arg(metavar="auto|coco|yolo|voc|cityscapes|csv")] = "auto"
    """Format of the annotations; auto looks at the files."""
    vgg_weights: Annotated[str, tyro.conf.arg(metavar="imagenet|PATH|none")] = "none"
    """VGG-19 weights for the distance of features inside holes and for KID; with none these two are left out."""
    object_fraction: float | None = None
    """Long side of the object in the crop; that of the training unless given."""
    min_short_side: float = DataConfig.min_short_side
    """Shortest side of an object, in pixels."""
    max_object_fraction: float = DataConfig.max_object_fraction
    """Longest side of an object, as a fraction of the photograph's."""
    min_aspect: float = DataConfig.min_aspect
    """Short side by long side of an object, at least."""
    max_bad: MaxBad = "1%"
    """Share of photographs, and of objects, that may be unusable before the run ends: 1% or 0.01."""
    seed: int = 0
    """Of the places without objects, and of which hole and which object goes where."""
    json: Path | None = None
    """File for the means."""
    csv: Path | None = None
    """File for the scores of each object."""
    sheet: Path | None = None
    """PNG for the 8 best, the 8 middle and the 8 worst masks by IoU."""


class Measured(NamedTuple):
    """The objects of a set: their scores, and their crops as the model sees them, in the same order."""

    scores: "list[ObjectScores]"
    images: "np.ndarray"
    """uint8 [N, S, S, 3]."""
    boxes: "np.ndarray"
    """float32 [N, 4]."""
    holes: "np.ndarray"
    """Their true masks, bool [N, S, S]."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Evaluates as the arguments say, prints tables and writes the files asked for.

    Raises:
        ValueError: weights or data that cannot be used, or no object to measure.
        OSError: a file cannot be read or written.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    options = tyro.cli(Options, args=list(arguments), prog="python -m seigan_tf evaluate", description=DESCRIPTION)
    console = console or Console()
    for path in (options.json, options.csv, options.sheet):
        if path is not None and not path.absolute().parent.is_dir():
            raise ValueError(f"{path}: its folder does not exist")
    if options.sheet is not None and options.sheet.suffix.lower() != ".png":
        raise ValueError(f"--sheet {options.sheet}: expected a name that ends in .png")
    if options.seed < 0:
        raise ValueError(f"--seed is {options.seed}, expected at least 0")
    _evaluate(options, console)


def _evaluate(options: Options, console: Console) -> None:
    from seigan_tf.data.annotations.formats import guess_format, read_annotations
    from seigan_tf.data.photos.photo import Photo, Problem
    from seigan_tf.data.planning.problems import Tally
    from seigan_tf.data.planning.rules import CropRules
    from seigan_tf.utils import quiet

    limits = options.min_short_side, options.max_object_fraction, options.min_aspect
    fraction = DataConfig.object_fraction if options.object_fraction is None else options.object_fraction
    rules = CropRules(fraction, *limits)
    source = guess_format(options.images, options.annotations) if options.source == "auto" else options.source
    items = list(read_annotations(source, options.images, options.annotations))
    photos = [item for item in items if isinstance(item, Photo)]
    problems = Tally(share(options.max_bad))
    for item in items:
        if isinstance(item, Problem):
            problems.add(item)
    # Where the last batch is a smaller one TensorFlow compiles again, and says so in ten lines.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with quiet.native_messages_hidden():
        from seigan_tf import loading
        from seigan_tf.evaluation import deep, masks
        from seigan_tf.evaluation.empty_crops import empty_crops
    weights, model = loading.find(options.weights), loading.load(options.weights)
    vgg = deep.load(options.vgg_weights)
    if options.object_fraction is None:
        rules = replace(rules, object_fraction=weights.object_fraction)
    measured = _measure(model, photos, rules, problems, console)
    if not measured.scores:
        raise ValueError(
            f"{options.annotations or options.images}: no object passes the crop rules and has a mask, expected at"
            " least one"
        )
    wanted = 0 if weights.segments_only else min(len(measured.scores), MOST)
    backgrounds = empty_crops(photos, rules, model.networks.size, wanted, options.seed)
    result = masks.summary(measured.scores) | _fills_and_pastes(model, vgg, measured, backgrounds, options.seed)
    evaluation_tables.show(result, console)
    for line in _left_out(weights.segments_only, vgg, result):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if options.json is not None:
        with replacing(options.json) as temporary:
            temporary.write_text(json.dumps(result, indent=2) + "\n")
    if options.csv is not None:
        masks.write_csv(measured.scores, options.csv)
    if options.sheet is not None:
        _draw(options.sheet, model, measured.scores, photos, rules, backgrounds)


def _measure(model, photos: "list[Photo]", rules: "CropRules", problems, console: Console) -> Measured:
    """Scores every object; raises ValueError where too much cannot be used."""
    import numpy as np

    from seigan_tf.evaluation import masks
    from seigan_tf.evaluation.inpainting import object_hole
    from seigan_tf.evaluation.objects import evaluation_objects

    every_photo = len(photos) + problems.counts["photo"]
    every_object = sum(len(photo.objects) for photo in photos) + problems.counts["object"]
    size = model.networks.size
    images, boxes, holes = [], [], []

    def passing(progress) -> "Iterator[EvaluationObject]":
        for done, found in enumerate(evaluation_objects(photos, rules, size, problems), 1):
            progress(done, len(photos))
            for item in found:
                images.append(item.image)
                boxes.append(item.box)
                holes.append(object_hole(item.truth, size))
                yield item

    with bar(console, "measuring photographs") as progress:
        scores = list(masks.measure(model.segment, passing(progress)))
    problems.check(every_photo, every_object)
    return Measured(scores, np.array(images), np.array(boxes), np.array(holes))


def _fills_and_pastes(model, vgg, measured: Measured, backgrounds: "np.ndarray", seed: int) -> dict[str, Any]:
    """The values of "inpainting" and "realism", None where they cannot be told."""
    import numpy as np

    from seigan_tf.evaluation import inpainting, realism

    result: dict[str, Any] = {"inpainting": None, "realism": None}
    if not len(backgrounds):
        return result
    if measured.holes.any():
        holes = inpainting.draw_holes(measured.holes, len(backgrounds), seed)
        result["inpainting"] = inpainting.measure(model.inpaint, backgrounds, holes, vgg)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(measured.images))[:MOST])
    if vgg is not None and len(chosen) >= realism.FEWEST:
        result["realism"] = realism.measure(model, vgg, measured.images[chosen], measured.boxes[chosen], backgrounds)
    return result


def _left_out(segments_only: bool, vgg, result: dict[str, Any]) -> list[str]:
    """One line for what is missing, with the reason."""
    if segments_only:
        return ["no inpainting and no realism: of these weights the segmenter alone was trained"]
    if result["inpainting"] is None:
        return ["no inpainting and no realism: no part of a photograph as large as an object's crop is free of boxes"]
    if vgg is None:
        return ["no VGG distance and no realism: give --vgg-weights imagenet or a path"]
    return [] if result["realism"] else ["no realism: too few objects"]


def _draw(path: Path, model, scores, photos: "list[Photo]", rules: "CropRules", backgrounds: "np.ndarray") -> None:
    from seigan_tf.data.planning.problems import Tally
    from seigan_tf.evaluation import examples, masks
    from seigan_tf.evaluation.objects import evaluation_objects

    iou = [row.iou[masks.MODEL] for row in scores]
    groups = examples.pick(iou)
    chosen = {index for group in groups.values() for index in group}
    # Read again: photographs of all the objects would take more room than their scores.
    again = [photo for photo in photos if photo.name in {scores[index].photo for index in chosen}]
    found = {
        (item.photo, item.id): item
        for items in evaluation_objects(again, rules, model.networks.size, Tally(1.0))
        for item in items
    }
    shown = {
        f"{title}, {len(group)} of {len(iou)}": [(found[scores[i].photo, scores[i].id], iou[i]) for i in group]
        for title, group in groups.items()
    }
    with replacing(path) as temporary:
        examples.draw(model, shown, backgrounds).save(temporary, format="PNG")
