"""How far the hole around an object should reach: errors after erasing objects that were pasted into known backgrounds.

    python benchmarks/rims.py --images DIR --annotations FILE [--weights RUN] [--count 24]

Objects of photographs with true masks are laid, with 2 pixels of their surroundings, onto squares that show no object,
and erased there with their box. For each width of the hole's margin (`erasing.CORE`) it prints the mean difference from
the true background, in grey levels: in the ring from the true outline to a distance of 4% of the crop's side, where the
object's rim stays if the margin is too small, and in everything up to 10%, where a large margin costs what was known.
"left" is the share of the pasted rim's difference from the true background that is still there in the ring.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

MARGINS = 0.0, 0.01, 0.02, 0.03
FRINGE = 2


def scenes(images, annotations, backend, count):
    """Yield photographs with a pasted object, the true backgrounds, the boxes and the true masks."""
    import cv2
    import numpy as np

    from seigan_tf.config import DataConfig
    from seigan_tf.data.annotations.formats import guess_format, read_annotations
    from seigan_tf.data.photos.photo import Photo
    from seigan_tf.data.photos.reading import read_photo
    from seigan_tf.data.planning.report import Tally
    from seigan_tf.data.planning.rules import CropRules
    from seigan_tf.evaluation.crops import evaluation_objects
    from seigan_tf.evaluation.empty_places import empty_places

    data = DataConfig()
    rules = CropRules(backend.object_fraction, data.min_short_side, data.max_object_fraction, data.min_aspect)
    source = guess_format(images, annotations)
    photos = [item for item in read_annotations(source, images, annotations) if isinstance(item, Photo)]
    places = empty_places(photos, rules, count, seed=0)
    objects = (item for found in evaluation_objects(photos, rules, backend.size, Tally(1.0)) for item in found)
    for (photo, region), item in zip(places, objects, strict=False):
        truth, side = read_photo(photo), region.side
        image = cv2.resize(item.original, (side, side), interpolation=cv2.INTER_AREA)
        mask = cv2.resize(item.truth.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
        grown = cv2.dilate(mask, np.ones((2 * FRINGE + 1,) * 2))[..., None]
        square = np.s_[region.y : region.y + side, region.x : region.x + side]
        pasted = truth.copy()
        pasted[square] = np.rint(truth[square] + (image - truth[square].astype(np.float32)) * grown)
        top, left, bottom, right = (float(edge) * side for edge in item.box)
        box = region.x + left, region.y + top, right - left, bottom - top
        there = np.zeros(truth.shape[:2], bool)
        there[square] = mask > 0.5
        yield pasted, truth, box, there, side


def main():
    import cv2
    import numpy as np

    from seigan_tf.compose import erasing
    from seigan_tf.compose.composer import Composer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--weights", default="cats")
    parser.add_argument("--count", type=int, default=24)
    arguments = parser.parse_args()
    composer = Composer.load(arguments.weights)
    errors = {margin: [] for margin in MARGINS}
    for pasted, truth, box, mask, side in scenes(
        arguments.images, arguments.annotations, composer.backend, arguments.count
    ):
        distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5) / side
        ring, near = (distance > 0) & (distance <= 0.04), distance <= 0.1
        for margin in MARGINS:
            erasing.CORE = margin
            change, rim = composer.erase(pasted, box).astype(float) - truth, pasted.astype(float) - truth
            left = (change * rim)[ring].sum() / max((rim * rim)[ring].sum(), 1.0)
            difference = np.abs(change).mean(-1)
            errors[margin].append((difference[ring].mean(), left, difference[near].mean()))
    print(f"{len(errors[MARGINS[0]])} objects    ring    left  all near")
    for margin, values in errors.items():
        print("margin {:6.3f}{:11.2f}{:8.3f}{:10.2f}".format(margin, *np.mean(values, axis=0)))


if __name__ == "__main__":
    main()
