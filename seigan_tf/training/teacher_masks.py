"""Masks of a teacher for training crops: corrected by box, edges and colour, and the most reliable of them selected.

All of it needs boxes only, as the teacher did: self-training for masks from boxes is that of SDI (Khoreva et al.,
CVPR 2017, arXiv 1603.07485), which selects masks by GrabCut and the box, too.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from PIL import Image

from seigan_tf.compose import refiner
from seigan_tf.data.crop_set import ObjectCrops
from seigan_tf.evaluation.agreement import iou
from seigan_tf.inference import grabcut
from seigan_tf.inference.tta import segment_tta
from seigan_tf.utils.boxes import box_to_mask
from seigan_tf.utils.progress import Progress
from seigan_tf.utils.workers import cores

SHIFTS = np.arange(0.0, 4.25, 0.25, dtype=np.float32)
"""Amounts that may be added to a mask's logits to expand it."""
PRICE = 0.012
"""Least gain in `side_agreement` for a shift of 1."""
PART = 256
"""Number of crops whose masks are made or expanded together, to limit memory."""
LEAST = 128
"""Least side in pixels of the crops that GrabCut gets."""
CONFIDENT = 0.7
"""Fraction of the masks that is selected."""


def masks_of(
    segment: Callable[[np.ndarray, np.ndarray], np.ndarray], crops: ObjectCrops, progress: Progress | None = None
) -> np.ndarray:
    """Return a teacher's soft masks, means over each crop and its mirror image: float16 [N, S, S, 1] in [0, 1].

    Args:
        segment: function of images and boxes that returns the teacher's masks, as for `segment_tta`.
        crops: the objects at the teacher's size and scale.
        progress: called after each part of the crops.
    """
    images, boxes = crops
    result = np.empty((*images.shape[:3], 1), np.float16)
    for start in range(0, len(boxes), PART):
        part = slice(start, start + PART)
        result[part] = segment_tta(segment, images[part], boxes[part])
        if progress:
            progress(min(start + PART, len(boxes)), len(boxes))
    return result


def fit_to_boxes(masks: np.ndarray, theirs: np.ndarray, ours: np.ndarray, size: int) -> np.ndarray:
    """Return masks of a teacher for a student's crops, expanded by `expand_to_box`.

    They are 0 outside the box, apart from the blur of resizing, also if the teacher's own are not confined to it.

    Args:
        masks: [N, S, S, 1] in [0, 1], at the teacher's size and scale.
        theirs, ours: float32 [N, 4], the objects' boxes relative to the teacher's crops and to the student's.
        size: side of the student's crops, and of the result, in pixels.

    Returns:
        float32 [N, size, size, 1] in [0, 1].
    """
    result = np.empty((len(masks), size, size, 1), np.float32)
    for start in range(0, len(masks), PART):
        given, before, after = (values[start : start + PART] for values in (masks, theirs, ours))
        expanded = expand_to_box(given.astype(np.float32), before)[..., 0]
        for i, values in enumerate(zip(expanded, before, after, strict=True), start):
            result[i, ..., 0] = _resize_to_box(*values, size)
    return result


def _resize_to_box(mask: np.ndarray, before: np.ndarray, after: np.ndarray, size: int) -> np.ndarray:
    """Resize a mask, float32 [S, S], bilinearly to [size, size] so that its box `before` becomes `after`, relative.

    The mask continues with 0 past its border.
    """
    extent = max(before[2:] - before[:2]) / max(after[2:] - after[:2])  # of the result, relative to the mask
    top, left = ((before[:2] + before[2:] - extent * (after[:2] + after[2:])) / 2 * len(mask)).tolist()
    bottom, right = top + extent * len(mask), left + extent * len(mask)
    margin = max(math.ceil(max(-top, -left, bottom - len(mask), right - len(mask))), 0)
    image = Image.fromarray(np.pad(mask, margin))
    part = left + margin, top + margin, right + margin, bottom + margin
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, part))


