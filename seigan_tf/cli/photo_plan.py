"""Options of cut, erase and paste, and the plan that they describe: photographs, boxes and outputs."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated, NamedTuple

import tyro

from seigan_tf import pretrained
from seigan_tf.cli.options import Backend, Grow, Source, Weights, check_range, say
from seigan_tf.cli.photo_boxes import read_boxes
from seigan_tf.data.photos.photo import Note, Photo, Problem
from seigan_tf.utils.outputs import check_outputs, check_writable
from seigan_tf.utils.text import numbers, shown

LABEL_FILES = frozenset({".xml", ".yaml", ".yml"})  # further suffixes of files that hold boxes, in folders

Boxes = tyro.conf.UseAppendAction[Annotated[tuple[str, ...], tyro.conf.arg(metavar="X,Y,W,H")]]


@dataclass(frozen=True)
class PhotoOptions:
    photo: tyro.conf.Positional[Path]
    """A photograph, or a folder of photographs."""
    output: Annotated[Path, tyro.conf.arg(aliases=("-o",))]
    """File to write (.png, .jpg, .webp, .tif). For several outputs a folder: for a folder of photographs, for several
    boxes of cut, and for cut and paste with --annotations."""
    box: tyro.conf.UseAppendAction[Annotated[tuple[str, ...], tyro.conf.arg(metavar="X,Y,W,H|X,Y|auto")]] = ()
    """Left, top, width and height of the object, in pixels of the upright photograph. With --detector also X,Y, a point
    of the object, or auto, the object that the detector is surest of."""
    detector: Path | None = None
    """LiteRT (.tflite) detection model for --box X,Y and --box auto; docs/detectors.md names some."""
    detector_class: str | None = None
    """Name or number of the class of the object that the detector looks for; by default all."""
    annotations: Path | None = None
    """File or folder with the boxes, instead of --box. For a folder of photographs the default is the one such file in
    it."""
    source: Source = "auto"
    weights: Weights = pretrained.DEFAULT
    backend: Backend = "auto"
    refine: bool = True
    """Align masks with the edges in the photograph."""
    grow: Grow = 0.0
    format: Annotated[str | None, tyro.conf.arg(metavar="png|jpg|webp|tif")] = None
    """Format of the files in an output folder, by default png. PNG and TIFF keep every pixel."""
    overwrite: bool = False
    """Replace files in an output folder; by default those that exist are skipped."""


class Marked(NamedTuple):
    """One box of one photograph."""

    box: tuple[float, float, float, float]  # x, y, width, height in pixels
    category: str
    output: Path


class Task(NamedTuple):
    """One photograph and its boxes."""

    photo: Path
    name: str  # name of the photograph in messages and reports
    size: tuple[int, int] | None  # width and height, if the annotations give them
    marked: tuple[Marked, ...]


class Plan(NamedTuple):
    """The work of one call."""

    tasks: list[Task]
    problems: list[Problem]  # problems of the annotations
    one: bool
    """There is one output file: errors end the command. Otherwise errors are counted, and existing files are kept."""
    crowds: int = 0  # boxes of groups, which are no objects to cut, erase or paste

    @property
    def left_out(self) -> str:
        """The crowds in words; an empty text if there are none."""
        return f"{self.crowds} crowd{'s' if self.crowds > 1 else ''} left out" if self.crowds else ""


def make_plan(
    options: PhotoOptions,
    apart: bool,
    transparent: bool = False,
    inputs: Iterable[Path] = (),
    also: Iterable[Path] = (),
) -> Plan:
    """Read the boxes and check all paths, before anything slow is loaded.

    Args:
        options: those of the command.
        apart: each object has its own output; otherwise each photograph has one.
        transparent: outputs need transparency.
        inputs, also: further files that are read, and that are written.

    Raises:
        ValueError: options that exclude each other, an invalid box, an output that cannot be written or is also an
            input, or two outputs with one path.
    """
    check_range("--grow", options.grow, 1)
    if options.box and options.annotations is not None:
        raise ValueError("--box and --annotations: both are given, expected one of them")
    if not options.photo.exists():
        raise ValueError(f"{options.photo}: missing, expected a photograph or a folder of photographs")
    if (options.detector, options.detector_class) != (None, None) and not options.box:
        raise ValueError("--detector and --detector-class: are of no use without --box auto or --box X,Y")
    if options.photo.is_dir():
        if options.box:
            raise ValueError(f"{options.photo}: a folder, expected one photograph with --box; give --annotations")
        plan = _from_annotations(options, options.photo, apart, False)
    elif options.annotations is not None:
        plan = _from_annotations(options, options.photo.absolute().parent, apart, not apart)
    elif options.box:
        plan = _from_boxes(options, apart)
    else:
        raise ValueError("--box is not given, expected X,Y,W,H of the object in pixels, or --annotations")
    _check_outputs(options, plan, transparent, [*inputs, *_annotation_files(options)], also)
    return plan


def parse_numbers(option: str, text: str, form: str, counts: Sequence[int]) -> tuple[float, ...]:
    """Return the numbers of an option like X,Y,W,H. Raises ValueError unless they are finite and as many as allowed."""
    values = numbers(text, counts)
    if values is None:
        raise ValueError(f"{option} {shown(text)}: expected {form}, numbers in pixels")
    return values


def _annotation_files(options: PhotoOptions) -> list[Path]:
    """List the files that hold annotations, or may."""
    from seigan_tf.data.photos.files import BOX_FILES

    if options.annotations is None:
        # Deeper folders are left out: they may hold the results of an earlier call.
        inside = options.photo.glob("*")
    elif options.annotations.is_dir():
        inside = options.annotations.rglob("*")
    else:
        return [options.annotations]
    return [path for path in inside if path.suffix.lower() in BOX_FILES | LABEL_FILES]


def _from_boxes(options: PhotoOptions, apart: bool) -> Plan:
    from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size

    try:
        size = photo_size(options.photo)
    except UnreadablePhoto as error:
        raise ValueError(f"{options.photo}: {error}") from None
    boxes = read_boxes(options.photo, size, options.box, options.detector, options.detector_class)
    one = not apart or len(boxes) == 1
    outputs = _outputs(options, options.photo.name, len(boxes), apart, one)
    marked = tuple(Marked(box, "", output) for box, output in zip(boxes, outputs, strict=True))
    return Plan([Task(options.photo, options.photo.name, None, marked)], [], one)


def _from_annotations(options: PhotoOptions, images: Path, apart: bool, one: bool) -> Plan:
    from seigan_tf.data.annotations.formats import read_annotations

    tasks: list[Task] = []
    problems: list[Problem] = []
    incomplete, crowds = False, 0
    for item in read_annotations(options.source, images, options.annotations):
        if isinstance(item, Note):
            say(item.text)
        elif isinstance(item, Problem):
            problems.append(item)
        elif not options.photo.is_file() or os.path.realpath(item.path) == os.path.realpath(options.photo):
            incomplete = incomplete or item.incomplete
            crowds += sum(each.crowd for each in item.objects)
            task = _task(options, item, apart, one, problems)
            if task.marked:
                tasks.append(task)
    if options.photo.is_dir():
        return Plan(tasks, problems, one, crowds)
    # For one photograph, problems of others are left out.
    name = tasks[0].name if tasks else options.photo.name
    problems = [problem for problem in problems if _concerns(problem, name)]
    plan = Plan(tasks, problems, one, crowds)
    if not tasks:
        reasons = [f"{problem.where}: {problem.what}" for problem in problems[:1]] + [plan.left_out]
        why = "; ".join(filter(None, reasons))
        raise ValueError(
            f"{options.photo}: {options.annotations} has no box of it that can be used{f' ({why})' if why else ''}"
        )
    if incomplete and not problems:
        problems.append(Problem("object", name, f"{options.annotations} has boxes of it that cannot be used"))
    return plan


def _concerns(problem: Problem, name: str) -> bool:
    """Whether a problem is one of the photo; readers write NAME, "... of NAME", "... (NAME)" or its label file."""
    own = [shown(PurePath(name).with_suffix(suffix).as_posix()) for suffix in (".txt", ".xml")]
    return (
        problem.where == name
        or problem.where.endswith((f" of {name}", f"({name})", f"({shown(name)})"))
        or problem.where.partition(": ")[0] in own
    )


def _task(options: PhotoOptions, photo: Photo, apart: bool, one: bool, problems: list[Problem]) -> Task:
    from seigan_tf.compose import geometry

    objects = []
    for item in photo.objects:
        try:
            geometry.clip_box(item.box, photo.width, photo.height)
        except ValueError as error:
            problems.append(Problem("object", photo.name, f"annotation {item.id}: {error}"))
        else:
            if not item.crowd:
                objects.append(item)
    outputs = _outputs(options, photo.name, len(objects), apart, one)
    marked = (Marked(item.box, item.category, output) for item, output in zip(objects, outputs, strict=True))
    return Task(photo.path, photo.name, (photo.width, photo.height), tuple(marked))


def upright(task: Task, marked: list[Marked]) -> tuple[Task, list[Marked]]:
    """The task and its boxes in the upright photo; annotations may give them in its stored pixels.

    Raises ValueError, naming the file, if the photo cannot be read.
    """
    from seigan_tf.data.photos.reading import UnreadablePhoto
    from seigan_tf.data.photos.turning import stored_on_its_side, upright_box

    size = task.size
    if size is None:
        return task, marked
    try:
        orientation = stored_on_its_side(task.photo, size)
    except UnreadablePhoto as error:
        raise ValueError(f"{task.photo}: {error}") from None
    if not orientation:
        return task, marked
    turned = [item._replace(box=upright_box(item.box, size, orientation)) for item in marked]
    return task._replace(size=size[::-1]), turned


def _outputs(options: PhotoOptions, name: str, count: int, apart: bool, one: bool) -> list[Path]:
    if one:
        return [options.output] * count
    file, suffix = options.output / name, f".{options.format or 'png'}"
    if not apart:
        return [file.with_suffix(suffix)] * count
    return [file.with_name(f"{file.stem}-{number}{suffix}") for number in range(1, count + 1)]


def _check_outputs(
    options: PhotoOptions, plan: Plan, transparent: bool, inputs: list[Path], also: Iterable[Path]
) -> None:
    from seigan_tf.compose.photo_files import FORMATS, check_ending

    given = f".{options.format}"
    if options.format is not None:
        check_ending(Path(f"all{given}"), transparent, f"--format {options.format}")
    if plan.one:
        check_ending(options.output, transparent)
        if options.format is not None and FORMATS[given.lower()] != FORMATS[options.output.suffix.lower()]:
            raise ValueError(f"--format {options.format}: {options.output} has another format, expected one of the two")
        check_writable(options.output)
    else:
        named = options.output.suffix.lower() in FORMATS
        if not options.output.is_dir() and (named or options.output.exists()):
            raise ValueError(f"{options.output}: names a file, expected a folder for several outputs")
    for path in also:
        check_writable(path)
    written = [(output, task.name) for task in plan.tasks for output in dict.fromkeys(m.output for m in task.marked)]
    read = [*inputs, *(task.photo for task in plan.tasks)]
    check_outputs([*written, *((path, "all photographs") for path in also)], read)
