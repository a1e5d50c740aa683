"""A photograph and the objects annotated in it, before any pixel is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

Box = tuple[float, float, float, float]  # x, y, width and height in pixels of the photo


@dataclass(frozen=True)
class Object:
    """One annotated object."""

    box: Box  # inside the photo
    crowd: bool = False  # True if the box holds a group of objects
    segmentation: Any = None  # COCO polygons or run-length encoding, for evaluation only; None if only the box is known
    id: int = 0
    category: str = ""  # name of its class; empty if the annotations give none
    score: float | None = None  # confidence of the detector in [0, 1]; None if a person drew the box


@dataclass(frozen=True)
class Photo:
    """One photograph with all its objects."""

    path: Path
    width: int  # in pixels, upright, according to the annotations
    height: int
    objects: tuple[Object, ...] = ()
    # Path relative to the folder of photographs, with forward slashes; identifies the photo. Default: the file name.
    name: str = ""
    incomplete: bool = False  # True if it shows an object at an unknown place; no crop is taken from it

    def __post_init__(self):
        if not self.name:
            object.__setattr__(self, "name", self.path.name)

    @property
    def boxes(self) -> np.ndarray:
        """float64 [objects, 4]: left, top, right, bottom in pixels."""
        boxes = np.array([item.box for item in self.objects], float).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        return boxes


class Problem(NamedTuple):
    """An unusable part of the annotations or photographs: skipped, counted and named in the report."""

    kind: Literal["photo", "object"]  # the loss: a photo with all its objects, or one annotated object
    where: str  # the photo or annotation, named as its owner would look for it
    what: str  # the fault and what was expected, on one line


class Note(NamedTuple):
    """A choice of the reader that the owner of the annotations should know of, on one line; nothing is lost by it."""

    text: str
