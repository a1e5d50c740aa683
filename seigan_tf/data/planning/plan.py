"""What is to be cut from which photograph: annotations in, a file with one line per photo out.

Memory stays flat however many photos there are: they are read several times, from the annotations and then from
temporary files, and no more than a few bytes are kept of each. Every choice depends on the seed, the photo's name and
its boxes, not on the order in which photos or objects come: other formats of the same annotations give the same crops.
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
from seigan_tf.data.photos.photo import Object, Photo, Problem
from seigan_tf.data.photos.reading import MAX_PIXELS
from seigan_tf.data.planning.mining import Mined, Share, mine
from seigan_tf.data.planning.problems import Tally, check_crops_left
from seigan_tf.data.planning.rules import DROP_RULES, CropRules
from seigan_tf.data.planning.scan import Scan
from seigan_tf.data.planning.settings import check_classes, check_settings
from seigan_tf.utils.progress import Progress

SPLITS = ("train", "val")


@dataclass(frozen=True)
class PhotoPlan:
    """What is to be cut from one photo."""

    split: str
    """One of SPLITS."""
    photo: Photo
    """Without its objects."""
    objects: tuple[tuple[Object, CropRegion], ...]
    """Only those of the split "val" carry segmentations: no mask is at hand where training crops are made."""
    backgrounds: tuple[CropRegion, ...]


class Plan:
    """The photos that give crops, in a file with one line each, and the report on all of them.

    Args:
        path: of the file.
        report: plain JSON values: "source", and for each of SPLITS
            photos, photos_without_annotation: read from the annotations;
            annotations: objects of these photos, of which
            objects: make a crop, and dropped: {rule: number} do not;
            without_mask (val only): of the objects, those that have none;
            backgrounds, backgrounds_wanted: crops without object;
            object_sides, background_sides: quartiles of their sides in pixels of the photos, [] where there are none;
                as planned, whatever becomes of photos that cannot be read;
            problems: what could not be used, {"photo": number, "object": number, "listed": [...]}.
        length: number of photos in the file.
    """

    def __init__(self, path: Path, report: dict[str, Any], length: int):
        self.path = path
        self.report = report
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[PhotoPlan]:
        with self.path.open(encoding="utf-8") as file:
            yield from map(parse_line, file)


def parse_line(line: str) -> PhotoPlan:
    """A line of the file."""
    values = json.loads(line)
    objects = [
        (
            Object(tuple(item["box"]), segmentation=item.get("segmentation"), id=item["id"], category=item["category"]),
            CropRegion(*item["region"]),
        )
        for item in values["objects"]
    ]
    photo = Photo(Path(values["path"]), values["width"], values["height"], name=values["name"])
    backgrounds = tuple(CropRegion(*region) for region in values["backgrounds"])
    return PhotoPlan(values["split"], photo, tuple(objects), backgrounds)


def as_line(plan: PhotoPlan) -> str:
    """The line that `parse_line` reads; of an object it has the box, number, class and segmentation."""
    photo = plan.photo
    values = {"split": plan.split, "path": str(photo.path), "name": photo.name}
    values |= {"width": photo.width, "height": photo.height, "objects": []}
    for item, region in plan.objects:
        entry = {"box": item.box, "id": item.id, "category": item.category, "region": _numbers(region)}
        if item.segmentation:
            entry["segmentation"] = item.segmentation
        values["objects"].append(entry)
    values["backgrounds"] = [_numbers(region) for region in plan.backgrounds]
    return json.dumps(values)


def _numbers(region: CropRegion) -> tuple[int, int, int]:
    return region.x, region.y, region.side


def make_plan(
    config: DataConfig, folder: Path, progress: Progress | None = None, earlier: Iterable[Problem] = ()
) -> Plan:
    """Reads annotations and decides what to cut.

    Args:
        config: source, crop rules, hold-out and seed.
        folder: for the file plan.jsonl, and for temporary files that are gone at the end.
        progress: told after each photo that is read.
        earlier: problems of training photos that are known before the annotations are read.

    Raises:
        ValueError: a setting out of its range, annotations that cannot be read or with more problems than
            `config.max_bad` allows, a class that does not occur, a photo in both splits, or no crop left; the message
            says which.
    """
    check_settings(config)
    problems = {split: Tally(config.max_bad) for split in SPLITS}
    for problem in earlier:
        problems["train"].add(problem)
    rules = CropRules.from_config(config)
    with TemporaryDirectory(dir=folder) as scratch, Scan(rules, config.seed, Path(scratch) / "scanned") as scan:
        training_photos = _read(config, scan, problems, progress)
        _check_problems(config, scan, problems)
        check_classes(config, scan.classes)
        validation = _validation(config, scan, training_photos)
        shares = _shares(config, scan, validation)
        mined = mine(lambda: (scanned.scene for scanned in scan), _order(scan), shares, config.seed, Path(scratch))
        path = folder / "plan.jsonl"
        counts, length = _write(path, scan, validation, mined, problems)
        _check_problems(config, scan, problems)
    report = {"source": config.source}
    for split, share in zip(SPLITS, shares, strict=True):
        more = {"backgrounds_wanted": share.wanted, "object_sides": _quartiles(share.sides)}
        more |= {"problems": problems[split].as_report()}
        report[split] = counts[split] | more
    check_crops_left(config, report)
    return Plan(path, report, length)


def _read(config: DataConfig, scan: Scan, problems: dict[str, Tally], progress: Progress | None) -> int:
    """Reads the annotations to their end; returns the number of training photos, which come first."""
    given = config.val_images is not None
    sets = {"train": (config.images, config.annotations)}
    if given:
        sets["val"] = config.val_images, config.val_annotations
    training_photos = 0
    for split, (images, annotations) in sets.items():
        for item in read_annotations(config.source, images, annotations):
            if isinstance(item, Photo) and item.width * item.height > MAX_PIXELS:
                item = Problem("photo", item.name, f"annotated as {item.width} x {item.height}, no photo is so large")
            if isinstance(item, Problem):
                problems[split].add(item)
                continue
            # Masks are of use in validation only: given for it, or perhaps held out for it.
            scan.add(item, images, masks=split == "val" or not given)
            if progress:
                progress(len(scan), None)
        if split == "train":
            training_photos = len(scan)
    return training_photos


def _check_problems(config: DataConfig, scan: Scan, problems: dict[str, Tally]) -> None:
    every = sum(problems.values(), Tally(config.max_bad))
    every.check(len(scan) + every.counts["photo"], scan.objects + every.counts["object"])


def _validation(config: DataConfig, scan: Scan, training_photos: int) -> np.ndarray:
    """Which photos are for validation, bool: those given for it, or those held out where there are masks."""
    validation = np.arange(len(scan)) >= training_photos
    if config.val_images is not None:
        files = np.frombuffer(scan.files, np.uint64)
        twice = np.isin(files, files[~validation]) & validation
        if twice.any():
            first = int(twice.argmax())
            path = next(scanned.path for index, scanned in enumerate(scan) if index == first)
            raise ValueError(f"{path}: is a training photo and a validation photo, expected none to be both")
    elif scan.has_masks and config.held_out:
        # Without masks there is nothing to measure. Links to one file share their hash and stay together: as many
        # files as it takes for the number of photos, though never all of them.
        _, owners, links = np.unique(np.frombuffer(scan.hashes, np.uint64), return_inverse=True, return_counts=True)
        number = max(round(config.held_out * len(scan)), 1)
        held_out = np.cumsum(links) - links < number
        held_out[-1:] = False
        validation = held_out[owners]
    return validation


def _order(scan: Scan) -> np.ndarray:
    """The place of each photo in an order that depends on names and the seed only; links to one file are neighbours."""
    order = np.empty(len(scan), np.int64)
    order[np.lexsort((np.frombuffer(scan.names, np.uint64), np.frombuffer(scan.hashes, np.uint64)))] = range(len(scan))
    return order


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
    path: Path, scan: Scan, validation: np.ndarray, mined: Mined, problems: dict[str, Tally]
) -> tuple[dict[str, dict[str, Any]], int]:
    """Writes the lines; returns the counts of each split, and the number of lines."""
    counts = {
        split: {
            "photos": 0,
            "photos_without_annotation": 0,
            "annotations": 0,
            "objects": 0,
            "dropped": dict.fromkeys(DROP_RULES, 0),
            "without_mask": 0,
            "backgrounds": 0,
        }
        for split in SPLITS
    }
    sides = {split: array("I") for split in SPLITS}
    length = 0
    with path.open("w", encoding="utf-8") as file:
        for scanned, backgrounds, held_out in zip(scan, mined, validation.tolist(), strict=True):
            split = SPLITS[held_out]
            photo = Photo(Path(scanned.path), scanned.width, scanned.height, name=scanned.name)
            objects = scanned.objects(held_out)
            if held_out:
                objects = [(_with_usable_mask(item, photo, problems[split]), region) for item, region in objects]
            if objects or backgrounds:
                file.write(as_line(PhotoPlan(split, photo, tuple(objects), tuple(backgrounds))) + "\n")
                length += 1
            part = counts[split]
            part["photos"] += 1
            part["photos_without_annotation"] += not scanned.boxes
            part["annotations"] += len(scanned.kept) + len(scanned.dropped)
            part["objects"] += len(objects)
            part["dropped"]["mirrored_object"] += len(scanned.kept) - len(objects)
            for rule in scanned.dropped:
                part["dropped"][rule] += 1
            part["without_mask"] += sum(item.segmentation is None for item, _ in objects)
            part["backgrounds"] += len(backgrounds)
            sides[split].extend(region.side for region in backgrounds)
    for split in SPLITS:
        counts[split]["background_sides"] = _quartiles(np.frombuffer(sides[split], np.uint32))
    del counts["train"]["without_mask"]  # No training object has one.
    return counts, length


def _quartiles(sides: np.ndarray) -> list[int]:
    return np.quantile(sides, [0.25, 0.5, 0.75], method="nearest").tolist() if len(sides) else []


def _with_usable_mask(item: Object, photo: Photo, problems: Tally) -> Object:
    """The object; without its segmentation if that is none, which is a problem unless it is just empty."""
    try:
        usable = mask_runs(item, photo) is not None
    except ValueError as error:
        problems.add(Problem("object", photo.name, str(error).removeprefix(f"{photo.name}: ")))
        usable = False
    return item if usable else replace(item, segmentation=None)
