"""Fills of holes at the photographs' own resolution: differences from the truth, texture and kernel distance."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from seigan_tf.data.crops import CropRegion
from seigan_tf.data.photos.photo import Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.report import Tally
from seigan_tf.evaluation import vgg as features
from seigan_tf.evaluation.inpainting import OPENCV, hole_scores, opencv_fill
from seigan_tf.evaluation.realism import FEWEST, kernel_distance, pair_terms
from seigan_tf.networks.vgg19 import VGG19Features
from seigan_tf.utils.progress import Progress

SMALLEST, LARGEST = 64, 256
"""Sides in pixels between which VGG-19 sees the square of a hole as it is; others are resized."""
PATCHMATCH_SIDE = 3
"""Radius of the patches of plain PatchMatch."""
FINEST, FLOOR = 1.0, 0.25
"""Standard deviation, in pixels, of the blur that leaves no detail; squared grey levels that count as no detail."""


class Case(NamedTuple):
    """A hole in a photo."""

    photo: np.ndarray
    """uint8 [height, width, 3], black in the hole."""
    hole: np.ndarray
    """bool [height, width]."""
    region: CropRegion
    """The square that a network sees, inside the photo."""
    objects: np.ndarray
    """bool [height, width]: the boxes of the photo's objects."""


Fill = Callable[[Case], np.ndarray]
"""Fills the hole: uint8 [height, width, 3]."""


def baselines(patchmatch: bool) -> dict[str, Fill]:
    """Methods without training: OpenCV's and, if asked for, PatchMatch of the package pypatchmatch."""

    def opencv(name: str) -> Fill:
        return lambda case: opencv_fill(name, case.photo, case.hole)

    methods = {name: opencv(name) for name in OPENCV}
    if patchmatch:
        methods["patchmatch"] = _patchmatch
    return methods


def _patchmatch(case: Case) -> np.ndarray:
    from patchmatch import patch_match

    patch_match.set_random_seed(0)
    return patch_match.inpaint(case.photo.copy(), case.hole, patch_size=PATCHMATCH_SIDE)


def measure_full_size(
    methods: Mapping[str, Fill],
    places: Sequence[tuple[Photo, CropRegion]],
    holes: np.ndarray,
    vgg: VGG19Features | None,
    problems: Tally,
    progress: Progress | None = None,
) -> dict[str, Any] | None:
    """Fill holes in photographs and compare with what they show there.

    Args:
        methods: by name.
        places: photographs and squares of them that show no object; unreadable photographs are left out.
        holes: their holes, bool [N, S, S], enlarged to the squares.
        vgg: the network of the feature measures; without it they are left out.
        problems: counts the unreadable photographs.
        progress: called after each place.

    Returns:
        {"count": N, "l1": {method: mean}, ..} as plain JSON values. "l1", "psnr" and "ssim" as `hole_scores`; "detail":
        `detail_ratio`; "vgg", "gram": distances of VGG-19's features in the hole; "kid": {method: {"distance",
        "error"}}, the kernel distance of the filled squares to the true ones, if there are FEWEST. None if no photo is
        readable.
    """
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in methods}
    made: dict[str, list[np.ndarray]] = {name: [] for name in methods}
    real = []
    for number, ((photo, region), shape) in enumerate(zip(places, holes, strict=True), 1):
        try:
            pixels = read_photo(photo)
        except UnreadablePhoto as error:
            problems.add(Problem("photo", photo.name, str(error)))
            continue
        case = hole_case(pixels, photo.boxes, region, shape)
        square = np.s_[region.y : region.y + region.side, region.x : region.x + region.side]
        truth, hole = pixels[square], case.hole[square]
        true = None if vgg is None else features.look(vgg, _sized(truth))
        if true is not None:
            real.append(features.pooled(true))
        for name, method in methods.items():
            filled = np.where(hole[..., None], method(case)[square], truth)
            score = {**hole_scores(filled, truth, hole), "detail": detail_ratio(filled, truth, hole)}
            if vgg is not None and true is not None:
                ours, mask = features.look(vgg, _sized(filled)), _sized(hole.astype(np.float32)) > 0.5
                score["vgg"] = features.hole_distance(ours, true, mask)
                score["gram"] = features.gram_distance(ours, true, mask)
                made[name].append(features.pooled(ours))
            scores[name].append(score)
        if progress:
            progress(number, len(places))
    count = len(next(iter(scores.values())))
    if not count:
        return None
    kinds = next(iter(scores.values()))[0]
    result: dict[str, Any] = {
        kind: {name: float(np.mean([score[kind] for score in rows])) for name, rows in scores.items()} for kind in kinds
    }
    if len(real) >= FEWEST:
        terms = {name: pair_terms(np.array(real), np.array(vectors)) for name, vectors in made.items()}
        result["kid"] = {name: kernel_distance(values)._asdict() for name, values in terms.items()}
    return {"count": count, **result}


def hole_case(pixels: np.ndarray, boxes: np.ndarray, region: CropRegion, shape: np.ndarray) -> Case:
    """Make a hole of a shape, bool [S, S], in a square of a photo with boxes [K, 4] (left, top, right, bottom)."""
    side = region.side
    hole, objects = np.zeros(pixels.shape[:2], bool), np.zeros(pixels.shape[:2], bool)
    mask = cv2.resize(shape.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR) > 0.5
    if not mask.any():
        mask = cv2.resize(shape.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA) > 0
    hole[region.y : region.y + side, region.x : region.x + side] = mask
    for left, top, right, bottom in np.clip(boxes, 0, None):
        objects[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))] = True
    return Case(np.where(hole[..., None], np.uint8(0), pixels), hole, region, objects)


def detail_ratio(filled: np.ndarray, truth: np.ndarray, hole: np.ndarray) -> float:
    """Return the base-2 logarithm of the ratio of fine detail in a hole: 0 for as much as in the truth, -1 for half.

    Fine detail is the mean square of what a blur of FINEST pixels takes away from the brightness.
    """
    power = []
    for image in (filled, truth):
        grey = image.astype(np.float32).mean(axis=-1)
        power.append(((grey - cv2.GaussianBlur(grey, (0, 0), FINEST)) ** 2)[hole].mean() + FLOOR)
    return float(np.log2(power[0] / power[1]))


def _sized(values: np.ndarray) -> np.ndarray:
    side = min(max(len(values), SMALLEST), LARGEST)
    if side == len(values):
        return values
    method = cv2.INTER_AREA if side < len(values) else cv2.INTER_LINEAR
    return cv2.resize(values, (side, side), interpolation=method)
