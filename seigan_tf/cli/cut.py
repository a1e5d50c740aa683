"""python -m seigan_tf cut: objects out of full-size photographs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from seigan_tf.cli import photo_options, photo_work
from seigan_tf.cli.photo_options import Marked, PhotoOptions, Task
from seigan_tf.data.annotations import Object, Photo

if TYPE_CHECKING:
    import numpy as np

DESCRIPTION = """Cut objects out of photographs of any size.

  python -m seigan_tf cut photo.jpg --box 850,420,1200,900 -o cat.png
  python -m seigan_tf cut photo.jpg --box 850,420,1200,900 --box 30,40,200,150 -o cats
      two objects: cats/photo-1.png, cats/photo-2.png
  python -m seigan_tf cut photos --annotations boxes.json -o cats --trim --json cats.json
      every object of a folder; cats.json has their tight boxes and masks, as COCO

The cut-out has the size of the photograph and is transparent around the object. Colours and ICC profile are those of
the photograph; EXIF orientation is applied, other metadata is left out.
"""


@dataclass(frozen=True)
class Options(PhotoOptions):
    mask_only: bool = False
    """Write the mask, white on black, in place of the cut-out."""
    trim: bool = False
    """Write what is in the box only, in place of the size of the photograph."""
    json: Path | None = None
    """File for the tight boxes and masks of all objects, as COCO JSON. With it all are cut anew."""


def run(arguments: Sequence[str], console: Console | None = None) -> None:
    """Cuts as the arguments say; raises what `photo_work.run` does."""
    photo_work.run("cut", Options, DESCRIPTION, _job, arguments, console)


def _job(options: Options) -> photo_work.Job:
    also = [] if options.json is None else [options.json]
    plan = photo_options.plan(options, apart=True, transparent=not options.mask_only, also=also)
    found: dict[str, tuple[Photo, list[Object]]] = {}

    def make(composer, photo, task: Task, marked: list[Marked], done) -> None:
        from seigan_tf.compose import photo_files

        (item,) = marked
        seen = photo.visible
        matte = composer.matte(seen, item.box)
        mask = matte.mask(seen)
        grey = (255 * mask).round().astype("uint8")
        array = grey if options.mask_only else matte.cutout(photo, mask)
        array = array if options.trim else matte.window.within(array, *photo.size)
        photo_files.write(item.output, array, photo.profile)
        if options.json is not None:
            _, objects = found.setdefault(task.name, (Photo(task.photo, *photo.size, name=task.name), []))
            objects.append(_found(item, matte.window.within(grey > 127, *photo.size)))
        done()

    def report() -> None:
        from seigan_tf.data.coco_writer import write_coco

        write_coco((replace(photo, objects=tuple(objects)) for photo, objects in found.values()), options.json)

    if options.json is None:
        return photo_work.Job(plan, make)
    return photo_work.Job(plan, make, again=True, finish=report)


def _found(item: Marked, mask: "np.ndarray") -> Object:
    """The object with its tight box and its mask as run lengths; with an empty box where nothing was found."""
    import numpy as np
    from pycocotools import mask as coco_mask

    runs = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    box = tuple(float(value) for value in coco_mask.toBbox(runs))
    category = item.category or "object"
    return Object(box, False, {"size": list(runs["size"]), "counts": runs["counts"].decode()}, category=category)
