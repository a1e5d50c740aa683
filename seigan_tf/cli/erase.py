"""python -m seigan_tf erase: objects from full-size photographs."""

from collections.abc import Sequence

from rich.console import Console

from seigan_tf.cli import photo_options, photo_work
from seigan_tf.cli.photo_options import Marked, PhotoOptions, Task

DESCRIPTION = """Erase objects from photographs of any size.

  python -m seigan_tf erase photo.jpg --box 850,420,1200,900 -o without.png
  python -m seigan_tf erase photo.jpg --box 850,420,1200,900 --box 30,40,200,150 -o without.png
  python -m seigan_tf erase photos --annotations boxes.json -o without
      every box of a folder

Only the object and a narrow rim around it change; in PNG and TIFF every other pixel is that of the photograph, which
JPEG and WebP compress anew.
"""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Erases as the arguments say; raises what `photo_work.run` does."""
    photo_work.run("erase", PhotoOptions, DESCRIPTION, _job, arguments, console)


def _job(options: PhotoOptions) -> photo_work.Job:
    return photo_work.Job(photo_options.plan(options, apart=False), _make)


def _make(composer, photo, task: Task, marked: list[Marked], done) -> None:
    from seigan_tf.compose import photo_files

    erased = composer.erase_picture(photo, [item.box for item in marked], done)
    photo_files.write(marked[0].output, erased.array, erased.profile)
