"""python -m seigan_tf evaluate: measure the masks, fills and pastes of trained weights, beside baselines."""

import importlib.util
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import tyro

from seigan_tf import pretrained
from seigan_tf.cli import options as shared
from seigan_tf.cli.options import Annotations, Grow, MaxBad, Source, console, parse, say
from seigan_tf.config import DataConfig
from seigan_tf.utils.atomic import replacing, write_json
from seigan_tf.utils.outputs import check_outputs, check_writable, files_inside
from seigan_tf.utils.progress import bar
from seigan_tf.utils.quiet import native_messages_hidden

if TYPE_CHECKING:
    import numpy as np

    from seigan_tf.data.photos.photo import Photo
    from seigan_tf.data.planning.report import Tally
    from seigan_tf.data.planning.rules import CropRules
    from seigan_tf.evaluation.crops import EvaluationObject, Given
    from seigan_tf.evaluation.masks import ObjectScores

DESCRIPTION = """Measure trained weights on photographs with true masks.

  python -m seigan_tf evaluate --weights runs/cats --images DIR --annotations FILE --vgg-weights imagenet

Masks: IoU and boundary F-score at the resolution of the photograph, threshold 0.5, mean over the objects (section 4.2
of the paper), for the model, the filled box, the ellipse in the box, OpenCV's GrabCut started from the box, and GrabCut
replaced by the box if it finds nothing.

Inpainting: holes with the shapes of the objects in parts of the photographs without objects, so that the truth is
known; differences inside the hole, for the model and OpenCV's Telea and Navier-Stokes, all at the model's size.

Realism: kernel distance (KID) between the objects' photographs and their pastes onto these parts, coarse and full.

--full-size adds the fills of `erase` in such holes at the photographs' own resolution: differences, fine detail (0 is
right, -1 half of it) and, with --vgg-weights, distances of features, of textures, and of filled to true places (KID).
"""
MOST = 2000  # crops for inpainting and realism, at most: time and memory grow with their number or its square
MOST_FULL_SIZE = 200  # holes at full size, at most: each takes seconds
NO_PLACE = "no part of a readable photograph as large as an object's crop is free of boxes"


@dataclass(frozen=True)
class Options:
    images: Path
    """Folder of the photographs."""
    weights: str = pretrained.DEFAULT
    """A shipped name, a run folder, runs/NAME, or a .keras file."""
    annotations: Annotations = None
    source: Source = "auto"
    vgg_weights: Annotated[str, tyro.conf.arg(metavar="imagenet|PATH|none")] = "none"
    """VGG-19 weights for the feature distance inside holes and for KID; none leaves these two out."""
    object_fraction: float | None = None
    """Long side of the object in the crop; by default as in training."""
    min_short_side: float = DataConfig.min_short_side
    """Shortest side of an object, in pixels."""
    max_object_fraction: float = DataConfig.max_object_fraction
    """Longest side of an object, as a fraction of the photograph's."""
    min_aspect: float = DataConfig.min_aspect
    """Least ratio of an object's short side to its long side."""
    classes: tuple[str, ...] = ()
    """Names of the classes whose objects are measured; default: all."""
    max_covered: float | None = None
    """Largest fraction of an object's box that another box may cover; None: no other box may touch the crop."""
    box_error: float = 0.0
    """Largest random shift of each edge of the boxes, as a fraction of their width or height: boxes as users draw them.
    Baselines get the same boxes, and what a box leaves out counts as missed."""
    grow: Grow = 0.0
    ignore_bands: Path | None = None
    """JSON file with bands around the outlines whose pixels the IoU leaves out: a list of {"file_name", "outer",
    "inner"}, polygons [x, y, x, y, ...] in pixels of the photograph, the band being between them; any number for a
    photograph, which is named as in annotations."""
    by_class: bool = False
    """Also print the means of each class of at least 5 objects."""
    max_bad: MaxBad = "1%"
    full_size: bool = False
    """Also fill holes at the photographs' own resolution, as erase does."""
    baselines: bool = False
    """With --full-size, also by plain PatchMatch; needs the package pypatchmatch."""
    seed: int = 0
    """Seed of the shifts of boxes, of the places without objects, and of the holes and objects for them."""
    json: Path | None = None
    """File for the means."""
    csv: Path | None = None
    """File for the scores of each object."""
    sheet: Path | None = None
    """PNG file for the 8 best, the 8 middle and the 8 worst masks by IoU."""


