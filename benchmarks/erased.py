"""Photographs with an object erased by several methods, in folders for a blind study.

    python benchmarks/erased.py --images DIR --annotations FILE --out erased [--count 40] [--rest] [--weights NAME]
    python -m seigan_tf study compare erased/ours erased/telea erased/patchmatch --first --out study \\
        --question "Which picture looks as if nothing was removed?"

Chosen are the photographs with an object that `evaluate --max-object-fraction 0.9` uses, without those whose file is
that of an earlier one, evenly spaced in the order of their names; --rest takes as many of those that are left then.
Of each its largest such object is erased. OpenCV's Telea and plain PatchMatch (`pip install pypatchmatch`) fill the
hole that `erase` fills, with its soft rim. `erased/photos` and `erased/boxes.json` are the input for further programs.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def choose(images, annotations, object_fraction, count, rest=False):
    """Return photographs, each with the box of its largest object that the rules allow."""
    from seigan_tf.config import DataConfig
    from seigan_tf.data.annotations.formats import guess_format, read_annotations
    from seigan_tf.data.crops import CropRegion
    from seigan_tf.data.photos.photo import Photo
    from seigan_tf.data.planning.rules import CropRules, object_regions
    from seigan_tf.utils.digest import sha256

    data = DataConfig()
    rules = CropRules(object_fraction, data.min_short_side, 0.9, data.min_aspect)
    found, seen = [], set()
    items = read_annotations(guess_format(images, annotations), images, annotations)
    for photo in sorted((item for item in items if isinstance(item, Photo)), key=lambda photo: photo.name):
        regions = zip(photo.objects, object_regions(photo, rules), strict=True)
        boxes = [item.box for item, region in regions if isinstance(region, CropRegion)]
        if boxes and (digest := sha256(photo.path)) not in seen:
            seen.add(digest)
            found.append((photo, max(boxes, key=lambda box: box[2] * box[3])))
    chosen = evenly_spaced(found, count)
    return evenly_spaced([item for item in found if item not in chosen], count) if rest else chosen


def evenly_spaced(items, count):
    count = min(count, len(items))
    return [items[number * len(items) // count] for number in range(count)]


def fills(composer, pixels, box):
    """Yield names and pictures: the photo, uint8 [height, width, 3], with the object in the box erased."""
    import numpy as np

    from seigan_tf.compose import erasing, geometry
    from seigan_tf.evaluation.full_size import Case, baselines

    yield "ours", composer.erase(pixels, box)
    hole = erasing.hole_of(composer.matte(pixels, box))
    height, width = pixels.shape[:2]
    weights = np.zeros((height, width, 1), np.float32)
    for rows, strip in geometry.strips(
        hole.weights.astype(np.float32), hole.region, geometry.Window(0, 0, width, height)
    ):
        weights[rows] = strip.reshape(*strip.shape[:2], 1)
    share, mask = np.minimum(weights / 127, 1), weights[..., 0] > 0.5
    case = Case(np.where(mask[..., None], np.uint8(0), pixels), mask, hole.region, np.zeros_like(mask))
    methods = baselines(True)
    for name in ("telea", "patchmatch"):
        yield name, np.rint(pixels + (methods[name](case).astype(np.float32) - pixels) * share).astype(np.uint8)


def main():
    from seigan_tf import pretrained
    from seigan_tf.compose import photo_files
    from seigan_tf.compose.composer import Composer
    from seigan_tf.utils.atomic import write_json

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", default=pretrained.DEFAULT)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--rest", action="store_true")
    arguments = parser.parse_args()
    composer = Composer.load(arguments.weights)
    size = composer.backend.object_fraction
    chosen = choose(arguments.images, arguments.annotations, size, arguments.count, arguments.rest)
    images, boxes = [], []
    (arguments.out / "photos").mkdir(parents=True)
    for number, (photo, box) in enumerate(chosen, 1):
        name = photo.name.replace("/", "_")
        shutil.copy(photo.path, arguments.out / "photos" / name)
        images.append({"id": number, "file_name": name, "width": photo.width, "height": photo.height})
        boxes.append({"id": number, "image_id": number, "category_id": 1, "iscrowd": 0, "bbox": list(box)})
        picture = photo_files.read(photo.path, (photo.width, photo.height)).visible
        for method, filled in fills(composer, picture, box):
            (arguments.out / method).mkdir(exist_ok=True)
            photo_files.write(arguments.out / method / f"{Path(name).stem}.png", filled)
        print(f"{number} of {len(chosen)}: {name}", flush=True)
    categories = [{"id": 1, "name": "object"}]
    write_json(arguments.out / "boxes.json", {"images": images, "annotations": boxes, "categories": categories})


if __name__ == "__main__":
    main()