def expand_to_box(masks: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Expand masks until they reach the sides of their boxes, and set them to 0 outside.

    A mask that ends before its box lacks a part of the object. All logits of the mask are raised by one of SHIFTS, the
    one with the largest `side_agreement` minus PRICE times the shift. A faint mask of a single value becomes a box of
    doubtful pixels.

    Args:
        masks: float32 [N, S, S, 1] in [0, 1].
        boxes: float32 [N, 4], relative.

    Returns:
        float32 [N, S, S, 1] in [0, 1].
    """
    box_mask = _box_to_mask(boxes, masks.shape[1])
    best, most = masks, np.full(len(masks), -np.inf)
    for shift in SHIFTS:
        # p to p': logit(p') = logit(p) + shift.
        raised = box_mask * masks / (masks + (1 - masks) * np.exp(-shift))
        worth = side_agreement(raised, boxes) - PRICE * shift
        best = np.where((worth > most)[:, None, None, None], raised, best)
        most = np.maximum(worth, most)
    return best.astype(np.float32)


def side_agreement(masks: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return the Dice of the rows and columns covered by masks above 0.5 and by their boxes: float64 [N] in [0, 1]."""
    box_mask = _box_to_mask(boxes, masks.shape[1])
    total = np.zeros(len(masks))
    for axis in (1, 2):
        covered, wanted = np.any(masks > 0.5, axis=axis)[..., 0], np.any(box_mask, axis=axis)[..., 0]
        counts = covered.sum(1) + wanted.sum(1)
        total += 2 * (covered & wanted).sum(1) / np.maximum(counts, 1)
    return total / 2


def _box_to_mask(boxes: np.ndarray, size: int) -> np.ndarray:
    return box_to_mask(boxes, size, size)[..., None]


def refine(
    images: np.ndarray, masks: np.ndarray, boxes: np.ndarray, progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Refine masks as `cut` does, and tell how reliable they are.

    The refiner moves the edges of each mask, and GrabCut decides anew where it stays in doubt; the refined mask is the
    mean of both. GrabCut gets crops of twice the size, but of at least LEAST and at most the refiner's, if they are not
    larger anyway. The confidence is the IoU of GrabCut's mask and the one given, times the `side_agreement` of
    GrabCut's: it finds bad masks, but not those that are wrong with values near 0 and 1 (docs/experiments.md).

    Args:
        images: uint8 [N, S, S, 3].
        masks: float32 [N, S, S, 1] in [0, 1].
        boxes: float32 [N, 4], relative.
        progress: called after each crop.

    Returns:
        The refined masks, as `masks` and 0 outside the box, apart from the blur of resizing, and the confidence,
        float64 [N] in [0, 1].

    Raises:
        ValueError: the file of the refiner was changed or damaged.
        OSError: it is missing.
    """
    confidence, refined = np.zeros(len(masks)), np.empty_like(masks)
    pool, items = ThreadPoolExecutor(cores()), zip(images, masks[..., 0], boxes, strict=True)
    try:
        for i, (mask, certain) in enumerate(pool.map(lambda item: _refine(*item), items)):
            refined[i, ..., 0], confidence[i] = mask, certain
            if progress:
                progress(i + 1, len(masks))
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C the rest is not waited for
    return refined, confidence


def _refine(image: np.ndarray, mask: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, float]:
    size = len(image)
    side = max(LEAST, size, min(2 * size, refiner.SIDE))
    given = edged = np.clip(_resized(mask, refiner.SIDE), 0, 1)
    if (given > 0.5).any():
        edged = refiner.refine(_resized(image, refiner.SIDE), given) * box_to_mask(box, *given.shape)
    edged = _resized(edged, side)
    decided = grabcut.from_mask(_resized(image, side), edged)
    found = decided > 0.5
    agreement = iou(found, _resized(given, side) > 0.5)
    confidence = agreement * side_agreement(found[None, ..., None], box[None])[0]
    return _resized((edged + decided) / 2, size), confidence


def _resized(values: np.ndarray, side: int) -> np.ndarray:
    """Return a square image or mask, resized."""
    enlarging = cv2.INTER_LINEAR if values.ndim == 2 else cv2.INTER_CUBIC
    return cv2.resize(values, (side, side), interpolation=enlarging if side > len(values) else cv2.INTER_AREA)


def most_confident(confidence: np.ndarray) -> np.ndarray:
    """Return the indices of the fraction CONFIDENT with the largest confidence, in ascending order."""
    best = np.argsort(-confidence, kind="stable")[: max(round(CONFIDENT * len(confidence)), 1)]
    return np.sort(best)