WRITTEN = ("json", "csv", "sheet")
"""Options that name files to write."""


class Measured(NamedTuple):
    """The objects of a set: their scores and, in the same order, their crops at the model's size S."""

    scores: "list[ObjectScores]"
    images: "np.ndarray"  # uint8 [N, S, S, 3]
    boxes: "np.ndarray"  # float32 [N, 4]
    holes: "np.ndarray"  # their true masks, bool [N, S, S]


def run(arguments: Sequence[str]) -> None:
    """Print tables, and write the files that the arguments name."""
    options = parse(Options, arguments, "evaluate", DESCRIPTION)
    _check(options)

    from seigan_tf.data.planning.report import left_out_lines
    from seigan_tf.data.planning.rules import DROP_RULES, CropRules
    from seigan_tf.evaluation.bands import Bands
    from seigan_tf.evaluation.crops import NO_MASK, Given
    from seigan_tf.evaluation.drawn_boxes import LARGEST_ERROR, DrawnBoxes

    shared.check_range("--box-error", options.box_error, LARGEST_ERROR)
    fraction = DataConfig.object_fraction if options.object_fraction is None else options.object_fraction
    with shared.settings_by_option(Options):
        rules = CropRules(
            fraction,
            options.min_short_side,
            options.max_object_fraction,
            options.min_aspect,
            classes=options.classes,
            max_covered=options.max_covered,
        )
    photos, problems = shared.read_photos(options.source, options.images, options.annotations, options.max_bad)
    _check_classes(options, photos)
    bands = None if options.ignore_bands is None else Bands(options.ignore_bands, options.images, photos)
    for note in () if bands is None else bands.notes():
        say(note)
    given = Given(DrawnBoxes(options.box_error, options.seed), options.grow, bands)
    written = [(path, f"--{name}") for name in WRITTEN if (path := getattr(options, name)) is not None]
    source = options.annotations or options.images
    read = files_inside([path for path, _ in written], source) if source.is_dir() else [source]
    read += [] if options.ignore_bands is None else [options.ignore_bands]
    check_outputs(written, [*read, *(photo.path for photo in photos)])
    # TensorFlow compiles again for a smaller last batch, with ten lines of warnings.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with native_messages_hidden():
        from seigan_tf.cli.evaluation_tables import print_tables
        from seigan_tf.evaluation.empty_places import empty_crops
        from seigan_tf.evaluation.masks import class_means, mask_means, write_scores
        from seigan_tf.evaluation.vgg import load_vgg
        from seigan_tf.inference.loading import load_model
        from seigan_tf.inference.weights import untrained
    missing, model = untrained(options.weights), load_model(options.weights)
    if "segmenter" in missing:
        say("the segmenter of these weights was not trained: the measures of its masks are those of random weights")
    vgg = load_vgg(options.vgg_weights)
    if options.object_fraction is None:
        rules = replace(rules, object_fraction=model.object_fraction)
    elif options.object_fraction != model.object_fraction:
        say(f"objects of {fraction:g} of the crops' sides; the weights were trained on {model.object_fraction:g}")
    if options.grow and not model.networks.confine_mask:
        say("--grow: without effect, as the masks of these weights do not end at the box")
        given = given._replace(grow=0.0)
    every_photo = len(photos) + problems.counts["photo"]
    annotations = sum(len(photo.objects) for photo in photos)
    every_object = annotations + problems.counts["object"]
    dropped = Counter(dict.fromkeys((*DROP_RULES, NO_MASK), 0))
    measured = _measure(model, photos, rules, given, problems, dropped)
    problems.check(every_photo, every_object)
    left_out: dict[str, Any] = {"annotations": annotations, "dropped": dict(dropped)}
    if not measured.scores:
        lines = "; ".join(left_out_lines({**left_out, "problems": problems.as_report()}))
        raise ValueError(f"{source}: no object has a mask and passes the crop rules; {lines or 'there is no object'}")
    wanted = 0 if "inpainter" in missing else min(len(measured.scores), MOST)
    backgrounds = empty_crops(photos, rules, model.networks.size, wanted, options.seed, problems)
    problems.check(every_photo)
    result = mask_means(measured.scores)
    if options.by_class:
        result["by_class"] = class_means(measured.scores)
    result |= _fills_and_pastes(model, vgg, measured, backgrounds, options.seed, with_pastes=not missing)
    if options.full_size and "inpainter" not in missing:
        result["full_size"] = _fill_full_size(options, vgg, measured, photos, rules, problems)
        problems.check(every_photo)
    left_out["problems"] = problems.as_report()  # with those of photographs for holes
    result["left_out"] = left_out
    print_tables(result)
    for line in left_out_lines(left_out):
        say(line)
    if reason := _reason_for_gaps(missing, vgg, result):
        say(reason)
    if "full_size" in result and result["full_size"] is None:
        say(f"no fills at full size: {NO_PLACE}")
    if options.json is not None:
        write_json(options.json, result)
    if options.csv is not None:
        write_scores(measured.scores, options.csv)
    if options.sheet is not None:
        _draw(options.sheet, model, measured.scores, photos, rules, given, backgrounds)


