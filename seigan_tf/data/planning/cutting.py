"""Cutting of the crops that a plan chooses; each photo is decoded once."""

import copy
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np

from seigan_tf.data.annotations.masks import object_mask
from seigan_tf.data.crops import CropRegion, extract, extract_mask, largest_reduction, relative_box
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.plan import SPLITS, PhotoPlan, Plan, parse_line
from seigan_tf.data.planning.report import Tally
from seigan_tf.utils.progress import Progress
from seigan_tf.utils.workers import InOrder

Made = TypeVar("Made")


class Crop(NamedTuple):
    """One crop, and its place."""

    key: str  # unique in its split, but for objects of one region
    split: str
    kind: str  # either "object" or "background"
    image: np.ndarray  # uint8 [size, size, 3] RGB
    box: np.ndarray  # float32 [4]: ymin, xmin, ymax, xmax of the object relative to the crop; zeros for a background
    mask: np.ndarray | None
    """bool [side, side]: the annotated mask at the resolution of the photo, False outside the photo; None if there is
    none, and always in the split "train"."""
    photo: str  # name of the photo
    photo_size: tuple[int, int]  # height and width in pixels
    region: CropRegion  # place in the photo
    object_id: int
    category: str


def crop_key(kind: str, photo: Photo, region: CropRegion) -> str:
    return f"{kind}:{photo.name}:{region.x}:{region.y}:{region.side}"


def cut_photo(plan: PhotoPlan, size: int) -> list[Crop] | Problem:
    """Cut the crops of one photo, objects first, at `size` pixels; or return the reason why it cannot be read."""
    photo, regions = plan.photo, [*(region for _, region in plan.objects), *plan.backgrounds]
    try:
        pixels = read_photo(photo, largest_reduction(regions, size))
    except UnreadablePhoto as error:
        return Problem("photo", photo.name, str(error))

    def crop(kind: str, item: Object | None, region: CropRegion) -> Crop:
        mask = object_mask(item, photo) if item and plan.split == "val" else None
        return Crop(
            crop_key(kind, photo, region),
            plan.split,
            kind,
            extract(pixels, region, size),
            relative_box(item.box, region) if item else np.zeros(4, np.float32),
            None if mask is None else extract_mask(mask, region),
            photo.name,
            (photo.height, photo.width),
            region,
            item.id if item else 0,
            item.category if item else "",
        )

    objects = [crop("object", item, region) for item, region in plan.objects]
    return objects + [crop("background", None, region) for region in plan.backgrounds]


class CutReport:
    """The report of a plan, which is not changed, less the photos that could not be read; `max_bad` as in `Tally`."""

    def __init__(self, report: dict[str, Any], max_bad: float):
        self.report = copy.deepcopy(report)  # with "unreadable_photo" among the rules that dropped objects
        self._problems = {split: Tally(max_bad, self.report[split]["problems"]) for split in SPLITS}
        every = sum(self._problems.values(), Tally(max_bad))
        parts = [self.report[split] for split in SPLITS]
        self._photos = sum(part["photos"] for part in parts) + every.counts["photo"]
        for part in parts:
            part["dropped"]["unreadable_photo"] = 0

    def lose(self, plan: PhotoPlan, problem: Problem) -> None:
        """Count a photo that could not be read."""
        part = self.report[plan.split]
        part["objects"] -= len(plan.objects)
        part["dropped"]["unreadable_photo"] += len(plan.objects)
        for name in ("backgrounds", "backgrounds_wanted"):  # Room for them there was.
            part[name] -= len(plan.backgrounds)
        if "without_mask" in part:
            part["without_mask"] -= sum(item.segmentation is None for item, _ in plan.objects)
        self._problems[plan.split].add(problem)
        part["problems"] = self._problems[plan.split].as_report()

    def check(self) -> None:
        """Raise ValueError if the photos that could not be read are more than `max_bad` allows, after all were lost."""
        sum(self._problems.values(), Tally(self._problems["train"].max_bad)).check(self._photos)


def cut_all(
    plan: Plan,
    cut: Callable[[PhotoPlan], list[Made] | Problem],
    report: CutReport,
    in_order: InOrder = map,
    progress: Progress | None = None,
) -> Generator[Made, None, None]:
    """Yield the results of `cut` for all photos, in order; the report loses photos that cannot be read.

    `in_order` calls `cut`, here or in worker processes (`ordered_workers`). Raises what that and, at the end,
    `CutReport.check` raise.
    """
    made_of_lines = in_order(partial(_cut_line, cut), plan.lines())
    for done, (line, made) in enumerate(zip(plan.lines(), made_of_lines, strict=True), 1):
        if isinstance(made, Problem):
            report.lose(parse_line(line), made)
        else:
            yield from made
        if progress:
            progress(done, len(plan))
    report.check()


def _cut_line(cut: Callable[[PhotoPlan], list[Made] | Problem], line: str) -> list[Made] | Problem:
    return cut(parse_line(line))
