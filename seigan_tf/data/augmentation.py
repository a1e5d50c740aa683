"""Random changes of a batch of crops: mirrored, enlarged, moved and recoloured, each with its box.

There is no rotation: the upright box around a rotated box is not tight around the object, and a tight box is all the
supervision that there is.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seigan_tf.config import DataConfig
from seigan_tf.data.crops import mirrored_indices
from seigan_tf.utils.boxes import flip_boxes
from seigan_tf.utils.pixels import to_float


@dataclass(frozen=True)
class Augmentation:
    """Sizes of the changes; every second crop is flipped. Raises ValueError if one is out of its range, [0, 1)."""

    jitter: float = 0.0  # largest relative change of brightness, contrast and saturation
    zoom: float = 0.0  # largest relative change of scale about the crop's centre
    shift: float = 0.0  # largest shift along each axis, relative to the crop's side

    def __post_init__(self):
        for name, value in vars(self).items():
            if not 0 <= value < 1:
                raise ValueError(f"data.{name} is {value}, expected 0 to less than 1")

    @classmethod
    def from_config(cls, config: DataConfig) -> "Augmentation":
        return cls(config.jitter, config.zoom, config.shift)


class Part(NamedTuple):
    """The part of every batch that one of several processes makes."""

    process: int
    """Index of the process, from 0."""
    processes: int

    def rows(self, count: int) -> slice:
        """Return the rows of this process in a batch of `count`.

        Raises:
            ValueError: the process is none of the processes, or the batch cannot be divided evenly.
        """
        if not 0 <= self.process < self.processes or count % self.processes:
            raise ValueError(
                f"process {self.process} of {self.processes}, training.batch_size {count}; expected an index below the"
                " number of processes, and a multiple of that number"
            )
        own = count // self.processes
        return slice(self.process * own, (self.process + 1) * own)


WHOLE = Part(0, 1)


class Augmented(NamedTuple):
    """Changed crops; boxes and masks are None if none were given."""

    images: np.ndarray  # float32 [B, S, S, 3] in [-1, 1]
    boxes: np.ndarray | None  # float32 [B, 4] in [0, 1]
    masks: np.ndarray | None  # float32 [B, S, S, 1] in [0, 1]


def augment(
    images: np.ndarray,
    boxes: np.ndarray | None,
    settings: Augmentation,
    generator: np.random.Generator,
    masks: np.ndarray | None = None,
    part: Part = WHOLE,
) -> Augmented:
    """Flip, zoom, shift and recolour a batch, or one process's share of it.

    Args:
        images: uint8 [B, S, S, 3].
        boxes: float32 [B, 4] as ymin, xmin, ymax, xmax in [0, 1]; None for crops without object.
        settings, generator: sizes of the changes, and their random numbers.
        masks: float32 [B, S, S, 1] in [0, 1].
        part: the part of a batch of B x processes that is given: random numbers are drawn for the whole batch.
    """
    count = len(images) * part.processes
    flipped = generator.random(count) < 0.5
    # All is drawn before anything is changed. A setting of 0 draws nothing and leaves the pixels as they are.
    colours = generator.uniform(-settings.jitter, settings.jitter, (3, count, 1, 1, 1)) if settings.jitter else None
    scales = 1 + generator.uniform(-settings.zoom, settings.zoom, count) if settings.zoom else np.ones(count)
    shifts = generator.uniform(-settings.shift, settings.shift, (count, 2)) if settings.shift else np.zeros((count, 2))
    own = part.rows(count)
    flipped, scales, shifts = flipped[own], scales[own], shifts[own]

    images = np.where(flipped[:, None, None, None], images[:, :, ::-1], images)
    if boxes is not None:
        boxes = np.where(flipped[:, None], flip_boxes(boxes), boxes)
    if masks is not None:
        masks = np.where(flipped[:, None, None, None], masks[:, :, ::-1], masks)
    if settings.zoom or settings.shift:
        corners, sides = windows(boxes, scales, shifts)
        images = resample(images, corners, sides)
        boxes = None if boxes is None else move_boxes(boxes, corners, sides)
        masks = None if masks is None else resample(masks, corners, sides)
    images = to_float(images)
    if colours is not None:
        _recolour(images, *colours[:, own].astype(np.float32))
    return Augmented(images, boxes, masks)


def windows(boxes: np.ndarray | None, scales: np.ndarray, shifts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the visible square of each crop: its top left corner [B, 2] and its side [B], relative to the crop.

    Scale and shift of a crop with a box are limited so that the object stays whole, and that the mirrored pixels past
    the crop's border do not show a part of it a second time, outside its box. A box that touches the border therefore
    goes on touching it. `scales` [B] above 1 enlarge; `shifts` [B, 2], down and right, are relative to the square.
    """
    sides = 1 / scales
    if boxes is None:
        return 0.5 - sides[:, None] * (0.5 + shifts), sides
    low, high = boxes[:, :2].astype(float), boxes[:, 2:].astype(float)
    extents = (high - low).max(axis=1)
    sides = np.clip(sides, extents, 2 - extents)
    side = sides[:, None]
    corners = 0.5 - side * (0.5 + shifts)
    # Whole: corner <= low and corner + side >= high. Not seen twice: -corner <= low and corner + side - 1 <= 1 - high.
    corners = np.clip(corners, np.maximum(high - side, -low), np.minimum(low, 2 - high - side))
    return corners, sides


def move_boxes(boxes: np.ndarray, corners: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Return boxes [B, 4] relative to the windows, float32, clipped to [0, 1]."""
    return np.clip((boxes - np.tile(corners, 2)) / sides[:, None], 0, 1).astype(np.float32)


def resample(images: np.ndarray, corners: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Enlarge the windows of images, [B, S, S, C] to float32 of the same shape; bilinear, mirrored at the border."""
    # Image by image: the steps stay in the processor's cache, and are four times as fast as on the whole batch.
    result = np.empty(images.shape, np.float32)
    size = images.shape[1]
    for image, corner, side, target in zip(images, corners, sides, result, strict=True):
        (top, bottom, down), (left, right, across) = (_neighbours(start, side, size) for start in corner)
        rows = _between(image.take(top, 0), image.take(bottom, 0), down[:, None, None])
        target[...] = _between(rows.take(left, 1), rows.take(right, 1), across[:, None])
    return result


def _neighbours(start: float, side: float, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, along one axis, the two pixels around each centre, and its distance from the first."""
    centres = (start + side * (np.arange(size) + 0.5) / size) * size - 0.5
    first = np.floor(centres).astype(np.int64)
    before, after = mirrored_indices(np.stack([first, first + 1]), size)
    return before, after, (centres - first).astype(np.float32)


def _between(first: np.ndarray, second: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    first = first.astype(np.float32, copy=False)
    return first + (second - first) * fraction


def _recolour(images: np.ndarray, brightness: np.ndarray, contrast: np.ndarray, saturation: np.ndarray) -> None:
    """Change float images [B, S, S, 3] in place."""
    # mean + (1 + contrast) ((grey - mean) + (1 + saturation) (image - grey)) + brightness, multiplied out.
    grey = images @ np.full((3, 1), 1 / 3, np.float32)
    mean = grey.mean(axis=(1, 2), keepdims=True)
    images *= (1 + contrast) * (1 + saturation)
    images += brightness - contrast * mean - (1 + contrast) * saturation * grey
    np.clip(images, -1, 1, out=images)