def _check_classes(options: Options, photos: "Sequence[Photo]") -> None:
    """Name the classes that do not occur; a part of a set need not have all. Raises ValueError if none occurs."""
    from seigan_tf.data.planning.plan import check_classes

    found = {item.category for photo in photos for item in photo.objects}
    missing = [name for name in options.classes if name not in found]
    if len(missing) == len(options.classes):
        check_classes("--classes", missing, found)
    for name in missing:
        say(f"--classes: no object is of the class {name!r}")


def _check(options: Options) -> None:
    """Raise ValueError for options that can be refused before anything slow is loaded."""
    for path in (getattr(options, name) for name in WRITTEN):
        if path is not None:
            check_writable(path)
    if options.sheet is not None and options.sheet.suffix.lower() != ".png":
        raise ValueError(f"--sheet {options.sheet}: expected a name that ends in .png")
    shared.check_at_least("--seed", options.seed, 0)
    shared.check_range("--grow", options.grow, 1)
    if options.baselines and not options.full_size:
        raise ValueError("--baselines: compares fills at full size, expected --full-size with it")
    if options.baselines and importlib.util.find_spec("patchmatch") is None:
        raise ValueError("--baselines: PatchMatch is not installed; pip install pypatchmatch")


def _measure(
    model, photos: "list[Photo]", rules: "CropRules", given: "Given", problems: "Tally", dropped: Counter[str]
) -> Measured:
    """Score every object; `problems` and `dropped` count the others."""
    import numpy as np

    from seigan_tf.evaluation.crops import evaluation_objects
    from seigan_tf.evaluation.inpainting import object_hole
    from seigan_tf.evaluation.masks import measure_masks
    from seigan_tf.inference import arrays

    size = model.networks.size
    images, boxes, holes = [], [], []

    def passing(progress) -> "Iterator[EvaluationObject]":
        for done, found in enumerate(evaluation_objects(photos, rules, size, problems, given, dropped), 1):
            progress(done, len(photos))
            for item in found:
                images.append(item.image)
                boxes.append(item.box)
                holes.append(object_hole(item.truth, size))
                yield item

    with bar(console, "measuring photographs") as progress:
        scores = list(measure_masks(partial(arrays.segment, model), passing(progress)))
    return Measured(scores, np.array(images), np.array(boxes), np.array(holes))


