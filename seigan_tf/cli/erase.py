"""python -m seigan_tf erase: erase objects from full-size photographs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Literal

from seigan_tf.cli.photo_plan import Boxes, Marked, PhotoOptions, Task, make_plan, parse_numbers
from seigan_tf.cli.photo_run import Job, run_photos

DESCRIPTION = """Erase objects from photographs of any size.

  python -m seigan_tf erase photo.jpg --box 850,420,1200,900 -o without.png
  python -m seigan_tf erase photo.jpg --box 850,420,1200,900 --box 30,40,200,150 -o without.png
  python -m seigan_tf erase photo.jpg --box 850,420,1200,900 --seed 1 -o another.png
      another fill of the same hole
  python -m seigan_tf erase photos --annotations boxes.json -o without
      every box of a folder

Only the object and a narrow rim around it change. In PNG and TIFF files all other pixels are those of the photograph;
JPEG and WebP compress them anew.
"""


@dataclass(frozen=True)
class Options(PhotoOptions):
    fill: Literal["both", "patches", "network"] = "both"
    """network: the inpainter's answer, without fine texture; patches: patches of the photograph; both: patches chosen
    by the inpainter's answer, or that answer alone if the photograph has too little to copy."""
    keep: Boxes = ()
    """Box of another object, which stays whole and of which nothing is copied; for one photograph."""
    seed: int = 0
    """Seed of the choice of patches: another one gives another fill, equal ones give equal fills. It has no effect on
    --fill network; an output folder keeps fills that exist, unless --overwrite is given."""


def run(arguments: Sequence[str]) -> None:
    """Erase as the arguments say."""
    run_photos("erase", Options, DESCRIPTION, _job, arguments)


def _job(options: Options) -> Job:
    from seigan_tf.compose.composer import MOST_SEED

    if options.keep and options.photo.is_dir():
        raise ValueError(f"--keep: {options.photo} is a folder, expected one photograph")
    keep = [parse_numbers("--keep", text, "X,Y,W,H", (4,)) for text in options.keep]
    if not 0 <= options.seed <= MOST_SEED:
        raise ValueError(f"--seed is {options.seed}, expected 0 to {MOST_SEED}")

    def make(composer, photo, task: Task, marked: list[Marked], done) -> list[str]:
        from seigan_tf.compose import geometry, photo_files
        from seigan_tf.compose.composer import nothing_in

        photo_files.check_size(marked[0].output, *photo.size)
        try:
            kept = [geometry.clip_box(box, *photo.size) for box in keep]
        except ValueError as error:
            raise ValueError(f"--keep: {error}") from None
        boxes, found = [item.box for item in marked], list[bool]()

        def after_each(is_found: bool) -> None:
            found.append(is_found)
            done()

        erased = composer.erase_picture(photo, boxes, after_each, options.fill, kept, repeat(options.seed))
        problems = [nothing_in(box) for box, is_found in zip(boxes, found, strict=True) if not is_found]
        if len(problems) == len(boxes):
            raise ValueError(problems[0])
        photo_files.write(marked[0].output, erased.array, erased.profile)
        return problems

    networks = ("segmenter",) if options.fill == "patches" else ("segmenter", "inpainter")
    return Job(make_plan(options, apart=False), make, networks)
