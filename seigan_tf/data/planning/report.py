"""The report on a set of photographs: unusable ones, errors that end a run because of them, lines for the screen."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seigan_tf.config import DataConfig
from seigan_tf.data.photos.photo import Problem

LISTED = 100  # problems that a report names; further ones are only counted
PROBLEMS_NAMED = 3  # problems that the lines for the screen name
PLURALS = {"photo": "photographs", "object": "annotated objects"}


class Tally:
    """Counts problems by kind and remembers the first of each; `earlier` is a report to continue counting from.

    At most the fraction `max_bad`, in [0, 1], of photographs, and of annotated objects, may be unusable.
    """

    def __init__(self, max_bad: float, earlier: dict[str, Any] | None = None):
        self.max_bad = max_bad
        self.counts = Counter({kind: earlier[kind] if earlier else 0 for kind in PLURALS})
        self._listed: list[str] = list(earlier["listed"]) if earlier else []
        self._first: dict[str, str] = {}

    def add(self, problem: Problem) -> None:
        text = f"{problem.where}: {problem.what}"
        self.counts[problem.kind] += 1
        self._first.setdefault(problem.kind, text)
        if len(self._listed) < LISTED:
            self._listed.append(text)

    def __add__(self, other: "Tally") -> "Tally":
        """Return the tally of both."""
        result = Tally(self.max_bad)
        result.counts.update(self.counts)
        result.counts.update(other.counts)
        result._listed = (self._listed + other._listed)[:LISTED]
        result._first = other._first | self._first
        return result

    def check(self, photos: int, objects: int | None = None) -> None:
        """Raise ValueError if more than `max_bad` of all photographs, or of all annotated objects, are unusable.

        `objects` is None if their number has been checked.
        """
        for kind, total in (("photo", photos), ("object", objects)):
            if total is None:
                continue
            bad = self.counts[kind]
            if bad > self.max_bad * total + 1e-9:  # 0.29 * 100 is less than 29.
                raise ValueError(
                    f"{bad} of {total} {PLURALS[kind]} cannot be used ({100 * bad / max(total, 1):.3g} %), more than"
                    f" max-bad {100 * self.max_bad:.3g} % allows; the first: {self._first.get(kind, self._listed[0])}"
                )

    def as_report(self) -> dict[str, Any]:
        """Return plain JSON values: the counts "photo" and "object", and "listed", up to LISTED lines."""
        return {**self.counts, "listed": list(self._listed)}


def check_crops_left(config: DataConfig, report: dict[str, Any]) -> None:
    """Raise ValueError, with the reasons, if a split that was asked for has no crops in a report of `Plan`."""
    _check_split(report["train"], config.images, config.annotations, ("objects", "backgrounds"))
    if config.val_images is not None:
        _check_split(report["val"], config.val_images, config.val_annotations, ("objects",))


def _check_split(counts: dict[str, Any], images: Path | None, annotations: Path | None, kinds: tuple[str, ...]) -> None:
    where = annotations or images
    lost = next((kind for kind in kinds if not counts[kind]), None)
    if lost and counts["problems"]["photo"]:
        raise ValueError(
            f"{where}: no {lost} left, {counts['problems']['photo']} photos in {images} cannot be used,"
            f" the first problem is {counts['problems']['listed'][0]}"
        )
    if lost == "objects":
        dropped = ", ".join(f"{rule} {number}" for rule, number in counts["dropped"].items() if number)
        raise ValueError(
            f"{where}: no crop left of {counts['annotations']} annotated objects, expected at least one"
            f" (dropped: {dropped or 'none'})"
        )
    if lost == "backgrounds":
        raise ValueError(
            f"{where}: no background found in {counts['photos']} photos, expected a square of the size of an object's"
            " crop that touches no box"
        )


def crops_line(report: Mapping[str, Any]) -> str:
    """Return the numbers of crops in the report of a set as a line."""
    train = report["train"]
    return (
        f"{train['objects']} object crops and {train['backgrounds']} background crops for training, "
        f"{_with_masks(report['validation'])} crops with masks for validation"
    )


def _with_masks(validation: Mapping[str, Any]) -> int:
    return validation["objects"] - validation.get("without_mask", 0)


def report_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report of a set of crops for the screen: notes, crops kept, objects dropped by rule, unusable files."""
    # A store made by an earlier version has no notes, nor sides.
    yield from report.get("notes", [])
    train, validation = report["train"], report["validation"]
    yield crops_line(report)
    if not _with_masks(validation):
        yield "there is no mask to measure by, so no IoU is shown"
    if train["backgrounds"] < train.get("backgrounds_wanted", 0):
        yield f"training: the photographs have no room for the {train['backgrounds_wanted']} backgrounds wanted"
    objects, backgrounds = train.get("object_sides"), train.get("background_sides")
    if objects and backgrounds and abs(backgrounds[1] - objects[1]) > objects[1] / 3:
        yield (
            f"training: backgrounds and objects are of different scale, half of their crops are smaller than"
            f" {backgrounds[1]} and {objects[1]} pixels: the photographs have no room for more alike"
        )
    for name, split in (("training", train), ("validation", validation)):
        yield from (f"{name}: {line}" for line in left_out_lines(split))


def left_out_lines(counts: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines about what is left out of a set: objects by rule ("annotations", "dropped"), "problems".

    Of these as many objects as "unusable_masks" are kept.
    """
    dropped = [f"{count} by {rule}" for rule, count in counts.get("dropped", {}).items() if count]
    if dropped:
        yield f"left out of {counts['annotations']} annotated objects: {', '.join(dropped)}"
    problems = counts.get("problems", {})
    if any(problems.values()):
        masks = counts.get("unusable_masks", 0)
        skipped = {"photo": problems["photo"], "object": problems["object"] - masks}
        numbers = " and ".join(f"{skipped[kind]} {plural}" for kind, plural in PLURALS.items() if skipped[kind])
        lines = [f"{numbers} cannot be used and are skipped"] if numbers else []
        lines += [f"{masks} masks cannot be used, their objects are kept without"] if masks else []
        more = "; and others" if problems["photo"] + problems["object"] > PROBLEMS_NAMED else ""
        named = "; ".join(problems["listed"][:PROBLEMS_NAMED])
        yield f"{'; '.join(lines)}: {named}{more}"
