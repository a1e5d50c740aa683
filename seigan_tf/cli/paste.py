"""python -m seigan_tf paste: an object of one photograph onto another one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from seigan_tf.cli import photo_options, photo_work
from seigan_tf.cli.photo_options import Marked, PhotoOptions, Task, numbers

DESCRIPTION = """Paste an object of one photograph onto another one, with that one's light and colours.

  python -m seigan_tf paste photo.jpg --box 850,420,1200,900 --onto garden.jpg --at 300,1500 -o cat-in-garden.png
  python -m seigan_tf paste photo.jpg --box 850,420,1200,900 --onto garden.jpg --at 300,1500,600 -o cat-in-garden.png
      600 pixels wide
  python -m seigan_tf paste photos --annotations boxes.json --onto garden.jpg --at 300,1500,600 -o pasted
      a file for each object of a folder

Where the object is not, the other photograph stays as it is; it also gives the colour profile. What reaches past its
border is clipped.
"""


@dataclass(frozen=True, kw_only=True)
class Options(PhotoOptions):
    onto: Path
    """The other photograph."""
    at: Annotated[str, tyro.conf.arg(metavar="X,Y[,W]")]
    """Left and top of the box there and, unless the object keeps its size, its width; in pixels."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Pastes as the arguments say; raises what `photo_work.run` does."""
    photo_work.run("paste", Options, DESCRIPTION, _job, arguments, console)


def _job(options: Options) -> photo_work.Job:
    at = numbers("--at", options.at, "X,Y or X,Y,W", (2, 3))
    plan = photo_options.plan(options, apart=True, inputs=[options.onto])

    from seigan_tf.compose import pasting, photo_files

    onto = photo_files.read(options.onto)
    if plan.one:  # before the weights are loaded
        pasting.target(plan.tasks[0].marked[0].box, at, *onto.size)

    def make(composer, photo, task: Task, marked: list[Marked], done) -> None:
        (item,) = marked
        pasted = composer.paste_picture(photo, item.box, onto, at)
        photo_files.write(item.output, pasted.array, pasted.profile)
        done()

    return photo_work.Job(plan, make)
