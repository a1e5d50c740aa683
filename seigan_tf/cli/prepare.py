"""python -m seigan_tf prepare: cut photographs with boxes into stored crops."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tyro

from seigan_tf.cli.options import FORMATS as SOURCES
from seigan_tf.cli.options import Annotations, MaxBad, check_new, console, parse, parse_share, say, settings_by_option
from seigan_tf.config import PHOTO_PATHS, DataConfig
from seigan_tf.data.annotations.coco_writer import write_coco
from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.report import report_lines
from seigan_tf.utils.full_disk import temporary_folder
from seigan_tf.utils.interruption import parents_made, termination
from seigan_tf.utils.progress import bar
from seigan_tf.utils.workers import cores

DESCRIPTION = """Cut crops out of photographs with boxes, once, and store them for training.

Examples:

  python -m seigan_tf prepare --images photos --annotations boxes.json --out crops/cats
  python -m seigan_tf prepare --images photos --out crops/cats
      the photographs' folder holds the boxes
  python -m seigan_tf prepare --images photos --detector model.tflite --detector-class dog --out crops/dogs
      without boxes: a detector draws them into crops/dogs-boxes.json, to look at, edit and give as --annotations
  python -m seigan_tf prepare --source tfds:voc --classes dog cat --out crops/pets
      a set of TensorFlow Datasets
  python train.py --preset boxes --data.source crops --data.crops crops/cats
      training on prepared crops

Formats of the boxes, told by the content of the files (--source says it otherwise; docs/formats.md has the details):
  one file:    coco (LVIS too), csv (spreadsheets, Kaggle, Open Images), cvat (XML), label-studio (JSON, JSON-MIN),
               via (JSON, CSV), createml
  one a photo: voc (labelImg, Roboflow), labelme (X-AnyLabeling too), kitti, cityscapes, yolo; yolo-pose, yolo-segment
               and yolo-obb say what rows of 7 numbers and more are

The folder holds the crops (a set of TensorFlow Datasets), report.json (objects kept, objects dropped by each rule,
unreadable files) and the contact sheets objects.png and backgrounds.png. It appears when it is complete, or not at all.
"""

RULES = ("object_fraction", "min_short_side", "max_object_fraction", "min_aspect")
SETTINGS = (*PHOTO_PATHS, "held_out", "classes", "max_mirrored", "max_covered", "backgrounds_per_object", "seed")
"""Options with the name and the meaning of a field of DataConfig."""


@dataclass(frozen=True)
class Options:
    out: Path
    """Folder to make; it must not exist."""
    images: Path | None = None
    """Folder of the photographs."""
    annotations: Annotations = None
    source: Annotated[str, tyro.conf.arg(metavar=f"{SOURCES}|tfds:NAME")] = "auto"
    """Format of the annotations; auto looks at the files. tfds:NAME needs neither --images nor --annotations."""
    val_images: Path | None = None
    """Folder of the validation photographs; by default some of the others are held out, if they have masks."""
    val_annotations: Path | None = None
    """File or folder with the boxes and masks of the validation photographs."""
    held_out: float = DataConfig.held_out
    """Fraction of the photographs to hold out for validation."""
    classes: tuple[str, ...] = ()
    """Classes whose objects become crops; by default all."""
    protocol: Annotated[str, tyro.conf.arg(metavar="coco|dogs")] = "coco"
    """Crop rules of the paper: section 4.2 (COCO, Cityscapes) or 4.1 (dogs from Flickr). The next four change them."""
    object_fraction: float | None = None
    """Long side of the object in the crop (coco 100/128, dogs 64/128)."""
    min_short_side: float | None = None
    """Shortest side of an object, in pixels of the photograph (coco 20, dogs 60)."""
    max_object_fraction: float | None = None
    """Longest side of an object, as a fraction of the photograph's (0.4)."""
    min_aspect: float | None = None
    """Least ratio of an object's short side to its long side (coco 0.4, dogs 0)."""
    max_mirrored: float = DataConfig.max_mirrored
    """Largest depth to which a training crop beyond the photograph's border may show a mirror image of its object, as
    a fraction of its side; 1 turns the rule off."""
    max_covered: float | None = DataConfig.max_covered
    """Largest fraction of an object's box that another box may cover; None: no other box may touch the crop."""
    backgrounds_per_object: float = DataConfig.backgrounds_per_object
    """Background crops to find for each object crop."""
    size: int = 128
    """Side of the crops in pixels; training may use them smaller."""
    detector: Path | None = None
    """LiteRT (.tflite) detection model that draws the boxes; docs/detectors.md names some."""
    detector_class: str | None = None
    """Name or number of the detector's class whose objects become crops."""
    detector_score: float | None = None
    """Least score of a detection (0.5)."""
    detector_labels: Path | None = None
    """File with the detector's class names, one on each line; by default those in the model, or COCO's."""
    max_bad: MaxBad = "1%"
    seed: int = DataConfig.seed
    """Seed of hold-out and backgrounds."""
    workers: int | None = None
    """Processes that search for backgrounds, cut and write; 0 uses this process alone. By default one for each core."""
    beam: str | None = None
    """Build with Apache Beam with these pipeline options, such as runner=DirectRunner,direct_num_workers=2."""


Fetched = tuple[DataConfig, Sequence[Problem]]


class Source(NamedTuple):
    """A source of photographs with boxes, which knows its settings before anything slow runs."""

    config: DataConfig  # settings, as far as they are known before `fetch`
    origin: dict[str, Any]  # see `CropsConfig.origin`
    fetch: Callable[[], Fetched]
    """Makes the files that the settings refer to; returns the final settings and the problems on the way."""


