"""The plan: which regions are cut from which photograph, in a file with one line per photo.

Memory stays flat however many photos there are: they are read several times, from the annotations and then from
temporary files, and a few bytes are kept of each. Every choice depends on the seed, the photo's name and its boxes, not
on the order of photos or objects: other formats of the same annotations give the same crops.
"""

import json
import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.formats import read_annotations
from seigan_tf.data.annotations.masks import mask_runs
from seigan_tf.data.crops import CropRegion
from seigan_tf.data.photos.photo import Note, Object, Photo, Problem
from seigan_tf.data.photos.reading import MAX_PIXELS
from seigan_tf.data.planning.backgrounds import Share, mine
from seigan_tf.data.planning.report import Tally, check_crops_left
from seigan_tf.data.planning.rules import DROP_RULES, CropRules, check_settings
from seigan_tf.data.planning.scan import Scan
from seigan_tf.utils.progress import Progress
from seigan_tf.utils.workers import InOrder

SPLITS = ("train", "val")
MASKS_LACKING = ("without_mask", "unusable_masks")  # counts of validation only
CLASSES_LISTED = 20  # classes that an error names


@dataclass(frozen=True)
class PhotoPlan:
    """The regions to cut from one photo."""

    split: str  # one of SPLITS
    photo: Photo  # without its objects
    objects: tuple[tuple[Object, CropRegion], ...]
    """Segmentations are present in the split "val" only: no mask is at hand where training crops are made."""
    backgrounds: tuple[CropRegion, ...]


@dataclass(frozen=True)
class Plan:
    """The photos that give crops, in a file with one line each, and the report on all photos."""

    path: Path
    report: dict[str, Any]
    """Plain JSON values: "source", "notes" (lines of the reader, see `Note`), and for each of SPLITS
    photos, photos_without_annotation: numbers read from the annotations;
    annotations: number of their objects;
    objects: number of objects that become crops; dropped: {rule: number} of the others;
    without_mask (val only): number of `objects` without a mask; unusable_masks (val only): those of them whose mask is
        among the object problems;
    backgrounds, backgrounds_wanted: numbers of crops without object;
    object_sides, background_sides: quartiles of their sides in pixels of the photos, [] if there are none; as planned,
        including photos that turn out to be unreadable;
    problems: as `Tally.as_report`."""
    length: int  # photos in the file

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[PhotoPlan]:
        return map(parse_line, self.lines())

    def lines(self) -> Iterator[str]:
        """Read the photos as lines, which `parse_line` reads and which are quicker to hand to another process."""
        with self.path.open(encoding="utf-8") as file:
            yield from file


def as_line(plan: PhotoPlan) -> str:
    """Write a plan as a line of the file, which `parse_line` reads."""
    photo, objects = plan.photo, [(vars(item), region) for item, region in plan.objects]
    return json.dumps([plan.split, str(photo.path), photo.width, photo.height, photo.name, objects, plan.backgrounds])


def parse_line(line: str) -> PhotoPlan:
    split, path, width, height, name, objects, backgrounds = json.loads(line)
    return PhotoPlan(
        split,
        Photo(Path(path), width, height, name=name),
        tuple((Object(**{**item, "box": tuple(item["box"])}), CropRegion(*region)) for item, region in objects),
        tuple(CropRegion(*region) for region in backgrounds),
    )


