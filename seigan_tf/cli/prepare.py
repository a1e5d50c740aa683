"""python -m seigan_tf prepare: photographs and boxes to stored crops."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from seigan_tf.cli.max_bad import MaxBad, share
from seigan_tf.cli.prepare_sources import AnnotatedPhotos, Detected, PublishedSet
from seigan_tf.config import DataConfig
from seigan_tf.data.planning.report import report_lines
from seigan_tf.utils.interruption import termination
from seigan_tf.utils.progress import bar
from seigan_tf.utils.workers import cores

DESCRIPTION = """Cut crops out of photographs with boxes, once, and store them for training.

Examples:

  python -m seigan_tf prepare --images photos --annotations boxes.json --out crops/cats
      COCO JSON; labels of YOLO, XML of Pascal VOC, gtFine of Cityscapes and CSV are recognised too
  python -m seigan_tf prepare --images photos --out crops/cats
      one file of boxes (.json, .csv, .txt) lies in the folder with the photographs
  python -m seigan_tf prepare --images photos --detector model.tflite --detector-class dog --out crops/dogs
      no boxes: a detector draws them; crops/dogs-boxes.json can be looked at, edited and given as --annotations
  python -m seigan_tf prepare --source tfds:voc --classes dog cat --out crops/pets
      a set of TensorFlow Datasets
  python train.py --preset boxes --data.source crops --data.crops crops/cats
      trains on what was prepared