def run(arguments: Sequence[str]) -> None:
    """Prepare crops and print the report."""
    options = parse(Options, arguments, "prepare", DESCRIPTION)
    check_new(options.out)
    with (
        settings_by_option(Options),
        termination(options.out),
        temporary_folder() as temporary,
    ):
        from seigan_tf.data.storage.prepare import check, prepare

        source = _source(options, temporary)
        # On a single core a second process would only cost memory.
        workers = (cores() if cores() > 1 else 0) if options.workers is None else options.workers
        target = options.size, options.out, workers, options.beam
        check(source.config, *target)
        config, problems = source.fetch()
        with bar(console, "cutting photographs") as progress:
            report = prepare(config, *target, progress, problems, source.origin)
        for line in report_lines(report):
            say(line)
        say(f"look at {options.out / 'objects.png'} and {options.out / 'backgrounds.png'}")


def _source(options: Options, temporary: Path) -> Source:
    """Return the source that the options name. Raises ValueError if they name none, or more than one."""
    from seigan_tf.data.annotations.formats import FORMATS

    published = options.source.startswith("tfds:")
    _refuse_unused(options, published)
    config = _config(options)
    if published:
        return _published_set(config, options.source.removeprefix("tfds:"), temporary)
    if options.images is None:
        raise ValueError("--images is not given, expected the folder of the photographs")
    if options.detector is not None and options.detector_class is not None:
        score = 0.5 if options.detector_score is None else options.detector_score
        boxes = options.out.with_name(f"{options.out.name}-boxes.json")
        detector = options.detector, options.detector_class, score, options.detector_labels
        return _detected(config, options.images, *detector, boxes)
    source: Any = options.source
    if source == "auto":
        source = _guessed(config)
    elif source not in FORMATS:
        raise ValueError(f"--source {source}: expected one of auto, {', '.join(FORMATS)}, tfds:NAME")
    config = replace(config, source=source)
    return Source(config, {}, lambda: (config, ()))


def _guessed(config: DataConfig) -> str:
    """Return the format of the annotations; "auto" if those of the validation photographs have another one."""
    from seigan_tf.data.annotations.formats import guess_format

    sets = (config.images, config.annotations), (config.val_images, config.val_annotations)
    formats = {guess_format(images, annotations) for images, annotations in sets if images is not None}
    return formats.pop() if len(formats) == 1 else "auto"


def _refuse_unused(options: Options, published: bool) -> None:
    """Raise ValueError for an option that another one makes useless."""
    if (options.detector is None) != (options.detector_class is None):
        raise ValueError("--detector and --detector-class: one is given, expected both or neither")
    unused: tuple[str, ...] = ("detector_score", "detector_labels")
    if published:
        reason, unused = "with --source tfds:NAME", (*PHOTO_PATHS, "detector", *unused)
    elif options.detector is not None:
        reason, unused = "with --detector", ("annotations", "classes")
        if options.source != "auto":
            raise ValueError(f"--source {options.source} is of no use with --detector, expected one of them")
    else:
        reason = "without --detector"
    for name in unused:
        if getattr(options, name) not in (None, ()):
            raise ValueError(f"--{name.replace('_', '-')} is of no use {reason}, expected it not to be given")


def _config(options: Options) -> DataConfig:
    """Return the settings of the data, as far as they are options."""
    from seigan_tf.data.planning.rules import PROTOCOLS

    if options.protocol not in PROTOCOLS:
        raise ValueError(f"--protocol {options.protocol}: expected one of {', '.join(PROTOCOLS)}")
    rules = PROTOCOLS[options.protocol]
    limits = {name: getattr(rules if getattr(options, name) is None else options, name) for name in RULES}
    given = {name: getattr(options, name) for name in SETTINGS}
    return DataConfig(max_bad=parse_share(options.max_bad), **given, **limits)


def _published_set(config: DataConfig, name: str, folder: Path) -> Source:
    """Return a source that copies a set of TensorFlow Datasets into files in an empty folder."""
    files = {split: (folder / split, folder / f"{split}.json") for split in ("train", "validation")}
    config = replace(config, source="coco", images=files["train"][0], annotations=files["train"][1])

    def fetch() -> Fetched:
        from seigan_tf.data.annotations.tfds_source import read_tfds, usable_splits

        splits = usable_splits(name)
        problems: list[Problem] = []
        for split in splits:
            images, annotations = files[split]
            images.mkdir()
            with bar(console, f"reading {name} {split}") as progress:
                problems += write_coco(read_tfds(name, images, split, progress), annotations)
        if "validation" not in splits:
            return config, problems
        images, annotations = files["validation"]
        return replace(config, val_images=images, val_annotations=annotations), problems

    return Source(config, {"source": f"tfds:{name}", **dict.fromkeys(PHOTO_PATHS)}, fetch)


def _detected(
    config: DataConfig, images: Path, model: Path, wanted: str, score: float, labels: Path | None, boxes: Path
) -> Source:
    """Return a source whose boxes a detector draws into the file `boxes`, which stays; see `detector.detect`."""
    if boxes.exists():
        raise ValueError(f"{boxes}: exists already; give it as --annotations, or remove it to detect anew")
    named = f", labels {labels.name}" if labels else ""
    origin = {"source": f"detector:{model.name}, class {wanted}, score {score:g}{named}", "annotations": None}
    config = replace(config, source="coco", annotations=boxes)

    def fetch() -> Fetched:
        from seigan_tf.data.detection import detector

        with bar(console, "detecting") as progress, parents_made(boxes):
            found = detector.detect(images, model, wanted, score, labels, progress)
            problems = write_coco(found, boxes)
        say(f"boxes: {boxes}; edit it and give it as --annotations to prepare again")
        return replace(config, classes=(found.wanted,)), problems

    return Source(config, origin, fetch)