def make_plan(
    config: DataConfig,
    folder: Path,
    progress: Progress | None = None,
    earlier: Iterable[Problem] = (),
    in_order: InOrder = map,
) -> Plan:
    """Read annotations and choose the crops.

    Args:
        config: source, crop rules, hold-out and seed.
        folder: place of plan.jsonl, and of temporary files that are removed at the end.
        progress: called after each photo that is read.
        earlier: problems of training photos met before the annotations are read.
        in_order: searches the photos for backgrounds, here or in worker processes (`ordered_workers`).

    Raises ValueError if a setting is out of its range, annotations cannot be read or have more problems than
    `config.max_bad` allows, a class does not occur, a photo is in both splits, or no crop is left.
    """
    check_settings(config)
    problems = {split: Tally(config.max_bad) for split in SPLITS}
    for problem in earlier:
        problems["train"].add(problem)
    rules = CropRules.from_config(config)
    with TemporaryDirectory(dir=folder) as scratch, Scan(rules, config.seed, Path(scratch) / "scanned") as scan:
        notes: list[str] = []
        training_photos = _read(config, scan, problems, notes, progress)
        # Later problems are masks of objects that are counted here.
        every = sum(problems.values(), Tally(config.max_bad)).counts
        totals = len(scan) + every["photo"], scan.objects + every["object"]
        _check_problems(config, problems, *totals)
        check_classes("data.classes", config.classes, scan.classes)
        validation = _validation(config, scan, training_photos)
        shares = _shares(config, scan, validation)
        # The photos' ranks depend on names and seed only; links to one file and its copies are neighbours.
        order = np.lexsort((np.frombuffer(scan.names, np.uint64), np.frombuffer(scan.hashes, np.uint64))).argsort()
        mined = mine(lambda: (scanned.scene for scanned in scan), order, shares, config.seed, Path(scratch), in_order)
        path = folder / "plan.jsonl"
        counts, length = _write(path, scan, validation, mined, problems)
        _check_problems(config, problems, *totals)
    report: dict[str, Any] = {"source": config.source, "notes": notes}
    for split, share in zip(SPLITS, shares, strict=True):
        more = {"backgrounds_wanted": share.wanted, "object_sides": _quartiles(share.sides)}
        report[split] = counts[split] | more | {"problems": problems[split].as_report()}
    check_crops_left(config, report)
    return Plan(path, report, length)


def _read(
    config: DataConfig, scan: Scan, problems: dict[str, Tally], notes: list[str], progress: Progress | None
) -> int:
    """Read the annotations to their end; return the number of training photos, which come first."""
    training_photos = 0
    for split, images, annotations in (
        ("train", config.images, config.annotations),
        ("val", config.val_images, config.val_annotations),
    ):
        if images is None:
            continue
        for item in read_annotations(config.source, images, annotations):
            if isinstance(item, Note):
                notes.append(item.text)
                continue
            if isinstance(item, Photo) and item.width * item.height > MAX_PIXELS:
                item = Problem("photo", item.name, f"annotated as {item.width} x {item.height}, no photo is so large")
            if isinstance(item, Problem):
                problems[split].add(item)
                continue
            # Masks serve validation only, whose photos are given or perhaps held out.
            scan.add(item, images, masks=split == "val" or config.val_images is None)
            if progress:
                progress(len(scan), None)
        if split == "train":
            training_photos = len(scan)
    return training_photos


def check_classes(option: str, asked: Iterable[str], found: set[str]) -> None:
    """Raise ValueError if a class that `option` asks for is not among those found in the annotations."""
    missing = sorted(set(asked) - found)
    names = sorted(found - {""})
    if missing and not names:
        raise ValueError(f"{option}: {missing[0]!r} is asked for, but the annotations name no classes")
    if missing:
        known = ", ".join(names[:CLASSES_LISTED]) + (", ..." if len(names) > CLASSES_LISTED else "")
        raise ValueError(f"{option}: no object is of the class {missing[0]!r}, expected one of {known}")


def _check_problems(config: DataConfig, problems: dict[str, Tally], photos: int, objects: int) -> None:
    sum(problems.values(), Tally(config.max_bad)).check(photos, objects)


def _validation(config: DataConfig, scan: Scan, training_photos: int) -> np.ndarray:
    """Mark the photos for validation, bool: those given for it or, if there are masks, those held out."""
    validation = np.arange(len(scan)) >= training_photos
    if config.val_images is not None:
        sizes, files = np.frombuffer(scan.bytes, np.uint64), np.frombuffer(scan.files, np.uint64)
        scan.join_copies(np.isin(sizes, np.intersect1d(sizes[validation], sizes[~validation])))
        twice = np.isin(files, files[~validation]) & validation
        if twice.any():
            second = int(twice.argmax())
            first = int((files == files[second]).argmax())
            training, path = (scanned.path for index, scanned in enumerate(scan) if index in (first, second))
            which = "is" if training == path else f"is the same as {training}:"
            raise ValueError(f"{path}: {which} a training photo and a validation photo, expected none to be both")
    elif any(scan.masked) and config.held_out:  # Without masks there is nothing to measure.
        validation = _held_out(scan, max(round(config.held_out * len(scan)), 1))
    return validation