def _fills_and_pastes(
    model, vgg, measured: Measured, backgrounds: "np.ndarray", seed: int, with_pastes: bool
) -> dict[str, Any]:
    """Return the values of "inpainting" and "realism"; None for those that cannot be measured."""
    import numpy as np

    from seigan_tf.evaluation import inpainting, realism
    from seigan_tf.inference import arrays

    result: dict[str, Any] = {"inpainting": None, "realism": None}
    if not len(backgrounds):
        return result
    if measured.holes.any():
        holes = inpainting.draw_holes(measured.holes, len(backgrounds), seed)
        result["inpainting"] = inpainting.measure_inpainting(partial(arrays.inpaint, model), backgrounds, holes, vgg)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(measured.images))[:MOST])
    if with_pastes and vgg is not None and min(len(chosen), len(backgrounds)) >= realism.FEWEST:
        images, boxes = measured.images[chosen], measured.boxes[chosen]
        result["realism"] = realism.measure_realism(partial(arrays.swap, model), vgg, images, boxes, backgrounds)
    return result


def _fill_full_size(
    options: Options, vgg, measured: Measured, photos: "list[Photo]", rules: "CropRules", problems: "Tally"
) -> dict[str, Any] | None:
    """Return the values of "full_size"; None if there is no hole, or no place in a readable photograph for one."""
    from seigan_tf.compose.backends import load_backend
    from seigan_tf.compose.erasing import METHODS, fill_mask
    from seigan_tf.evaluation import full_size, inpainting
    from seigan_tf.evaluation.empty_places import empty_places

    places = empty_places(photos, rules, min(len(measured.scores), MOST_FULL_SIZE), options.seed)
    if not places or not measured.holes.any():
        return None
    backend = load_backend(options.weights)

    def ours(method) -> full_size.Fill:
        return lambda case: fill_mask(backend, case.photo, case.hole, case.region, case.objects, method)

    methods = {name: ours(name) for name in METHODS} | full_size.baselines(options.baselines)
    holes = inpainting.draw_holes(measured.holes, len(places), options.seed)
    with bar(console, "filling holes") as progress:
        return full_size.measure_full_size(methods, places, holes, vgg, problems, progress)


def _reason_for_gaps(missing: Sequence[str], vgg, result: dict[str, Any]) -> str:
    """Return a line about missing measures, or an empty text; `missing` are the networks that were not trained."""
    from seigan_tf.evaluation.realism import FEWEST
    from seigan_tf.inference.weights import GENERATORS

    trained = [f"the {name}" for name in GENERATORS if name not in missing]
    alone = f"of these weights {' and '.join(trained)} alone {'was' if len(trained) == 1 else 'were'} trained"
    if "inpainter" in missing:
        return f"no inpainting and no realism: {alone}"
    if result["inpainting"] is None:
        return f"no inpainting and no realism: {NO_PLACE}"
    if missing:
        return f"no realism: {alone}"
    if vgg is None:
        return "no VGG distance and no realism: give --vgg-weights imagenet or a path"
    return "" if result["realism"] else f"no realism: fewer than {FEWEST} objects, or than {FEWEST} places without one"


def _draw(
    path: Path,
    model,
    scores,
    photos: "list[Photo]",
    rules: "CropRules",
    given: "Given",
    backgrounds: "np.ndarray",
) -> None:
    from seigan_tf.data.planning.report import Tally
    from seigan_tf.evaluation import examples, masks
    from seigan_tf.evaluation.crops import evaluation_objects

    iou = [row.iou[masks.MODEL] for row in scores]
    groups = examples.pick_examples(iou)
    chosen = {index for group in groups.values() for index in group}
    # Read these photographs again: keeping the crops of all objects would take too much memory.
    again = [photo for photo in photos if photo.name in {scores[index].photo for index in chosen}]
    found = {
        (item.photo, item.id): item
        for items in evaluation_objects(again, rules, model.networks.size, Tally(1.0), given)
        for item in items
    }
    shown = {
        f"{title}, {len(group)} of {len(iou)}": [(found[scores[i].photo, scores[i].id], iou[i]) for i in group]
        for title, group in groups.items()
    }
    with replacing(path) as temporary:
        examples.draw_examples(model, shown, backgrounds).save(temporary, format="PNG")
