"""What became of the annotated objects and photographs, in a few lines."""

from collections.abc import Iterator
from typing import Any

from seigan_tf.data.problems import PLURALS

NAMED = 3
"""Problems that are named; the others are counted."""


def lines(report: dict[str, Any]) -> Iterator[str]:
    """The report of `crop_set.load` for the screen: crops kept, objects left out by rule, and what cannot be used."""
    train, validation = report["train"], report["validation"]
    yield (
        f"{train['objects']} object crops and {train['backgrounds']} background crops for training, "
        f"{validation['objects'] - validation.get('without_mask', 0)} crops with masks for validation"
    )
    if validation["objects"] == validation.get("without_mask", 0):
        yield "there is no mask to measure by: no IoU is shown, and the last weights are kept"
    if train["backgrounds"] < train.get("backgrounds_wanted", 0):
        yield f"training: the photographs have no room for the {train['backgrounds_wanted']} backgrounds wanted"
    # A store made by an earlier version has no sides.
    objects, backgrounds = train.get("object_sides"), train.get("background_sides")
    if objects and backgrounds and abs(backgrounds[1] - objects[1]) > objects[1] / 3:
        yield (
            f"training: backgrounds and objects are of different scale, half of their crops are smaller than"
            f" {backgrounds[1]} and {objects[1]} pixels: the photographs have no room for more alike"
        )
    for name, split in (("training", train), ("validation", validation)):
        dropped = [f"{count} by {rule}" for rule, count in split.get("dropped", {}).items() if count]
        if dropped:
            yield f"{name}: left out of {split['annotations']} annotated objects: {', '.join(dropped)}"
        if any(split.get("problems", {}).values()):
            yield f"{name}: {_problems(split['problems'])}"


def _problems(problems: dict[str, Any]) -> str:
    counts = " and ".join(f"{problems[kind]} {plural}" for kind, plural in PLURALS.items() if problems[kind])
    more = "; and others" if problems["photo"] + problems["object"] > NAMED else ""
    return f"{counts} cannot be used and are skipped: {'; '.join(problems['listed'][:NAMED])}{more}"
