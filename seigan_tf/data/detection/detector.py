"""Boxes that a detection model draws around the objects in photographs."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from seigan_tf.data.annotations.boxes import checked_box
from seigan_tf.data.detection.metadata import Labels
from seigan_tf.data.detection.model import DetectionModel, Detections
from seigan_tf.data.photos.files import find_photos, name_of, none_found, require_folder
from seigan_tf.data.photos.photo import Box, Object, Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, photo_size, read_photo
from seigan_tf.utils.progress import Progress
from seigan_tf.utils.text import shown

SAME_OBJECT = 0.7  # intersection over union from which two boxes, also of two classes, count as one object


class Detector:
    """A detection model with the names of its classes.

    Args:
        model: LiteRT (.tflite) file of a detection model, see `DetectionModel`.
        score: least score of a detection, in [0, 1].
        labels: text file with the names of the classes, see `Labels`; None: the one inside the model's file, or else
            the classes of COCO.

    Raises ValueError if one of them is missing or cannot be used.
    """

    def __init__(self, model: Path, score: float = 0.5, labels: Path | None = None):
        if not 0 <= score <= 1:
            raise ValueError(f"detector score is {score}, expected 0 to 1")
        self.score = score
        self.model = DetectionModel(model)
        self.labels = Labels.of_model(model) if labels is None else Labels.of_file(labels)

    def find(self, pixels: np.ndarray) -> tuple[list[Object], list[str]]:
        """Return the objects of a photo, uint8 [height, width, 3], the surest first, and faults of unusable boxes.

        Raises ValueError if the model gives impossible values.
        """
        height, width = pixels.shape[:2]
        detections = self.model.detect(pixels)
        objects, faults = [], []
        for index in strongest(detections, self.score):
            top, left, bottom, right = np.clip(detections.boxes[index].astype(float), 0, 1)
            box = left * width, top * height, (right - left) * width, (bottom - top) * height
            try:
                box = checked_box(box, width, height)
            except ValueError as error:
                faults.append(f"detected {error}")
                continue
            category = self.labels.name(int(detections.classes[index]))
            score = round(float(detections.scores[index]), 4)
            objects.append(Object(box, category=category, score=score))
        return objects, faults


@dataclass(frozen=True)
class Found:
    """The photos of a folder with the objects that a detector finds; iterating runs its model."""

    images: Path
    detector: Detector
    wanted: str  # name of the class that was asked for
    progress: Progress | None = None

    def __iter__(self) -> Iterator[Photo | Problem]:
        total = sum(1 for _ in find_photos(self.images))
        if not total:
            raise ValueError(none_found(self.images))
        ids = itertools.count(1)
        for done, path in enumerate(find_photos(self.images), 1):
            yield from self._photo(path, ids)
            if self.progress:
                self.progress(done, total)

    def _photo(self, path: Path, ids: Iterator[int]) -> Iterator[Photo | Problem]:
        try:
            name = name_of(path, self.images)
            width, height = photo_size(path)
            pixels = read_photo(Photo(path, width, height))
        except (UnreadablePhoto, ValueError) as error:
            yield Problem("photo", shown(path.relative_to(self.images).as_posix()), str(error))
            return
        objects, faults = self.detector.find(pixels)
        for fault in faults:
            yield Problem("object", name, fault)
        numbered = tuple(replace(item, id=next(ids)) for item in objects)
        yield Photo(path, width, height, numbered, name, incomplete=bool(faults))


def detect(
    images: Path,
    model: Path,
    wanted: str,
    score: float = 0.5,
    labels: Path | None = None,
    progress: Progress | None = None,
) -> Found:
    """Open a model to find objects in all photos of a folder and those below it.

    Objects of all classes are kept, so that no crop around one of the wanted class touches another object;
    `DataConfig.classes` then picks the wanted ones. Photos without objects are kept too: they give backgrounds.

    Args:
        images: folder of the photographs, used in the order of their paths.
        model, score, labels: the arguments of `Detector`.
        wanted: name of a class, or its number; only checked here.
        progress: called after each photo.

    Raises ValueError if one of them is missing or cannot be used. Iterating raises it if there is no photo, or the
    model gives impossible values.
    """
    require_folder(images)
    detector = Detector(model, score, labels)
    return Found(images, detector, detector.labels.find(wanted), progress)


def choose(objects: Sequence[Object], category: str | None, point: tuple[float, ...] | None) -> Object | None:
    """Return the surest of the objects or, with a point x, y, the one of the smallest box around it; None if none fits.

    Args:
        objects: the objects that `Detector.find` returns.
        category: name of the class of the object; None allows every class.
        point: pixels of the photo.
    """
    fitting = [item for item in objects if category in (None, item.category)]
    if point is None:
        return next(iter(fitting), None)
    around = [item for item in fitting if _contains(item.box, point)]
    return min(around, key=lambda item: item.box[2] * item.box[3], default=None)


def _contains(box: Box, point: tuple[float, ...]) -> bool:
    return all(0 <= at - low <= length for at, low, length in zip(point, box[:2], box[2:], strict=True))


def strongest(detections: Detections, score: float) -> list[int]:
    """Return the indices of the detections of at least that score, the best first, one for each object.

    Models suppress the weaker of two boxes of one class only. An animal found as cat and as dog would be two objects.
    """
    kept: list[int] = []
    for index in np.argsort(-detections.scores, kind="stable").tolist():
        if detections.scores[index] < score:
            break
        if not any(_overlap(detections.boxes[index], detections.boxes[other]) >= SAME_OBJECT for other in kept):
            kept.append(index)
    return kept


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Return intersection over union of two boxes, ymin, xmin, ymax, xmax; 0 if one is empty or not finite."""
    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    inner = np.prod(np.maximum(sides, 0))
    union = sum(np.prod(np.maximum(box[2:] - box[:2], 0)) for box in (first, second)) - inner
    return float(inner / union) if union > 0 else 0.0
