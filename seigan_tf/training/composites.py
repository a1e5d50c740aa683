"""Composites for the refiner: objects pasted onto other photographs, so that the exact mask is known.

The objects are cut out by trained weights and boxes, as `cut` does; no other masks are used. Even if such a mask is not
the object's true one, it is exact for the pasted picture (Ghiasi et al., arXiv 2012.07177).
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from seigan_tf.compose import matting, refiner
from seigan_tf.compose.backends import Backend
from seigan_tf.data.crops import extract, relative_box
from seigan_tf.data.photos.photo import Photo, Problem
from seigan_tf.data.photos.reading import UnreadablePhoto, read_photo
from seigan_tf.data.planning.report import Tally
from seigan_tf.data.planning.rules import CropRules, object_regions
from seigan_tf.training.teacher_masks import most_confident, side_agreement
from seigan_tf.utils.boxes import box_to_mask
from seigan_tf.utils.progress import Progress

SIDE = refiner.SIDE
REAL = 0.25
"""Fraction of the samples that are crops of photographs as they are, with the mask of `cut`."""
FEWEST = 100
"""Least number of pixels of a pasted object that has a box of its own."""


class CutOut(NamedTuple):
    """An object of a photo, in its crop of SIDE pixels."""

    crop: np.ndarray
    """uint8 [SIDE, SIDE, 3]: the photo."""
    colours: np.ndarray
    """uint8 [SIDE, SIDE, 3]: the object's own colours, also at soft edges; around it they go on."""
    alpha: np.ndarray
    """float32 [SIDE, SIDE] in [0, 1]."""
    box: np.ndarray
    """float32 [4], relative."""


class Samples(NamedTuple):
    """Crops with masks, uint8: 255 is the object."""

    images: np.ndarray
    """[N, SIDE, SIDE, 3]."""
    coarse: np.ndarray
    """[N, SIDE, SIDE]: what the segmenter sees."""
    exact: np.ndarray
    """[N, SIDE, SIDE]."""


def make_samples(
    backend: Backend, objects: Sequence[CutOut], backgrounds: np.ndarray, count: int, seed: int, progress: Progress
) -> Samples:
    """Return random samples of objects.

    Args:
        backend: the segmenter whose masks are the coarse ones.
        objects: result of `cut_outs`.
        backgrounds: places without objects, uint8 [M, SIDE, SIDE, 3].
        count: number of samples.
        seed: seed of all choices.
        progress: called after each sample.
    """
    random = np.random.default_rng(seed)
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    coarse, exact = np.empty((count, SIDE, SIDE), np.uint8), np.empty((count, SIDE, SIDE), np.uint8)
    for i in range(count):
        item = objects[int(random.integers(len(objects)))]
        if random.random() < REAL:
            image, alpha = item.crop, item.alpha
        else:
            image, alpha = _paste(item, backgrounds[random.integers(len(backgrounds))], random)
        if random.random() < 0.5:
            image, alpha = np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(alpha[:, ::-1])
        images[i], exact[i] = image, np.rint(255 * alpha)
        coarse[i] = np.rint(255 * _seen(backend, image, box_of(alpha)))
        progress(i + 1, count)
    return Samples(images, coarse, exact)


def cut_outs(
    backend: Backend, photos: Sequence[Photo], rules: CropRules, problems: Tally, progress: Progress
) -> list[CutOut]:
    """Return the objects that the rules keep, those with the most reliable masks.

    Their masks reach the sides of their boxes and have few soft pixels. `problems` counts unreadable photographs. The
    result is empty if no object passes the crop rules, or the weights find none.
    """
    found = []
    for number, photo in enumerate(photos, 1):
        regions = zip(photo.objects, object_regions(photo, rules), strict=True)
        kept = [(item, region) for item, region in regions if not isinstance(region, str)]
        progress(number, len(photos))
        if not kept:
            continue
        try:
            pixels = read_photo(photo)
        except UnreadablePhoto as error:
            problems.add(Problem("photo", photo.name, str(error)))
            continue
        for item, region in kept:
            alpha = matting.matte(backend, pixels, item.box, refine=True, region=region, learned=False).low
            if len(alpha) != SIDE or not (alpha > 0.5).any():  # a few pixels, or nothing was found
                continue
            crop = extract(pixels, region, SIDE)
            weight = alpha[..., None]
            own = matting.unmixed(crop, weight, matting.estimate_colours(crop, alpha))
            colours = np.where(weight < matting.SURE, own, crop)
            found.append(CutOut(crop, colours, alpha, relative_box(item.box, region)))
    return _reliable(found) if found else []


def _reliable(objects: Sequence[CutOut]) -> list[CutOut]:
    soft = np.array([np.mean((item.alpha > 0.1) & (item.alpha < 0.9)) for item in objects])
    reach = np.array([side_agreement(item.alpha[None, ..., None], item.box[None])[0] for item in objects])
    return [objects[i] for i in most_confident(reach - 2 * soft)]


def _paste(item: CutOut, background: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return an object on a background, uint8 [SIDE, SIDE, 3], and its alpha, float32 [SIDE, SIDE].

    Size, angle, place, light, blur, noise and compression are random, since the seam must not be what the network sees.
    """
    y, x = (item.box[:2] + item.box[2:]) / 2 * SIDE
    move = cv2.getRotationMatrix2D((float(x), float(y)), random.uniform(-10, 10), random.uniform(0.85, 1.05))
    move[0, 2] += SIDE / 2 - x + random.uniform(-8, 8)
    move[1, 2] += SIDE / 2 - y + random.uniform(-8, 8)
    colours = cv2.warpAffine(item.colours, move, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT).astype(np.float32)
    alpha = cv2.warpAffine(item.alpha, move, (SIDE, SIDE), borderMode=cv2.BORDER_CONSTANT)
    alpha = np.clip((alpha - 0.15) / 0.7, 0, 1)
    colours = np.clip((colours - 128) * random.uniform(0.8, 1.2) + 128 + random.uniform(-15, 15, 3), 0, 255)
    if random.random() < 0.5:
        background = background[:, ::-1]
    image = alpha[..., None] * colours + (1 - alpha[..., None]) * background
    if random.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.4, 1.2))
    image = np.clip(image + random.normal(0, random.uniform(0, 4), image.shape), 0, 255).astype(np.uint8)
    if random.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(60, 95))]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
    return image, alpha


def box_of(alpha: np.ndarray) -> np.ndarray:
    """Return the relative box of a mask where it is above 1/2, float32 [4]; with fewer than FEWEST pixels the crop."""
    rows, columns = np.nonzero(alpha > 0.5)
    if len(rows) < FEWEST:
        return matting.WHOLE
    return np.array([rows.min(), columns.min(), rows.max() + 1, columns.max() + 1], np.float32) / len(alpha)


def _seen(backend: Backend, image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return the segmenter's mask of a crop, as `cut` has it before edges are refined: float32 [SIDE, SIDE]."""
    small = cv2.resize(image, (backend.size, backend.size), interpolation=cv2.INTER_AREA)
    return matting.two_looks(backend, small, image, box) * box_to_mask(box, SIDE, SIDE)
