"""The options that cut, erase and paste share, and the photographs, boxes and outputs that they name."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated, NamedTuple

import tyro

from seigan_tf.data.photos.photo import Photo, Problem
from seigan_tf.utils.text import numbers as text_numbers
from seigan_tf.utils.text import shown

LABEL_FILES = frozenset({".xml", ".yaml", ".yml"})
"""Endings of what else holds boxes, in folders of them."""

Boxes = tyro.conf.UseAppendAction[Annotated[tuple[str, ...], tyro.conf.arg(metavar="X,Y,W,H")]]


@dataclass(frozen=True)
class PhotoOptions:
    photo: tyro.conf.Positional[Path]
    """A photograph, or a folder of photographs."""
    output: Annotated[Path, tyro.conf.arg(aliases=("-o",))]
    """File to write (.png, .jpg, .webp, .tif); a folder where there may be several: of a folder, and
    with --annotations for cut and paste."""
    box: Boxes = ()
    """Left, top, width and height of the object, in pixels of the upright photograph."""
    annotations: Path | None = None
    """File or folder with the boxes instead; of a folder of photographs unless given, the one such file in it."""
    source: Annotated[str, tyro.conf.arg(metavar="auto|coco|yolo|voc|cityscapes|csv")] = "auto"
    """Format of the annotations; auto looks at the files."""
    weights: str = "cats"
    """A shipped name, a run folder, runs/NAME, a .keras file, or an export folder (needs no TensorFlow)."""
    refine: bool = True
    """Let masks follow the edges of the photograph."""
    format: Annotated[str, tyro.conf.arg(metavar="png|jpg|webp|tif")] = "png"
    """Of the files in an output folder. PNG and TIFF keep every pixel."""
    overwrite: bool = False
    """Make the files in an output folder anew; those that are there are finished, and skipped otherwise."""


class Marked(NamedTuple):
    """One box of one photograph."""

    box: tuple[float, float, float, float]
    """x, y, width, height in pixels."""
    category: str
    output: Path


class Task(NamedTuple):
    """One photograph and what is to be made of it."""

    photo: Path
    name: str
    """As messages and reports call it."""
    size: tuple[int, int] | None
    """Width and height that the annotations give."""
    marked: tuple[Marked, ...]


class Plan(NamedTuple):
    """All that a command is asked for."""

    tasks: list[Task]
    problems: list[Problem]
    """Of the annotations."""
    one: bool
    """One file is asked for: errors end the command. Otherwise they are counted, and what is there is finished."""


def plan(
    options: PhotoOptions,
    apart: bool,
    transparent: bool = False,
    inputs: Iterable[Path] = (),
    also: Iterable[Path] = (),
) -> Plan:
    """What the options name, checked before anything is loaded.

    Args:
        options: of the command.
        apart: each object has an output of its own; else each photograph has one.
        transparent: outputs are nothing without their transparency.
        inputs: further files that are read.
        also: further files that are written.

    Raises:
        ValueError: options that do not fit together, boxes that are none, outputs that cannot be written, two outputs
            of one path, or an output that is an input.
    """
    if options.box and options.annotations is not None:
        raise ValueError("--box and --annotations: both are given, expected one of them")
    if not options.photo.exists():
        raise ValueError(f"{options.photo}: missing, expected a photograph or a folder of photographs")
    if options.photo.is_dir():
        if options.box:
            raise ValueError(f"{options.photo}: a folder, expected one photograph with --box; give --annotations")
        result = _annotated(options, options.photo, apart, False)
    elif options.annotations is not None:
        result = _annotated(options, options.photo.absolute().parent, apart, not apart)
    elif options.box:
        result = _boxes(options, apart)
    else:
        raise ValueError("--box is not given, expected X,Y,W,H of the object in pixels, or --annotations")
    _check_outputs(options, result, transparent, [*inputs, *_box_files(options)], also)
    return result


def numbers(option: str, text: str, form: str, counts: Sequence[int]) -> tuple[float, ...]:
    """The numbers of an option like X,Y,W,H.

    Raises:
        ValueError: they are not finite numbers, or not so many.
    """
    values = text_numbers(text, counts)
    if values is None:
        raise ValueError(f"{option} {shown(text)}: expected {form}, numbers in pixels")
    return values


def _box_files(options: PhotoOptions) -> list[Path]:
    """Files of annotations that are read, or may be."""
    from seigan_tf.data.photos.files import BOX_FILES

    if options.annotations is None:
        # Not what lies deeper: there may be the results of an earlier call.
        inside = options.photo.iterdir() if options.photo.is_dir() else ()
    elif options.annotations.is_dir():
        inside = options.annotations.rglob("*")
    else:
        return [options.annotations]
    return [path for path in inside if path.suffix.lower() in BOX_FILES | LABEL_FILES]


def _boxes(options: PhotoOptions, apart: bool) -> Plan:
    from seigan_tf.compose.geometry import clip_box
    from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size

    try:
        size = photo_size(options.photo)
    except UnreadablePhoto as error:
        raise ValueError(f"{options.photo}: {error}") from None
    boxes = [clip_box(numbers("--box", text, "X,Y,W,H", (4,)), *size) for text in options.box]
    one = not apart or len(boxes) == 1
    outputs = [options.output] * len(boxes) if one else _numbered(options, Path(options.photo.name), len(boxes))
    marked = tuple(Marked(box, "", output) for box, output in zip(boxes, outputs, strict=True))
    return Plan([Task(options.photo, options.photo.name, None, marked)], [], one)


def _annotated(options: PhotoOptions, images: Path, apart: bool, one: bool) -> Plan:
    from seigan_tf.data.annotations.formats import guess_format, read_annotations

    source = guess_format(images, options.annotations) if options.source == "auto" else options.source
    tasks, problems, incomplete = [], [], False
    for item in read_annotations(source, images, options.annotations):
        if isinstance(item, Problem):
            problems.append(item)
        elif not options.photo.is_file() or _same(item.path, options.photo):
            incomplete = incomplete or item.incomplete
            task = _task(options, item, apart, one, problems)
            if task.marked:
                tasks.append(task)
    if options.photo.is_dir():
        return Plan(tasks, problems, one)
    # Of one photo, what is wrong with others does not matter.
    name = tasks[0].name if tasks else options.photo.name
    problems = [problem for problem in problems if _is_of(problem, name)]
    if not tasks:
        first = f" ({problems[0].where}: {problems[0].what})" if problems else ""
        raise ValueError(f"{options.photo}: {options.annotations} has no box of it that can be used{first}")
    if incomplete and not problems:
        problems = [Problem("object", name, f"{options.annotations} has boxes of it that cannot be used")]
    return Plan(tasks, problems, one)


def _is_of(problem: Problem, name: str) -> bool:
    """Whether a problem is that of a photo; readers name it alone, "... of NAME", "... (NAME)" or by its own file."""
    own = [shown(PurePath(name).with_suffix(suffix).as_posix()) for suffix in (".txt", ".xml")]
    return (
        problem.where == name
        or problem.where.endswith((f" of {name}", f"({name})", f"({shown(name)})"))
        or problem.where.partition(": ")[0] in own
    )


def _task(options: PhotoOptions, photo: Photo, apart: bool, one: bool, problems: list[Problem]) -> Task:
    objects = []
    for item in photo.objects:
        if min(item.box[2:]) > 0:
            objects += [] if item.crowd else [item]
        else:
            problems.append(Problem("object", photo.name, f"box {item.box} of annotation {item.id} has no area"))
    if one:
        outputs = [options.output] * len(objects)
    elif apart:
        outputs = _numbered(options, Path(photo.name), len(objects))
    else:
        outputs = [options.output / Path(photo.name).with_suffix(f".{options.format}")] * len(objects)
    marked = (Marked(item.box, item.category, output) for item, output in zip(objects, outputs, strict=True))
    return Task(photo.path, photo.name, (photo.width, photo.height), tuple(marked))


def _numbered(options: PhotoOptions, name: Path, count: int) -> list[Path]:
    folder = options.output / name.parent
    return [folder / f"{name.stem}-{number}.{options.format}" for number in range(1, count + 1)]


def _check_outputs(
    options: PhotoOptions, result: Plan, transparent: bool, inputs: list[Path], also: Iterable[Path]
) -> None:
    from seigan_tf.compose.photo_files import FORMATS, check_ending, check_output, check_writable

    if result.one:
        check_output(options.output, transparent)
    else:
        check_ending(Path(f"--format.{options.format}"), transparent)
        named = options.output.suffix.lower() in FORMATS
        if not options.output.is_dir() and (named or options.output.exists()):
            raise ValueError(f"{options.output}: names a file, expected a folder for several outputs")
    for path in also:
        check_writable(path)
    taken: dict[str, str] = {}
    read = {os.path.realpath(path): path for path in [*inputs, *(task.photo for task in result.tasks)]}
    files = {_identity(path) for path in read.values()} - {None}
    written = [(output, task.name) for task in result.tasks for output in dict.fromkeys(m.output for m in task.marked)]
    for output, name in [*written, *((path, "all photographs") for path in also)]:
        path = os.path.realpath(output)
        if path in read or (os.path.exists(path) and _identity(output) in files):
            raise ValueError(f"{output}: is read too, expected another file to write; inputs are never overwritten")
        if path in taken:
            raise ValueError(f"{output}: would be written for {taken[path]} and for {name}, expected other names")
        taken[path] = name


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells that two paths are one file, through links too; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _same(path: Path, other: Path) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)