The folder holds the crops (a set of TensorFlow Datasets), report.json (what was kept, what each rule left out, what
could not be read) and objects.png and backgrounds.png to look at. It appears when all is done, or not at all.
"""

DETECTOR_SCORE = 0.5
SOURCES = "auto|coco|yolo|voc|cityscapes|csv|tfds:NAME"


@dataclass(frozen=True)
class Options:
    out: Path
    """Folder to make; it must not exist."""
    images: Path | None = None
    """Folder of the photographs."""
    annotations: Path | None = None
    """File or folder with their boxes; unless given, the one file of boxes in --images."""
    source: Annotated[str, tyro.conf.arg(metavar=SOURCES)] = "auto"
    """Format of the annotations; auto looks at the files. tfds:NAME needs neither --images nor --annotations."""
    val_images: Path | None = None
    """Folder of the validation photographs; without it some of the others are held out, if they have masks."""
    val_annotations: Path | None = None
    """File or folder with the boxes, and masks, of the validation photographs."""
    held_out: float = DataConfig.held_out
    """Fraction of the photographs that is held out for validation."""
    classes: tuple[str, ...] = ()
    """Objects of these classes become crops; all unless given. No crop touches an object of any class."""
    protocol: Annotated[str, tyro.conf.arg(metavar="coco|dogs")] = "coco"
    """Crop rules of the paper: section 4.2 (COCO, Cityscapes) or 4.1 (dogs from Flickr). The next four change them."""
    object_fraction: float | None = None
    """Long side of the object in the crop (coco 100/128, dogs 64/128)."""
    min_short_side: float | None = None
    """Shortest side of an object, in pixels of the photograph (coco 20, dogs 60)."""
    max_object_fraction: float | None = None
    """Longest side of an object, as a fraction of the photograph's (0.4)."""
    min_aspect: float | None = None
    """Short side by long side of an object, at least (coco 0.4, dogs 0)."""
    max_mirrored: float = DataConfig.max_mirrored
    """How deep a training crop that reaches past the photograph may show its object's mirror image, as a fraction of
    its side; 1 turns the rule off."""
    backgrounds_per_object: float = DataConfig.backgrounds_per_object
    """Background crops to look for, for each object crop."""
    size: int = 128
    """Side of the crops in pixels; training may use them smaller."""
    detector: Path | None = None
    """LiteRT (.tflite) detection model that draws the boxes; docs/detectors.md names some."""
    detector_class: str | None = None
    """Class of the detector whose objects become crops: a name or a number."""
    detector_score: float | None = None
    """Least score of a detection (0.5)."""
    detector_labels: Path | None = None
    """File with the detector's class names, a line each; unless given, those in the model, or COCO's."""
    max_bad: MaxBad = "1%"
    """Share of photographs, and of objects, that may be unusable before the run ends: 1% or 0.01."""
    seed: int = DataConfig.seed
    """Seed of hold-out and backgrounds."""
    workers: int | None = None
    """Processes that decode and cut; one for each core unless given. 0: none but this one."""
    beam: str | None = None
    """Build with Apache Beam; the options of its pipeline, as runner=DirectRunner,direct_num_workers=2."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Prepares crops as the arguments say, and tells what became of photographs and objects.

    Raises:
        ValueError: settings or data that cannot be used.
        OSError: a file cannot be read or written.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    options = tyro.cli(Options, args=list(arguments), prog="python -m seigan_tf prepare", description=DESCRIPTION)
    if options.out.exists():
        raise ValueError(f"--out {options.out}: exists already, expected a folder to make")
    with termination(options.out), tempfile.TemporaryDirectory(prefix="seigan-photos-") as temporary:
        _prepare(options, _source(options, Path(temporary)), console or Console())


def _prepare(options: Options, source: AnnotatedPhotos | PublishedSet | Detected, console: Console) -> None:
    from seigan_tf.data.storage.prepare import check, prepare

    workers = _workers() if options.workers is None else options.workers
    check(source.config, options.size, options.out, workers, options.beam)
    config, problems = source.get(console)
    with bar(console, "cutting photographs") as progress:
        report = prepare(config, options.size, options.out, workers, options.beam, progress, problems, source.origin)
    for line in report_lines(report):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    pictures = f"{options.out / 'objects.png'} and {options.out / 'backgrounds.png'}"
    console.print(f"look at {pictures}", soft_wrap=True, highlight=False, markup=False)


def _source(options: Options, temporary: Path) -> AnnotatedPhotos | PublishedSet | Detected:
    """What the options name to start from.

    Raises:
        ValueError: they name none, or more than one.
    """
    from seigan_tf.data.annotations.formats import FORMATS, guess_format

    published = options.source.startswith("tfds:")
    _refuse_unused(options, published)
    config = _config(options)
    if published:
        return PublishedSet(config, options.source.removeprefix("tfds:"), temporary)
    if options.images is None:
        raise ValueError("--images is not given, expected the folder of the photographs")
    if options.detector is not None:
        boxes = options.out.with_name(f"{options.out.name}-boxes.json")
        if boxes.exists():
            raise ValueError(f"{boxes}: exists already; give it as --annotations, or remove it to detect anew")
        score = DETECTOR_SCORE if options.detector_score is None else options.detector_score
        return Detected(config, options.detector, options.detector_class, score, options.detector_labels, boxes)
    source = guess_format(options.images, options.annotations) if options.source == "auto" else options.source
    if source not in FORMATS:
        raise ValueError(f"--source {source}: expected one of auto, {', '.join(FORMATS)}, tfds:NAME")
    return AnnotatedPhotos(replace(config, source=source))


def _refuse_unused(options: Options, published: bool) -> None:
    """Raises ValueError where an option is given that another one makes useless."""
    if (options.detector is None) != (options.detector_class is None):
        raise ValueError("--detector and --detector-class: one is given, expected both or neither")
    of_detector = ("detector_score", "detector_labels")
    paths = ("images", "annotations", "val_images", "val_annotations")
    if published:
        reason, unused = "with --source tfds:NAME", (*paths, "detector", *of_detector)
    elif options.detector is not None:
        reason, unused = "with --detector", ("annotations", "classes")
        if options.source != "auto":
            raise ValueError(f"--source {options.source} is of no use with --detector, expected one of them")
    else:
        reason, unused = "without --detector", of_detector
    for name in unused:
        if getattr(options, name) not in (None, ()):
            raise ValueError(f"--{name.replace('_', '-')} is of no use {reason}, expected it not to be given")


def _config(options: Options) -> DataConfig:
    """The settings of the data, as far as options give them."""
    from seigan_tf.data.planning.rules import PROTOCOLS

    if options.protocol not in PROTOCOLS:
        raise ValueError(f"--protocol {options.protocol}: expected one of {', '.join(PROTOCOLS)}")
    rules = PROTOCOLS[options.protocol]
    return DataConfig(
        images=options.images,
        annotations=options.annotations,
        val_images=options.val_images,
        val_annotations=options.val_annotations,
        held_out=options.held_out,
        classes=options.classes,
        max_bad=share(options.max_bad),
        max_mirrored=options.max_mirrored,
        backgrounds_per_object=options.backgrounds_per_object,
        seed=options.seed,
        **{
            name: getattr(rules if getattr(options, name) is None else options, name)
            for name in ("object_fraction", "min_short_side", "max_object_fraction", "min_aspect")
        },
    )


def _workers() -> int:
    """A process for each core; on a single core none but this one."""
    return cores() if cores() > 1 else 0
