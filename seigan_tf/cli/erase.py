"""python -m seigan_tf erase: erase objects from full-size photographs."""

from collections.abc import Sequence

from seigan_tf.cli.photo_plan import Marked, PhotoOptions, Task, make_plan
from seigan_tf.cli.photo_run import Job, run_photos

DESCRIPTION = """Erase objects from photographs of any size.

  python -m seigan_tf erase photo.jpg --box 850,420,1200,900 -o without.png
  python -m seigan_tf erase photo.jpg --box 850,420,1200,900 --box 30,40,200,150 -o without.png
  python -m seigan_tf erase photos --annotations boxes.json -o without
      every box of a folder

Only the object and a narrow rim around it change. In PNG and TIFF files all other pixels are those of the photograph;
JPEG and WebP compress them anew.
"""


def run(arguments: Sequence[str]) -> None:
    """Erase as the arguments say."""
    run_photos("erase", PhotoOptions, DESCRIPTION, _job, arguments)


def _job(options: PhotoOptions) -> Job:
    return Job(make_plan(options, apart=False), _make)


def _make(composer, photo, task: Task, marked: list[Marked], done) -> None:
    from seigan_tf.compose import photo_files

    erased = composer.erase_picture(photo, [item.box for item in marked], done)
    photo_files.write(marked[0].output, erased.array, erased.profile)
