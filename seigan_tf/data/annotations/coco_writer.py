"""Writer of COCO's JSON format (https://cocodataset.org/#format-data), one photo at a time."""

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seigan_tf.data.annotations.masks import mask_area
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.utils.atomic import replacing


def write_coco(photos: Iterable[Photo | Problem], path: Path) -> list[Problem]:
    """Write the photos to a COCO JSON file and return the problems among them.

    Memory does not grow with the number of photos; ids are counted anew from 1.

    Raises:
        OSError: the file cannot be written; an earlier file stays.
        ValueError: a mask does not have the size of its photo; an earlier file stays.
    """
    problems: list[Problem] = []
    categories: dict[str, int] = {}
    number = count = 0
    # The format wants all photos before all objects: these wait in a file of their own.
    with replacing(path) as temporary, temporary.open("w") as file, tempfile.TemporaryFile("w+") as waiting:
        file.write('{"images": [')
        for photo in photos:
            if isinstance(photo, Problem):
                problems.append(photo)
                continue
            number += 1
            entry = {"id": number, "file_name": photo.name, "width": photo.width, "height": photo.height}
            file.write((",\n" if number > 1 else "\n") + json.dumps(entry))
            # The format's object at an unknown place is a crowd that fills the photo.
            unplaced = [Object((0, 0, photo.width, photo.height), crowd=True)] if photo.incomplete else []
            for item in (*photo.objects, *unplaced):
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


def _annotation(item: Object, photo: Photo, number: int, image: int, category: int) -> dict[str, Any]:
    entry = {
        "id": number,
        "image_id": image,
        "category_id": category,
        "iscrowd": int(item.crowd),
        "bbox": list(item.box),
        "area": mask_area(item, photo),
    }
    if item.segmentation:
        entry["segmentation"] = item.segmentation
    if item.score is not None:
        entry["score"] = item.score
    return entry
