"""Sheet of pastes: without and with estimated colours at soft edges, and with the contact shadow.

    python benchmarks/pastes.py --weights cats --images DIR --annotations FILE --out pastes.jpg

The objects are COUNT of those that the crop rules keep, at equal distances in the order of the file; the backgrounds
are squares of the same photographs that touch no box. Each object is 0.6 of the background's side and stands near its
lower edge. Columns of each triple: the photograph's own colours at the object's edges, `paste`, `paste --shadow`.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

COUNT, TRIPLES_PER_ROW = 24, 3
SIDE = 256
"""Side of the backgrounds in pixels."""
TILE = 176
"""Side of each picture on the sheet in pixels."""
FRACTION = 0.6
"""Longer side of the object's box, as a fraction of SIDE."""


def pairs(images, annotations, object_fraction, left_out):
    """COUNT pairs of an object and a background, uint8 [SIDE, SIDE, 3]."""
    import numpy as np

    from seigan_tf.config import DataConfig
    from seigan_tf.data.annotations.formats import guess_format, read_annotations
    from seigan_tf.data.photos.photo import Photo
    from seigan_tf.data.planning.report import Tally
    from seigan_tf.data.planning.rules import CropRules
    from seigan_tf.evaluation.crops import evaluation_objects
    from seigan_tf.evaluation.empty_places import empty_crops

    rules = CropRules(object_fraction, DataConfig.min_short_side, 0.9, DataConfig.min_aspect)
    items = read_annotations(guess_format(images, annotations), images, annotations)
    photos = [item for item in items if isinstance(item, Photo)]
    objects = [item for found in evaluation_objects(photos, rules, 16, Tally(1.0)) for item in found]
    chosen = np.linspace(0, len(objects) - 1, COUNT).round().astype(int)
    scenes = [photo for photo in photos if photo.name not in left_out]
    return zip((objects[i] for i in chosen), empty_crops(scenes, rules, SIDE, COUNT, 0, Tally(1.0)), strict=True)


def pastes(composer, item, background):
    """The three pictures of a triple."""
    from seigan_tf.compose import pasting, shadows
    from seigan_tf.data.photos.picture import from_array

    side = len(item.original)
    top, left, bottom, right = (float(edge) * side for edge in item.box)
    box = left, top, right - left, bottom - top
    scale = FRACTION * SIDE / max(box[2:])
    at = (SIDE - box[2] * scale) / 2, 0.92 * SIDE - box[3] * scale, box[2] * scale
    goal = pasting.target(box, at, SIDE, SIDE)
    photo, onto = from_array(item.original), from_array(background)
    matte = composer.matte(photo.pixels, box)
    estimated = matte.cutout(photo, matte.mask(photo.pixels))
    own = estimated.copy()
    own[..., :3] = photo.pixels[matte.window.of] * (own[..., 3:] > 0)
    before, after = (pasting.place(cutout, box, matte.window, goal, SIDE, SIDE) for cutout in (own, estimated))
    return [
        pasting.paste(composer.backend, behind, placed).array
        for behind, placed in ((onto, before), (onto, after), (shadows.cast(onto, after), after))
    ]


def main(arguments=None):
    import cv2
    import numpy as np
    from PIL import Image

    from seigan_tf.compose.composer import Composer
    from seigan_tf.compose.photo_files import check_ending
    from seigan_tf.utils.outputs import check_writable

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", default="cats", help="a shipped name, a run folder or an export folder")
    parser.add_argument("--images", type=Path, required=True, help="photographs")
    parser.add_argument("--annotations", type=Path, required=True, help="their boxes and masks")
    parser.add_argument("--leave-out", nargs="*", default=[], help="photographs that give no background: persons")
    parser.add_argument("--out", type=Path, required=True, help="file of the sheet")
    arguments = parser.parse_args(arguments)
    try:
        check_ending(arguments.out)
        check_writable(arguments.out)
    except ValueError as error:
        parser.error(f"--out {error}")
    composer = Composer.load(arguments.weights)
    cells = []
    fraction, left_out = composer.backend.object_fraction, arguments.leave_out
    for item, background in pairs(arguments.images, arguments.annotations, fraction, left_out):
        made = pastes(composer, item, background)
        tiles = [cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA) for picture in made]
        cells.append(np.pad(np.hstack(tiles), ((0, 6), (0, 12), (0, 0)), constant_values=255))
    rows = [np.hstack(cells[i : i + TRIPLES_PER_ROW]) for i in range(0, COUNT, TRIPLES_PER_ROW)]
    Image.fromarray(np.vstack(rows)).save(arguments.out, quality=80)


if __name__ == "__main__":
    main()
