"""IoU of masks from boxes as users draw them, against the error of the boxes.

    python benchmarks/box_error.py --weights cats --set cats val instances_val.json --out docs/box_error.png

Each edge of each box is moved by a uniform random part, up to the error, of the box's width or height
(`evaluate --box-error`). Measured at the photographs' resolution against the whole object: the segmenter's mask, as in
`evaluate`, and the mask of `cut`; both also with --grow, by which they may reach outside the box; GrabCut from the box,
or the box if GrabCut finds nothing; the box. Prints a Markdown table and draws one panel for each set and weights.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ERRORS = 0.0, 0.05, 0.1, 0.15, 0.2
COLOURS = {
    "cut": (31, 90, 160),
    "cut, grown": (110, 175, 235),
    "segmenter": (190, 80, 10),
    "segmenter, grown": (245, 165, 90),
    "GrabCut or box": (110, 110, 110),
    "box": (185, 185, 185),
}
"""The rows of the table, and the colours of their lines."""
PANEL, LEFT, TOP, BOTTOM, GAP = (520, 420), 80, 60, 60, 30
INK, GREY = (30, 30, 30), (225, 225, 225)


class Panel(NamedTuple):
    """The measures of one set by one set of weights."""

    title: str
    iou: dict[str, list[float]]
    """Mean IoU at each error, by row."""


def masks_of(backend, item, grow):
    """The masks of an evaluation object, whose `limits` are those of `grow`: bool [side, side] by row."""
    from seigan_tf.compose import matting
    from seigan_tf.data.crops import CropRegion
    from seigan_tf.evaluation.agreement import to_original
    from seigan_tf.evaluation.masks import grabcut_masks, soft_masks
    from seigan_tf.utils.boxes import box_to_mask

    side = len(item.original)
    top, left, bottom, right = (float(edge) * side for edge in item.box)
    region, box = CropRegion(0, 0, side), (left, top, right - left, bottom - top)
    masks = {"box": box_to_mask(item.box, side, side), "GrabCut or box": grabcut_masks(item)["grabcut_or_box"]}
    for name, limits, reach in (("", item.box, 0.0), (", grown", item.limits, grow)):
        (soft,) = soft_masks(backend.segment, [item._replace(limits=limits)])
        matte = matting.matte(backend, item.original, box, True, reach, region)
        found = matte.window.within(matte.mask(item.original), side, side) > 0.5
        # A crop that reaches past the photo's border shows a mirror image there.
        masks["cut" + name] = found & box_to_mask(limits, side, side)
        masks["segmenter" + name] = to_original(soft[..., 0], side, side) > 0.5
    return masks


def measure(backend, photos, rules, grow, most):
    """Return the mean IoU of every row at every error, over `most` objects spread over the set at most."""
    from seigan_tf.data.planning.report import Tally
    from seigan_tf.evaluation.agreement import iou
    from seigan_tf.evaluation.crops import Given, evaluation_objects
    from seigan_tf.evaluation.drawn_boxes import DrawnBoxes

    result = {name: [] for name in COLOURS}
    for error in ERRORS:
        given = Given(DrawnBoxes(error), grow)
        objects = [x for found in evaluation_objects(photos, rules, backend.size, Tally(1.0), given) for x in found]
        chosen = objects[:: max(-(-len(objects) // most), 1)]
        scores = []
        for item in chosen:
            masks = masks_of(backend, item, grow)
            scores.append([iou(item.framed(masks[name]), item.whole) for name in COLOURS])
        for name, value in zip(COLOURS, np.mean(scores, axis=0), strict=True):
            result[name].append(float(value))
    return len(chosen), result


def to_markdown(panels):
    """Return a table with one row for each panel and kind of mask."""
    lines = ["| set, weights | mask | " + " | ".join(f"{error:.0%}" for error in ERRORS) + " |"]
    lines.append("|---|---|" + "---|" * len(ERRORS))
    for panel in panels:
        for name, values in panel.iou.items():
            lines.append(f"| {panel.title} | {name} | " + " | ".join(f"{value:.3f}" for value in values) + " |")
    return "\n".join(lines)


def draw(panels, columns):
    """Return the plot: error to the right, IoU upwards, `columns` panels in a row."""
    values = [value for panel in panels for line in panel.iou.values() for value in line]
    low, high = np.floor(20 * min(values)) / 20, np.ceil(20 * max(values)) / 20
    width, height = PANEL
    rows = -(-len(panels) // columns)
    picture = Image.new("RGB", (columns * width + GAP, rows * height + 30 * len(COLOURS) + GAP), "white")
    canvas, text = ImageDraw.Draw(picture), ImageFont.load_default(22)
    for index, panel in enumerate(panels):
        x0, y0 = index % columns * width + LEFT, index // columns * height + TOP
        across, down = width - LEFT, height - TOP - BOTTOM

        def place(error, value, x0=x0, y0=y0, across=across, down=down):
            return x0 + error / ERRORS[-1] * across, y0 + (high - value) / (high - low) * down

        canvas.text((x0, y0 - 36), panel.title, INK, text)
        for value in np.arange(low, high + 1e-6, 0.1 if high - low > 0.4 else 0.05):
            canvas.line((*place(0, value), *place(ERRORS[-1], value)), GREY, 2)
            canvas.text((x0 - 10, place(0, value)[1]), f"{value:.2f}", INK, text, anchor="rm")
        for error in ERRORS:
            canvas.text((place(error, low)[0], y0 + down + 10), f"{error:.0%}", INK, text, anchor="mt")
        for name, line in panel.iou.items():
            canvas.line([place(*point) for point in zip(ERRORS, line, strict=True)], COLOURS[name], 5, joint="curve")
    for index, (name, colour) in enumerate(COLOURS.items()):
        y = rows * height + 30 * index + 15
        canvas.line((LEFT, y, LEFT + 50, y), colour, 5)
        canvas.text((LEFT + 64, y), name, INK, text, anchor="lm")
    return picture


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", nargs="+", default=["cats"], help="shipped names, runs or export folders")
    parser.add_argument("--set", nargs=3, action="append", required=True, metavar=("NAME", "IMAGES", "ANNOTATIONS"))
    parser.add_argument("--grow", type=float, default=0.1, help="as in cut, as a fraction of the box's sides")
    parser.add_argument("--max-covered", type=float, help="as in evaluate")
    parser.add_argument("--objects", type=int, default=10**6, help="objects of a set, at most")
    parser.add_argument("--out", type=Path, required=True, help="PNG file")
    arguments = parser.parse_args(arguments)

    from seigan_tf.compose.photo_files import check_ending
    from seigan_tf.utils.outputs import check_writable

    try:
        check_ending(arguments.out)
        check_writable(arguments.out)
    except ValueError as error:
        parser.error(f"--out {error}")

    from seigan_tf.compose.backends import load_backend
    from seigan_tf.config import DataConfig
    from seigan_tf.data.annotations.formats import guess_format, read_annotations
    from seigan_tf.data.photos.photo import Photo
    from seigan_tf.data.planning.rules import CropRules

    panels = []
    for weights in arguments.weights:
        backend = load_backend(weights)
        rules = CropRules(
            backend.object_fraction,
            DataConfig.min_short_side,
            0.9,
            DataConfig.min_aspect,
            max_covered=arguments.max_covered,
        )
        for name, images, annotations in arguments.set:
            source = guess_format(Path(images), Path(annotations))
            items = read_annotations(source, Path(images), Path(annotations))
            photos = [item for item in items if isinstance(item, Photo)]
            count, scores = measure(backend, photos, rules, arguments.grow, arguments.objects)
            panels.append(Panel(f"{name}, {backend.name} ({count})", scores))
    print(to_markdown(panels))
    draw(panels, len(arguments.set)).save(arguments.out)


if __name__ == "__main__":
    main()
