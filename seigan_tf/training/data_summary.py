"""What became of the annotated objects and photographs, in a few lines."""

from collections.abc import Iterator
from typing import Any

NAMED = 3
"""Unreadable photographs that are named; the others are counted."""


def lines(report: dict[str, Any]) -> Iterator[str]:
    """The report of `crop_set.load` for the screen: crops kept, objects left out by rule, photographs left out."""
    train, validation = report["train"], report["validation"]
    yield (
        f"{train['objects']} object crops and {train['backgrounds']} background crops for training, "
        f"{validation['objects'] - validation.get('without_mask', 0)} crops with masks for validation"
    )
    if validation["objects"] == validation.get("without_mask", 0):
        yield "there is no mask to measure by: no IoU is shown, and the last weights are kept"
    for name, split in (("training", train), ("validation", validation)):
        dropped = [f"{count} by {rule}" for rule, count in split.get("dropped", {}).items() if count]
        if dropped:
            yield f"{name}: left out of {split['annotations']} annotated objects: {', '.join(dropped)}"
        unreadable = split.get("unreadable", {})
        if unreadable:
            reasons = [f"{photo} ({reason})" for photo, reason in list(unreadable.items())[:NAMED]]
            more = " and others" if len(unreadable) > NAMED else ""
            yield f"{name}: {len(unreadable)} photographs cannot be read and are skipped: {', '.join(reasons)}{more}"
