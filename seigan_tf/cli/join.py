"""python -m seigan_tf join: join annotated sets of photographs into one."""

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from seigan_tf.cli.options import MaxBad, parse, parse_share, say
from seigan_tf.utils.outputs import check_outputs, files_inside

if TYPE_CHECKING:
    from seigan_tf.data.photos.photo import Photo, Problem

DESCRIPTION = """Join sets of photographs with boxes, each in any format, into one COCO file.

  python -m seigan_tf join --set dogs dogs/boxes.csv --set more/photos more/labels --out all.json

The photographs stay at their places; the file names them relative to the folder that holds all sets, which the command
prints. Classes of the same name become one.
"""


@dataclass(frozen=True)
class Options:
    out: Path
    """COCO file to write."""
    set: tyro.conf.UseAppendAction[tuple[Annotated[tuple[Path, Path], tyro.conf.arg(metavar="DIR FILE")], ...]]
    """Folder of photographs, and the file or folder with their boxes; once for each set."""
    boxes_only: bool = False
    """Leave masks out."""
    max_bad: MaxBad = "1%"


def run(arguments: Sequence[str]) -> None:
    """Write the file, and print how to train on it."""
    options = parse(Options, arguments, "join", DESCRIPTION)
    max_bad = parse_share(options.max_bad)
    if len(options.set) < 2:
        raise ValueError(f"--set: given {len(options.set)} times, expected two sets or more")
    folders = [images.resolve() for images, _ in options.set]
    for images, folder in zip((images for images, _ in options.set), folders, strict=True):
        if not folder.is_dir():
            raise ValueError(f"{images}: no folder, expected one with photographs")
        if folders.count(folder) > 1:
            raise ValueError(f"{images}: given twice, expected each folder once")
    if not options.out.absolute().parent.is_dir():
        raise ValueError(f"{options.out}: its folder does not exist")
    check_outputs([(options.out, "all sets")], _annotation_files(options))
    from seigan_tf.data.annotations.coco_writer import write_coco
    from seigan_tf.data.planning.report import PROBLEMS_NAMED

    try:
        root = Path(os.path.commonpath(folders))
    except ValueError:  # on different drives of Windows
        raise ValueError("--set: the folders have no common parent, expected all on one drive") from None
    notes: list[str] = []
    problems = write_coco(_photos(options, root, max_bad, notes), options.out)
    left_out = [f"left out: {problem.where}: {problem.what}" for problem in problems]
    for line in notes + left_out[:PROBLEMS_NAMED]:
        say(line)
    if len(left_out) > PROBLEMS_NAMED:
        say(f"left out, too: {len(left_out) - PROBLEMS_NAMED} more")
    command = shlex.join(["--data.images", str(root), "--data.annotations", str(options.out)])
    say(f"{options.out}: {len(options.set)} sets; train with {command}")


def _annotation_files(options: Options) -> Iterator[Path]:
    """Yield the files with boxes that are given; of a folder of them the one file that --out names, if it is there."""
    for _, annotations in options.set:
        yield from files_inside([options.out], annotations) if annotations.is_dir() else [annotations]


def _photos(options: Options, root: Path, max_bad: float, notes: list[str]) -> "Iterator[Photo | Problem]":
    """Yield the photos of all sets with names relative to `root`, and the problems; add the readers' notes.

    Raises ValueError, while no file has been replaced yet, if a set gives no photo, too many problems, or a photo that
    an earlier set gives, also by a link.
    """
    from seigan_tf.data.annotations.formats import read_annotations
    from seigan_tf.data.photos.photo import Note, Photo
    from seigan_tf.data.planning.report import Tally

    given: dict[str, Path] = {}  # folder of the set of each photo
    for images, annotations in options.set:
        start = images.resolve().relative_to(root)
        tally, photos, boxes = Tally(max_bad), 0, 0
        for item in read_annotations("auto", images, annotations):
            if isinstance(item, Note):
                notes.append(item.text)
            elif isinstance(item, Photo):
                if (first := given.setdefault(os.path.realpath(item.path), images)) != images:
                    raise ValueError(f"{item.path}: is in the sets {first} and {images}, expected it in one of them")
                objects = item.objects
                photos, boxes = photos + 1, boxes + len(objects)
                if options.boxes_only:
                    objects = tuple(replace(each, segmentation=None) for each in objects)
                yield replace(item, name=(start / item.name).as_posix(), objects=objects)
            else:
                tally.add(item)
                yield item
        try:
            tally.check(photos + tally.counts["photo"], boxes + tally.counts["object"])
        except ValueError as error:
            raise ValueError(f"{annotations}: {error}") from None
        if not photos:
            raise ValueError(f"{annotations}: no photo of it can be used, expected at least one of each set")
