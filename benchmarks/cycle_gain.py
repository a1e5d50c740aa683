"""Gain of the cycle against the part of its box that an object fills, from the folders of `table1`.

    python benchmarks/cycle_gain.py runs/horses runs/persons runs/pets --out docs/cycle_gain.png

Each folder has runs of the methods seigan, box_terms and no_cycle with the same seeds. The gain of a seed is the IoU of
seigan minus that of the other method. The filled part is the mean IoU of the filled box, which it equals if boxes are
tight. Prints a Markdown table and draws one dot for each seed.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

OTHERS = {"box_terms": "over box terms alone", "no_cycle": "over NoCycle"}
SIZE, LEFT, RIGHT, TOP, BOTTOM = (1200, 700), 130, 40, 90, 110
COLOURS = {"box_terms": (31, 90, 160), "no_cycle": (200, 90, 20)}
INK, GREY = (30, 30, 30), (205, 205, 205)


class Gains(NamedTuple):
    """Gains of one set of photographs."""

    name: str
    filled: float
    """Mean IoU of the filled box."""
    gains: dict[str, list[float]]
    """IoU of seigan minus that of the method, one for each seed, by method."""


def read_gains(folder: Path) -> Gains:
    """Return the gains of a folder of `table1`. Raises ValueError if a run is missing."""
    scores: dict[str, dict[str, float]] = {}
    filled = 0.0
    for method in ("seigan", *OTHERS):
        for path in folder.glob(f"{method}-*/report.json"):
            iou = json.loads(path.read_text())["iou"]
            scores.setdefault(method, {})[path.parent.name.removeprefix(f"{method}-")] = iou["model"]
            filled = iou["box"]
    seeds = sorted(scores.get("seigan", {}))
    for method in OTHERS:
        if not seeds or sorted(scores.get(method, {})) != seeds:
            raise ValueError(f"{folder}: expected finished runs of seigan and {method} with the same seeds")
    return Gains(folder.name, filled, {m: [scores["seigan"][s] - scores[m][s] for s in seeds] for m in OTHERS})


def to_markdown(sets: list[Gains]) -> str:
    """Return a table with one row for each set, the least filled boxes first."""
    lines = ["| set | filled part of the box | over box terms alone | over NoCycle |", "|---|---|---|---|"]
    for item in sorted(sets, key=lambda item: item.filled):
        cells = [f"{sum(v) / len(v):+.3f} ({', '.join(f'{gain:+.3f}' for gain in v)})" for v in item.gains.values()]
        lines.append(f"| {item.name} | {item.filled:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def draw(sets: list[Gains]) -> Image.Image:
    """Return the plot: filled part to the right, gain upwards, a dot for each seed."""
    values = [gain for item in sets for gains in item.gains.values() for gain in gains]
    low, high = min(*values, 0.0) - 0.02, max(*values, 0.0) + 0.02
    left, right = min(item.filled for item in sets) - 0.06, max(item.filled for item in sets) + 0.06
    picture = Image.new("RGB", SIZE, "white")
    canvas = ImageDraw.Draw(picture)
    text = ImageFont.load_default(24)

    def place(filled, gain):
        x = LEFT + (filled - left) / (right - left) * (SIZE[0] - LEFT - RIGHT)
        return x, TOP + (high - gain) / (high - low) * (SIZE[1] - TOP - BOTTOM)

    for number in range(round(low / 0.05) - 1, round(high / 0.05) + 2):
        if low <= number * 0.05 <= high:
            y = place(left, number * 0.05)[1]
            canvas.line((LEFT, y, SIZE[0] - RIGHT, y), INK if number == 0 else GREY, 2)
            canvas.text((LEFT - 14, y), f"{number * 0.05:+.2f}", INK, text, anchor="rm")
    for index, item in enumerate(sorted(sets, key=lambda item: item.filled)):
        x = place(item.filled, 0.0)[0]
        # Names of neighbours on two lines, as sets may fill their boxes alike.
        canvas.text(
            (x, SIZE[1] - BOTTOM + 12 + 28 * (index % 2)), f"{item.name} {item.filled:.2f}", INK, text, anchor="mt"
        )
        for side, (method, gains) in zip((-10, 10), item.gains.items(), strict=True):
            for gain in gains:
                y = place(item.filled, gain)[1]
                canvas.ellipse((x + side - 8, y - 8, x + side + 8, y + 8), COLOURS[method])
    for index, (method, title) in enumerate(OTHERS.items()):
        x, y = LEFT + 10 + 480 * index, 45
        canvas.ellipse((x - 8, y - 8, x + 8, y + 8), COLOURS[method])
        canvas.text((x + 20, y), f"IoU of SEIGAN {title}", INK, text, anchor="lm")
    canvas.text((SIZE[0] - RIGHT, SIZE[1] - 14), "part of the box that the object fills", INK, text, anchor="rb")
    return picture


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, help="folders of `python -m seigan_tf table1`")
    parser.add_argument("--out", type=Path, required=True, help="the plot, a PNG file")
    options = parser.parse_args(arguments)
    try:
        sets = [read_gains(folder) for folder in options.folders]
    except ValueError as error:
        parser.error(str(error))
    draw(sets).save(options.out)
    sys.stdout.write(to_markdown(sets))


if __name__ == "__main__":
    main()
