"""The report on a set of photographs: counts after cutting, and lines for the screen."""

import copy
from collections.abc import Iterator
from typing import Any

from seigan_tf.data.photos.photo import Problem
from seigan_tf.data.planning.plan import SPLITS, PhotoPlan
from seigan_tf.data.planning.problems import PLURALS, Tally

PROBLEMS_NAMED = 3  # problems that the lines for the screen name; the others are counted


class CutReport:
    """The report of a plan, which is not changed, less the photos that could not be read; `max_bad` as in `Tally`."""

    def __init__(self, report: dict[str, Any], max_bad: float):
        self.report = copy.deepcopy(report)  # with "unreadable_photo" among the rules that dropped objects
        self._problems = {split: Tally(max_bad, self.report[split]["problems"]) for split in SPLITS}
        every = sum(self._problems.values(), Tally(max_bad))
        parts = [self.report[split] for split in SPLITS]
        self._photos = sum(part["photos"] for part in parts) + every.counts["photo"]
        self._objects = sum(part["annotations"] for part in parts) + every.counts["object"]
        for part in parts:
            part["dropped"]["unreadable_photo"] = 0

    def lose(self, plan: PhotoPlan, problem: Problem) -> None:
        """Count a photo that could not be read. Raises ValueError if they are more than `max_bad` allows."""
        part = self.report[plan.split]
        part["objects"] -= len(plan.objects)
        part["dropped"]["unreadable_photo"] += len(plan.objects)
        part["backgrounds"] -= len(plan.backgrounds)
        if "without_mask" in part:
            part["without_mask"] -= sum(item.segmentation is None for item, _ in plan.objects)
        self._problems[plan.split].add(problem)
        part["problems"] = self._problems[plan.split].as_report()
        sum(self._problems.values(), Tally(self._problems["train"].max_bad)).check(self._photos, self._objects)


def report_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report of a set of crops for the screen: crops kept, objects dropped by rule, unusable files."""
    train, validation = report["train"], report["validation"]
    with_masks = validation["objects"] - validation.get("without_mask", 0)
    yield (
        f"{train['objects']} object crops and {train['backgrounds']} background crops for training, "
        f"{with_masks} crops with masks for validation"
    )
    if not with_masks:
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
        problems = split.get("problems", {})
        if any(problems.values()):
            counts = " and ".join(f"{problems[kind]} {plural}" for kind, plural in PLURALS.items() if problems[kind])
            more = "; and others" if problems["photo"] + problems["object"] > PROBLEMS_NAMED else ""
            named = "; ".join(problems["listed"][:PROBLEMS_NAMED])
            yield f"{name}: {counts} cannot be used and are skipped: {named}{more}"
