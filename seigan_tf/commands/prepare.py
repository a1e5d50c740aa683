"""python -m seigan_tf prepare: photographs and boxes to stored crops."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from seigan_tf.config import DataConfig
from seigan_tf.data import data_summary
from seigan_tf.data.annotations import Problem
from seigan_tf.progress import bar

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
    backgrounds_per_object: float = DataConfig.backgrounds_per_object
    """Background crops to look for, for each object crop."""
    size: int = 128
    """Side of the crops in pixels; training may use them smaller."""
    detector: Path | None = None
    """LiteRT (.tflite) detection model that draws the boxes; docs/detectors.md names some."""
    detector_class: str | None = None
    """Class of the detector whose objects become crops: a name or a number."""
    detector_score: float = 0.5
    """Least score of a detection."""
    detector_labels: Path | None = None
    """File with the detector's class names, a line each; unless given, those in the model, or COCO's."""
    max_bad: Annotated[str, tyro.conf.arg(metavar="PERCENT")] = "1%"
    """Share of photographs, and of objects, that may be unusable before the run ends."""
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
    console = console or Console()
    with tempfile.TemporaryDirectory(prefix="seigan-photos-") as temporary:
        _prepare(*_config(options, Path(temporary), console), options, console)


def _prepare(config: DataConfig, problems: list[Problem], options: Options, console: Console) -> None:
    from seigan_tf.data.storage.prepare import prepare

    workers = _cores() if options.workers is None else options.workers
    with bar(console, "cutting photographs") as progress:
        report = prepare(config, options.size, options.out, workers, options.beam, progress, problems)
    for line in data_summary.lines(report):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    console.print(f"look at {options.out / 'objects.png'} and {options.out / 'backgrounds.png'}", soft_wrap=True)


def _config(options: Options, temporary: Path, console: Console) -> tuple[DataConfig, list[Problem]]:
    """The settings of the data, and problems met already; boxes and photographs that are yet to be had are had now."""
    from seigan_tf.data import readers
    from seigan_tf.data.crops import PROTOCOLS

    if options.out.exists():
        raise ValueError(f"--out {options.out}: exists already, expected a folder to make")
    if options.protocol not in PROTOCOLS:
        raise ValueError(f"--protocol {options.protocol}: expected one of {', '.join(PROTOCOLS)}")
    if (options.detector is None) != (options.detector_class is None):
        raise ValueError("--detector and --detector-class: one is given, expected both or neither")
    rules = PROTOCOLS[options.protocol]
    config = DataConfig(
        images=options.images,
        annotations=options.annotations,
        val_images=options.val_images,
        val_annotations=options.val_annotations,
        held_out=options.held_out,
        classes=options.classes,
        max_bad=_fraction(options.max_bad),
        backgrounds_per_object=options.backgrounds_per_object,
        seed=options.seed,
        **{
            name: getattr(rules if getattr(options, name) is None else options, name)
            for name in ("object_fraction", "min_short_side", "max_object_fraction", "min_aspect")
        },
    )
    if options.source.startswith("tfds:"):
        return _fetch(config, options.source.removeprefix("tfds:"), temporary, console)
    if options.images is None:
        raise ValueError("--images is not given, expected the folder of the photographs")
    if options.detector is not None:
        return _detect(config, options, console)
    source = readers.guess(options.images, options.annotations) if options.source == "auto" else options.source
    if source not in readers.FORMATS:
        raise ValueError(f"--source {source}: expected one of auto, {', '.join(readers.FORMATS)}, tfds:NAME")
    return replace(config, source=source), []


def _detect(config: DataConfig, options: Options, console: Console) -> tuple[DataConfig, list[Problem]]:
    """Lets the detector draw the boxes, into a file that stays."""
    from seigan_tf.data.detection import detector

    if config.annotations is not None:
        raise ValueError("--annotations and --detector are both given, expected one")
    boxes = options.out.with_name(f"{options.out.name}-boxes.json")
    if boxes.exists():
        raise ValueError(f"{boxes}: exists already; give it as --annotations, or remove it to detect anew")
    with bar(console, "detecting") as progress:
        found = detector.detect(
            options.images,
            options.detector,
            options.detector_class,
            options.detector_score,
            options.detector_labels,
            progress,
        )
        boxes.parent.mkdir(parents=True, exist_ok=True)
        problems = detector.write(found, boxes)
    console.print(f"boxes: {boxes}; edit it and give it as --annotations to prepare again", soft_wrap=True)
    return replace(config, source="coco", annotations=boxes, classes=(found.wanted,)), problems


def _fetch(config: DataConfig, name: str, temporary: Path, console: Console) -> tuple[DataConfig, list[Problem]]:
    """Copies photographs and boxes of a set of TensorFlow Datasets into files."""
    from seigan_tf.data import tfds_source
    from seigan_tf.data.coco_writer import write_coco

    if config.images is not None or config.annotations is not None:
        raise ValueError("--images and --annotations are of no use with --source tfds:NAME, expected neither")
    paths, problems = {}, []
    for split in tfds_source.splits(name):
        images = temporary / split
        images.mkdir()
        with bar(console, f"reading {name} {split}") as progress:
            problems += write_coco(tfds_source.photos(name, images, split, progress), images.with_suffix(".json"))
        paths[split] = images, images.with_suffix(".json")
    config = replace(config, source="coco", images=paths["train"][0], annotations=paths["train"][1])
    if "validation" in paths:
        config = replace(config, val_images=paths["validation"][0], val_annotations=paths["validation"][1])
    return config, problems


def _fraction(text: str) -> float:
    """A share, "1%" or "0.01", as a fraction."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ValueError(f"--max-bad {text}: expected a share from 0% to 100%")
    return value


def _cores() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if cores > 1 else 0
