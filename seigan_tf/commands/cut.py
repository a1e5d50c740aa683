"""python -m seigan_tf cut: objects out of full-size photographs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro
from rich.console import Console

from seigan_tf.commands import photo_options, photo_work
from seigan_tf.commands.photo_options import Marked, PhotoOptions, Task

if TYPE_CHECKING:
    import numpy as np

DESCRIPTION = """Cut objects out of photographs of any size.

  python -m seigan_tf cut photo.jpg --box 850,420,1200,900 -o cat.png
  python -m seigan_tf cut photo.jpg --box 850,420,1200,900 --box 30,40,200,150 -o cats
      two objects: cats/photo-1.png, cats/photo-2.png
  python -m seigan_tf cut photos --annotations boxes.json -o cats --trim --json cats.json
      every object of a folder; cats.json has their tight boxes and masks, as COCO

The cut-out has the size of the photograph and is transparent around the object. Colours and ICC profile are those of
the photograph; EXIF orientation is applied, other metadata is left out. Exit codes: 0 all is done; 1 some photographs
or boxes could not be used, the others are done; 2 bad input.
"""


@dataclass(frozen=True)
class Options(PhotoOptions):
    mask_only: bool = False
    """Write the mask, white on black, in place of the cut-out."""
    trim: bool = False
    """Write what is in the box only, in place of the size of the photograph."""
    json: Path | None = None
    """File for the tight boxes and masks of all objects, as COCO JSON. With it nothing that is there is skipped."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Cuts as the arguments say.

    Raises:
        ValueError: options, photographs or weights that cannot be used.
        OSError: a file cannot be written.
        photo_work.SomeFailed: some of several photographs cannot be used.
        SystemExit: --help, or an argument that is unknown or of another type.
    """
    options = tyro.cli(Options, args=list(arguments), prog="python -m seigan_tf cut", description=DESCRIPTION)
    if options.json is not None and not options.json.absolute().parent.is_dir():
        raise ValueError(f"{options.json}: its folder does not exist")
    plan = photo_options.plan(options, apart=True, transparent=not options.mask_only)
    photos: list = []

    def make(composer, photo, task: Task, marked: list[Marked], done) -> None:
        from seigan_tf.compose.picture import Picture

        objects, seen = [], photo.visible
        for item in marked:
            matte = composer.matte(Picture(seen), item.box)
            mask = matte.mask(seen)
            array = _grey(mask) if options.mask_only else matte.cutout(seen, mask, photo.alpha)
            array = array if options.trim else _full(array, matte.window, photo.size)
            _write(item.output, array, photo.profile)
            if options.json is not None:
                objects.append(_found(item, _full(_grey(mask), matte.window, photo.size) > 127))
            done()
        photos.append(_annotated(task, photo.size, objects))

    def report() -> None:
        if options.json is not None:
            from seigan_tf.data.coco_writer import write_coco

            write_coco(photos, options.json)

    photo_work.work(options, plan, console or Console(), make, options.json is not None, report)


def _write(path: Path, array: "np.ndarray", profile: bytes | None) -> None:
    from seigan_tf.compose import photo_files

    photo_files.write(path, array, profile)


def _grey(mask: "np.ndarray") -> "np.ndarray":
    return (255 * mask).round().astype("uint8")


def _full(array: "np.ndarray", window, size: tuple[int, int]) -> "np.ndarray":
    """The window's pixels in a picture of the photo's size that is 0 elsewhere."""
    import numpy as np

    result = np.zeros((size[1], size[0], *array.shape[2:]), np.uint8)
    result[window.of] = array
    return result


def _found(item: Marked, mask: "np.ndarray"):
    """The object with its tight box and its mask as run lengths; with an empty box where nothing was found."""
    import numpy as np
    from pycocotools import mask as coco_mask

    from seigan_tf.data.annotations import Object

    runs = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    box = tuple(float(value) for value in coco_mask.toBbox(runs))
    return Object(box, False, {"size": list(runs["size"]), "counts": runs["counts"].decode()}, category=item.category)


def _annotated(task: Task, size: tuple[int, int], objects: list):
    from seigan_tf.data.annotations import Photo

    return Photo(task.photo, *size, tuple(objects), task.name)
