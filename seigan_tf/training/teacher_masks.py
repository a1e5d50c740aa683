"""What a teacher says of training crops, corrected by what their boxes say, and which of it is to be believed.

The teacher has seen boxes only, and what is done here asks for no more than boxes either: self-training for masks from
boxes is that of SDI (Khoreva et al., CVPR 2017, arXiv 1603.07485), where GrabCut and the box choose among masks too.
"""

import cv2
import numpy as np
from keras import ops

from seigan_tf.data.crop_set import ObjectCrops
from seigan_tf.evaluation.iou import iou, to_original
from seigan_tf.inference import grabcut
from seigan_tf.inference.tta import segment_tta
from seigan_tf.losses import boxes as box_terms
from seigan_tf.utils.progress import Progress

SHIFTS = np.arange(0.0, 4.25, 0.25, np.float32)
"""By how much a mask's logits may be raised for it to reach its box."""
PRICE = 0.012
"""Agreement with the box's sides that a shift of 1 has to win."""
SIDE = 128
"""Pixels across the crops that GrabCut sees, at least."""
BELIEVED = 0.7
"""Part of the crops whose masks are believed."""


def teacher_masks(teacher, crops: ObjectCrops, size: int) -> np.ndarray:
    """Soft masks of the crops: the mean of what the teacher says of each and of its mirror image, raised by `reaching`.

    They are confined to the box, whether the teacher's own are or not, but for what resizing blurs.

    Args:
        teacher: with `segment`, as SEIGAN.
        crops: at the teacher's size.
        size: of the masks.

    Returns:
        float32 [N, size, size, 1] in [0, 1].
    """
    masks = reaching(segment_tta(teacher.segment, crops.images, crops.boxes), crops.boxes)
    return np.stack([to_original(mask[..., 0], size, size) for mask in masks])[..., None]


def reaching(masks: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Masks made larger until they reach the sides of their boxes, and 0 outside.

    A mask whose object ends before its box does has left out a part of it. The same amount is added to all logits of
    the mask, one of SHIFTS: that with the best `side_agreement`, less PRICE by shift. Where a teacher sees nothing in
    particular, a faint mask of one value, that makes it a box in which all is in doubt.

    Args:
        masks: float32 [N, S, S, 1] in [0, 1].
        boxes: float32 [N, 4], relative.
    """
    inside = _inside(boxes, masks.shape[1])
    best, most = masks, np.full(len(masks), -np.inf)
    for shift in SHIFTS:
        # p to p': logit(p') = logit(p) + shift.
        raised = inside * masks / (masks + (1 - masks) * np.exp(-shift))
        worth = side_agreement(raised, boxes) - PRICE * shift
        best = np.where((worth > most)[:, None, None, None], raised, best)
        most = np.maximum(worth, most)
    return best.astype(np.float32)


def side_agreement(masks: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """How well the rows and columns that masks cover, above 0.5, are those of their boxes: Dice, [N] in [0, 1]."""
    inside = _inside(boxes, masks.shape[1]) > 0
    total = np.zeros(len(masks))
    for axis in (1, 2):
        covered, wanted = (values.any(axis=axis)[..., 0] for values in (masks > 0.5, inside))
        counts = covered.sum(1) + wanted.sum(1)
        total += 2 * (covered & wanted).sum(1) / np.maximum(counts, 1)
    return total / 2


def _inside(boxes: np.ndarray, size: int) -> np.ndarray:
    return ops.convert_to_numpy(box_terms.inside(ops.convert_to_tensor(boxes), size))


def believable(
    images: np.ndarray, masks: np.ndarray, boxes: np.ndarray, progress: Progress | None = None
) -> np.ndarray:
    """Numbers of the crops, BELIEVED of them, whose masks colours and boxes speak for.

    GrabCut decides each mask anew where it is in doubt, and where it is not, colours have no say: there a mask that is
    wrong with certainty is believed. How far GrabCut agrees with the mask, and with the sides of the box, tells good
    masks from bad ones better than it makes them: docs/experiments.md.

    Args:
        images: uint8 [N, S, S, 3].
        masks: float32 [N, S, S, 1] in [0, 1].
        boxes: float32 [N, 4], relative.
        progress: told after each crop.
    """
    side = max(SIDE, images.shape[1])
    confidence = np.zeros(len(masks))
    for i, (image, mask) in enumerate(zip(images, masks[..., 0], strict=True)):
        mask = cv2.resize(mask, (side, side), interpolation=cv2.INTER_LINEAR)
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
        decided = grabcut.from_mask(image, mask) > 0.5
        confidence[i] = iou(decided, mask > 0.5) * side_agreement(decided[None, ..., None], boxes[i : i + 1])[0]
        if progress:
            progress(i + 1, len(masks))
    best = np.argsort(-confidence, kind="stable")[: max(round(BELIEVED * len(masks)), 1)]
    return np.sort(best)
