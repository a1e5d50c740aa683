"""python -m seigan_tf cut: cut objects out of full-size photographs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seigan_tf.cli.photo_plan import Marked, PhotoOptions, Task, make_plan
from seigan_tf.cli.photo_run import Job, run_photos
from seigan_tf.data.photos.photo import Object, Photo

if TYPE_CHECKING:
    import numpy as np

DESCRIPTION = """Cut objects out of photographs of any size.

  python -m seigan_tf cut photo.jpg --box 850,420,1200,900 -o cat.png
  python -m seigan_tf cut photo.jpg --box 850,420,1200,900 --box 30,40,200,150 -o cats
      two objects: cats/photo-1.png, cats/photo-2.png
  python -m seigan_tf cut photos --annotations boxes.json -o cats --trim --json cats.json
      every object of a folder; cats.json gets their tight boxes and masks in COCO's format

The cut-out has the size of the photograph and is transparent around the object. Colours and ICC profile are those of
the photograph; EXIF orientation is applied, other metadata is dropped.
"""


@dataclass(frozen=True)
class Options(PhotoOptions):
    mask_only: bool = False
    """Write the mask, white on black, instead of the cut-out."""
    trim: bool = False
    """Write the box only, instead of the size of the photograph."""
    json: Path | None = None
    """COCO file for the tight boxes and masks of all objects. With it all objects are cut anew."""


def run(arguments: Sequence[str]) -> None:
    """Cut as the arguments say."""
    run_photos("cut", Options, DESCRIPTION, _job, arguments)


def _job(options: Options) -> Job:
    report = options.json
    plan = make_plan(options, apart=True, transparent=not options.mask_only, also=[] if report is None else [report])
    found: dict[str, tuple[Photo, list[Object]]] = {}

    def make(composer, photo, task: Task, marked: list[Marked], done) -> list[str]:
        from seigan_tf.compose import photo_files
        from seigan_tf.compose.composer import nothing_in

        (item,) = marked
        if not options.trim:  # of the box `write` tells
            photo_files.check_size(item.output, *photo.size)
        visible = photo.visible
        matte = composer.matte(visible, item.box)
        if not matte.found:
            raise ValueError(nothing_in(item.box))
        mask = matte.mask(visible)
        grey = (255 * mask).round().astype("uint8")
        array = grey if options.mask_only else matte.cutout(photo, mask)
        array = array if options.trim else matte.window.within(array, *photo.size)
        photo_files.write(item.output, array, photo.profile)
        if report is not None:
            width, height = photo.size
            _, objects = found.setdefault(task.name, (Photo(task.photo, width, height, name=task.name), []))
            objects.append(_object(item, matte.window.within(grey > 127, width, height)))
        done()
        return []

    if report is None:
        return Job(plan, make, ("segmenter",))

    def finish() -> None:
        from seigan_tf.data.annotations.coco_writer import write_coco

        write_coco((replace(photo, objects=tuple(objects)) for photo, objects in found.values()), report)

    return Job(plan, make, ("segmenter",), again=True, finish=finish)


def _object(item: Marked, mask: "np.ndarray") -> Object:
    """Return the object with its tight box and its mask as run lengths; the box of an empty mask is empty."""
    import numpy as np
    from pycocotools import mask as coco_mask

    runs = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    x, y, width, height = coco_mask.toBbox(runs).tolist()
    segmentation = {"size": list(runs["size"]), "counts": runs["counts"].decode()}
    return Object((x, y, width, height), False, segmentation, category=item.category or "object")
