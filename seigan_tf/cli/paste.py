"""python -m seigan_tf paste: paste an object of one photograph onto another one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from seigan_tf.cli.photo_plan import Marked, PhotoOptions, Task, make_plan, parse_numbers
from seigan_tf.cli.photo_run import Job, run_photos

DESCRIPTION = """Paste an object of one photograph onto another one, adapted to the light and colours there.

  python -m seigan_tf paste photo.jpg --box 850,420,1200,900 --onto garden.jpg --at 300,1500 -o cat-in-garden.png
  python -m seigan_tf paste photo.jpg --box 850,420,1200,900 --onto garden.jpg --at 300,1500,600 -o cat-in-garden.png
      600 pixels wide; with --shadow also a shadow on the ground
  python -m seigan_tf paste photos --annotations boxes.json --onto garden.jpg --at 300,1500,600 -o pasted
      a file for each object of a folder

Outside the object and its shadow the other photograph stays as it is, and its colour profile is kept. Parts beyond its
border are clipped.
"""


@dataclass(frozen=True, kw_only=True)
class Options(PhotoOptions):
    onto: Path
    """The other photograph."""
    at: Annotated[str, tyro.conf.arg(metavar="X,Y[,W]")]
    """Left, top and width of the box there, in pixels; without the width the object keeps its size."""
    shadow: bool = False
    """Darken the ground below the object, as if the light came from above."""


def run(arguments: Sequence[str]) -> None:
    """Paste as the arguments say."""
    run_photos("paste", Options, DESCRIPTION, _job, arguments)


def _job(options: Options) -> Job:
    at = parse_numbers("--at", options.at, "X,Y or X,Y,W", (2, 3))
    if all(0 <= value <= 1 for value in at) and not all(map(float.is_integer, at)):
        raise ValueError(f"--at {options.at}: fractions of the photo, expected pixels")
    plan = make_plan(options, apart=True, inputs=[options.onto])

    from seigan_tf.compose import pasting, photo_files

    onto = photo_files.read(options.onto)
    if plan.one:  # check the place before the weights are loaded
        pasting.target(plan.tasks[0].marked[0].box, at, *onto.size)

    def make(composer, photo, task: Task, marked: list[Marked], done) -> list[str]:
        (item,) = marked
        photo_files.check_size(item.output, *onto.size)
        pasted = composer.paste_picture(photo, item.box, onto, at, options.shadow)
        photo_files.write(item.output, pasted.array, pasted.profile)
        done()
        return []

    return Job(plan, make, ("segmenter", "enhancer"))
