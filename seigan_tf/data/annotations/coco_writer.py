"""Writes photographs and boxes in COCO's JSON format (https://cocodataset.org/#format-data), one photo at a time."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from seigan_tf.data.annotations.masks import mask_runs
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.utils.atomic import replacing


def write_coco(photos: Iterable[Photo | Problem], path: Path) -> list[Problem]:
    """Writes the photos to a COCO JSON file and hands back the problems among them.

    The memory it takes does not grow with the number of photos; ids are counted anew from 1.

    Raises:
        OSError: the file cannot be written; what stood there before still does.
        ValueError: a mask does not have the size of its photo; the same holds.
    """
    problems: list[Problem] = []
    categories: dict[str, int] = {}

    def kept() -> Iterator[Photo]:
        for photo in photos:
            if isinstance(photo, Problem):
                problems.append(photo)
            else:
                yield photo

    # The format wants all photos before all objects: these wait in a file of their own.
    with replacing(path) as temporary, temporary.open("w") as file, tempfile.TemporaryFile("w+") as waiting:
        file.write('{"images": [')
        count = 0
        for number, photo in enumerate(kept(), 1):
            entry = {"id": number, "file_name": photo.name, "width": photo.width, "height": photo.height}
            file.write((",\n" if number > 1 else "\n") + json.dumps(entry))
            for item in (*photo.objects, *_unplaced(photo)):
                count += 1
                category = categories.setdefault(item.category, len(categories) + 1)
                entry = _annotation(item, photo, count, number, category)
                waiting.write((",\n" if count > 1 else "\n") + json.dumps(entry))
        file.write('],\n"annotations": [')
        waiting.seek(0)
        for line in waiting:
            file.write(line)
        names = [{"id": number, "name": name} for name, number in categories.items()]
        file.write(f'],\n"categories": {json.dumps(names)}}}\n')
    return problems


def _unplaced(photo: Photo) -> tuple[Object, ...]:
    """An object that may be anywhere, as the format has it: a crowd that fills the photo."""
    return (Object((0, 0, photo.width, photo.height), crowd=True),) if photo.incomplete else ()


def _annotation(item: Object, photo: Photo, number: int, image: int, category: int) -> dict[str, Any]:
    entry = {
        "id": number,
        "image_id": image,
        "category_id": category,
        "iscrowd": int(item.crowd),
        "bbox": list(item.box),
        "area": _area(item, photo),
    }
    if item.segmentation:
        entry["segmentation"] = item.segmentation
    if item.score is not None:
        entry["score"] = item.score
    return entry


def _area(item: Object, photo: Photo) -> float:
    """Pixels of the mask; of the box where there is no mask."""
    runs = mask_runs(item, photo)
    if runs is None:
        return item.box[2] * item.box[3]
    from pycocotools import mask as coco_mask

    return float(coco_mask.area(runs))