def _held_out(scan: Scan, number: int) -> np.ndarray:
    """Mark the photos to hold out, bool: as many files as it takes for the number of photos, one of them with a mask.

    Links to one file, and its copies, share their hash and stay together. A file whose objects have no mask is left for
    training, where it is of use, and so is one file with objects at least.
    """
    scan.join_copies(np.ones(len(scan), bool))
    _, owners, links = np.unique(np.frombuffer(scan.hashes, np.uint64), return_inverse=True, return_counts=True)
    kept, masked = (np.bincount(owners, np.frombuffer(counts, np.uint32)) > 0 for counts in (scan.kept, scan.masked))
    for allowed in (masked | ~kept, masked):
        counts = links * allowed
        held_out = allowed & (np.cumsum(counts) - counts < number)
        if (held_out & masked).any():
            break
    if held_out[kept].all():
        held_out[np.flatnonzero(kept)[-1]] = False
    return held_out[owners]


def _shares(config: DataConfig, scan: Scan, validation: np.ndarray) -> list[Share]:
    sides = np.frombuffer(scan.sides, np.int64)
    of_validation = np.repeat(validation, np.frombuffer(scan.kept, np.uint32))
    of_training = ~of_validation & (np.frombuffer(scan.mirrored, np.uint8) == 0)
    shares = []
    for photos, objects in ((~validation, of_training), (validation, of_validation)):
        own = np.sort(sides[objects])
        shares.append(Share(photos, own, math.ceil(config.backgrounds_per_object * len(own))))
    return shares


def _write(
    path: Path, scan: Scan, validation: np.ndarray, mined: Iterable[list[CropRegion]], problems: dict[str, Tally]
) -> tuple[dict[str, dict[str, Any]], int]:
    """Write the lines; return the counts of each split, and the number of lines."""
    numbers = "photos", "photos_without_annotation", "annotations", "objects", *MASKS_LACKING, "backgrounds"
    counts: dict[str, dict[str, Any]] = {
        split: dict.fromkeys(numbers, 0) | {"dropped": dict.fromkeys(DROP_RULES, 0)} for split in SPLITS
    }
    sides = {split: array("I") for split in SPLITS}
    length = 0
    with path.open("w", encoding="utf-8") as file:
        for scanned, kept, backgrounds, held_out in zip(scan, scan.kept, mined, validation.tolist(), strict=True):
            split = SPLITS[held_out]
            photo = Photo(Path(scanned.path), scanned.width, scanned.height, name=scanned.name)
            objects = scanned.chosen(held_out)
            if held_out:
                earlier = problems[split].counts["object"]
                objects = [(_with_usable_mask(item, photo, problems[split]), region) for item, region in objects]
                counts[split]["unusable_masks"] += problems[split].counts["object"] - earlier
            if objects or backgrounds:
                file.write(as_line(PhotoPlan(split, photo, tuple(objects), tuple(backgrounds))) + "\n")
                length += 1
            part = counts[split]
            part["photos"] += 1
            part["photos_without_annotation"] += not scanned.boxes
            part["annotations"] += kept + len(scanned.dropped)
            part["objects"] += len(objects)
            part["dropped"]["mirrored_object"] += kept - len(objects)
            for rule in scanned.dropped:
                part["dropped"][rule] += 1
            part["without_mask"] += sum(item.segmentation is None for item, _ in objects)
            part["backgrounds"] += len(backgrounds)
            sides[split].extend(region.side for region in backgrounds)
    for split in SPLITS:
        counts[split]["background_sides"] = _quartiles(np.frombuffer(sides[split], np.uint32))
    for name in MASKS_LACKING:
        del counts["train"][name]  # No training object has one.
    return counts, length


def _quartiles(sides: np.ndarray) -> list[int]:
    return np.quantile(sides, [0.25, 0.5, 0.75], method="nearest").tolist() if len(sides) else []


def _with_usable_mask(item: Object, photo: Photo, problems: Tally) -> Object:
    """Remove the segmentation if it is unusable, which is a problem unless it is merely empty."""
    try:
        usable = mask_runs(item, photo) is not None
    except ValueError as error:
        problems.add(Problem("object", photo.name, str(error).removeprefix(f"{photo.name}: ")))
        usable = False
    return item if usable else replace(item, segmentation=None)
