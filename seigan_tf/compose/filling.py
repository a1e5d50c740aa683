"""Fills of real texture: patches of the photo itself, chosen where the photo is small and copied where it is large.

The search of `patches.py` runs from coarse to fine, at most at the scale at which the hole is LONGEST pixels long. It
starts from a guide, the inpainter's answer, which also draws matches to its colours, so that layout and colours are the
network's and the texture the photo's. At coarser scales holes are smaller, as the known colours grow into them, so that
edges on both sides of a hole meet before it has texture. Each pixel of the full-size hole then copies the pixel that
its match's offset, enlarged, leads to. Last, colours that vary slowly are exchanged for those of the search's own
result, which has no seams.

Nothing here needs more than area and bilinear resampling, Gaussian blur and loops over arrays.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from seigan_tf.compose import geometry
from seigan_tf.compose.geometry import Window
from seigan_tf.compose.patches import RADIUS, SIDE, Field, Random

LONGEST = 256
"""Longest side of the hole, in pixels, at the finest scale that is searched."""
SHORTEST = 4
"""The hole is longer than that, in pixels, at all scales but the coarsest."""
FEWEST = 0.25
"""Least number of patches to copy from, relative to the pixels of the hole. Scales with fewer are left out; if the
finest has fewer, the photo has no texture."""
GUIDE = 0.4
"""Weight of the guide, relative to that of a patch."""
PLACE = 10.0
"""Cost, in grey levels, of a match as far away as the hole is long."""
ROUNDS, MOST = 4, 16
"""Rounds of search and vote at the finest scale; twice as many at each coarser one, up to MOST."""
SOME = 0.01
"""Share of known pixels from which a pixel of a coarser scale is known."""
SOFT = 0.2
"""Variance of the weights between the offsets of nine patches, in pixels of the photo times pixels of the finest scale:
seams become soft over about a pixel of the photo."""
FAINT = 1e-3
"""Weight of an offset, relative to that of the nearest patch, up to which pixels are not mixed."""
BLUR = 3.0
"""Standard deviation, in pixels of the finest scale, of the blur that leaves colours that vary slowly."""

Guide = Callable[[int, int], np.ndarray]
"""Colours over the photo at a height and a width, float32 [height, width, 3]."""


class Scene(NamedTuple):
    """The photo around a hole at one scale."""

    image: np.ndarray
    """float32 [h, w, 3]: the photo, and the guide in the hole."""
    unknown: np.ndarray
    """bool [h, w]: the hole; at the finest scale every pixel that has a part of it, at coarser ones see `_half`."""
    avoid: np.ndarray
    """bool [h, w]: what must not be copied."""

    def sources(self) -> np.ndarray:
        """bool [h, w]: centres of patches that may be copied."""
        hidden = cv2.dilate((self.unknown | self.avoid).astype(np.uint8), np.ones((SIDE, SIDE), np.uint8)) > 0
        result = np.zeros_like(hidden)
        inside = np.s_[RADIUS:-RADIUS, RADIUS:-RADIUS]
        result[inside] = ~hidden[inside]
        return result


def fill(
    photo: np.ndarray,
    unknown: np.ndarray,
    avoid: np.ndarray,
    guide: Guide,
    guided: bool = True,
    seed: int = 0,
    window: Window | None = None,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Fill a hole with patches of the photo around it.

    Args:
        photo: uint8 [height, width, 3]; what it shows in the hole is not used.
        unknown: bool [height, width], the hole, not empty.
        avoid: bool or uint8 [height, width], not 0 at more pixels that must not be copied.
        guide: the first guess.
        guided: whether the guide's colours count in the search.
        seed: seed of the random numbers; equal arguments give equal results.
        window: the part of the photo that is wanted; by default all of it.

    Returns:
        The window of the photo with its hole filled, uint8 [window.height, window.width, 3], and its pixels that have a
        fill, bool: the hole and a rim of about RADIUS pixels of the finest scale. None if there is too little to copy.
    """
    found = search(_scenes(photo, unknown, avoid, guide), guided, seed)
    if found is None:
        return None
    window = window or Window(0, 0, photo.shape[1], photo.shape[0])
    filled, there = _copy(photo, found, window)
    _correct(filled, there, photo, found, window)
    return filled, there


def search(scenes: list[Scene], guided: bool, seed: int) -> Field | None:
    """The field of the last of the scenes, which go from coarse to fine; None if there is too little to copy."""
    pairs = [(scene, scene.sources()) for scene in scenes]
    if _too_few(*pairs[-1]):
        return None
    pairs = [pair for pair in pairs if not _too_few(*pair)]
    random, field = Random(seed), None
    for number, (scene, known) in enumerate(pairs):
        rounds = min(ROUNDS << len(pairs) - 1 - number, MOST)
        field = _match(scene, known, GUIDE if guided else 0.0, rounds, random, field)
    if field is not None:
        field.vote()
    return field


def _too_few(scene: Scene, sources: np.ndarray) -> bool:
    return bool(sources.sum() < max(FEWEST * scene.unknown.sum(), 1))


def _match(
    scene: Scene, sources: np.ndarray, weight: float, rounds: int, random: Random, earlier: Field | None
) -> Field:
    """The field of a scene, from that of the next coarser one."""
    guide = cv2.GaussianBlur(scene.image, (0, 0), RADIUS)
    field = Field(scene.image, scene.unknown, sources, guide, weight, PLACE / _length(scene.unknown), random)
    field.start(earlier)
    reach = max(scene.unknown.shape)
    if earlier is None:
        field.search(4, reach)
    else:
        reach = max(reach // 8, 2)
        field.vote()
        field.search(1, reach)
    for repeat in range(rounds):
        field.vote()
        field.search(1 if repeat else 2, reach)
    return field


def _scenes(photo: np.ndarray, unknown: np.ndarray, avoid: np.ndarray, guide: Guide) -> list[Scene]:
    """The photo at all scales, the coarsest first."""
    scale = min(LONGEST / _length(unknown), 1.0)
    height, width = (max(round(scale * length), 1) for length in unknown.shape)
    # The photo itself is reduced as uint8: as numbers it would take four times the memory.
    small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    scene = Scene(small, *(_reduce(values, height, width) for values in (unknown, avoid)))
    scenes = [scene._replace(image=np.where(scene.unknown[..., None], guide(height, width), small).astype(np.float32))]
    while _length(scenes[0].unknown) > SHORTEST and min(scenes[0].unknown.shape) > 8 * SIDE:
        half = _half(scenes[0])
        if not half.unknown.any():
            break
        scenes.insert(0, half)
    return scenes


def _half(scene: Scene) -> Scene:
    """A scene at half the size.

    Pixels with any known one among the 4 x 4 around them are known: holes shrink from their rims, and at the coarsest
    scale patches reach across them.
    """
    height, width = (-(-length // 2) for length in scene.unknown.shape)

    def mean(values: np.ndarray) -> np.ndarray:
        soft = cv2.blur(values, (3, 3), borderType=cv2.BORDER_REFLECT)
        return cv2.resize(soft, (width, height), interpolation=cv2.INTER_AREA)

    known = (~scene.unknown).astype(np.float32)
    share = mean(known)
    colours = mean(scene.image * known[..., None]) / np.maximum(share, SOME)[..., None]
    guess = cv2.resize(scene.image, (width, height), interpolation=cv2.INTER_AREA)
    unknown = share < SOME
    avoid = _reduce(scene.avoid & ~scene.unknown, height, width)
    return Scene(np.where(unknown[..., None], guess, colours), unknown, avoid)


def _reduce(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """A mask at a smaller size: True at every pixel that has a part of it."""
    narrow = np.empty((len(mask), width), np.float32)
    # In strips, since as float32 it takes four times the memory.
    for rows in geometry.row_slices(Window(0, 0, mask.shape[1], len(mask))):
        part = (mask[rows] > 0).astype(np.float32)
        narrow[rows] = cv2.resize(part, (width, len(part)), interpolation=cv2.INTER_AREA)
    return cv2.resize(narrow, (width, height), interpolation=cv2.INTER_AREA) > 0


def _length(mask: np.ndarray) -> int:
    """Long side of the bounding box of a mask."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    return int(max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1


def _copy(photo: np.ndarray, field: Field, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Copy pixels of the photo to the patches of the field, in a window; between the offsets of nine they are mixed.

    What is copied is known: it lies at most two pixels of the field from the centre of a match.
    """
    height, width = photo.shape[:2]
    down, across = field.height / height, field.width / width
    moves = np.rint((field.match_y - field.y) / down) * width + np.rint((field.match_x - field.x) / across)
    index = np.pad(field.index, 1, mode="edge")
    usable, shift = index >= 0, np.where(index >= 0, moves.astype(np.intp)[index], 0)
    inner, centre = np.s_[1:-1, 1:-1], shift[1:-1, 1:-1]
    seam = np.zeros_like(usable[inner])
    for i, j in np.ndindex(3, 3):
        beyond = np.s_[i : i + field.height, j : j + field.width]
        seam |= (shift[beyond] != centre) | ~usable[beyond]

    rows, over = _nearest(np.arange(window.top, window.bottom), down)
    columns, beside = _nearest(np.arange(window.left, window.right), across)
    there, mixed = (values[rows][:, columns] for values in (usable[inner], seam & usable[inner]))
    soft = [(weights > FAINT).sum(0) > 1 for weights in (over, beside)]
    mixed &= soft[0][:, None] | soft[1]
    filled, pixels = np.empty((*there.shape, 3), np.uint8), photo.reshape(-1, 3)
    for part in geometry.row_slices(window):
        own = np.arange(window.top + part.start, window.top + part.stop)[:, None] * width
        own = own + np.arange(window.left, window.right)
        filled[part] = pixels.take(own + centre[rows[part]].take(columns, 1), 0)
        y, x = np.nonzero(mixed[part])
        own, first = own[y, x], rows[part][y] * index.shape[1] + columns[x]
        total, norm = np.zeros((len(y), 3), np.float32), np.zeros((len(y), 1), np.float32)
        for i, j in np.ndindex(3, 3):
            near = first + i * index.shape[1] + j
            weight = (over[i][part].take(y) * beside[j].take(x) * usable.take(near))[:, None]
            total += pixels.take(own + shift.take(near), 0) * weight
            norm += weight
        filled[part][y, x] = np.rint(total / norm)
    return filled, there


def _nearest(pixels: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """For pixels of the photo in one direction: the pixel of the field, and weights of the one before, it and the next.

    The weights are float32 [3, pixels], relative to the middle one's.
    """
    place = (pixels + 0.5) * step
    middle = place.astype(np.intp)
    off = np.square(middle + 0.5 - place + np.arange(-1, 2)[:, None])
    return middle, np.exp((off[1] - off) / (2 * SOFT * step)).astype(np.float32)


def _correct(filled: np.ndarray, there: np.ndarray, photo: np.ndarray, field: Field, window: Window) -> None:
    """Exchange the slowly varying colours of the pixels `there` for those of the field's image, in place.

    `filled` and `there` are those of the window.
    """
    (height, width), rows, columns = photo.shape[:2], field.height, field.width
    narrow = np.zeros((height, columns, 3), np.float32)
    for part in geometry.row_slices(window):
        strip = np.zeros((part.stop - part.start, width, 3), np.float32)
        strip[:, window.left : window.right] = filled[part]
        narrow[window.of[0]][part] = cv2.resize(strip, (columns, len(strip)), interpolation=cv2.INTER_AREA)
    small = np.rint(cv2.resize(narrow, (columns, rows), interpolation=cv2.INTER_AREA))
    inner = np.s_[  # those pixels of `small` that lie in the window
        -(-window.top * rows // height) : window.bottom * rows // height,
        -(-window.left * columns // width) : window.right * columns // width,
    ]
    difference = np.zeros_like(field.image)  # outside the window other holes may not be filled yet
    difference[inner] = field.image[inner] - small[inner]
    difference = cv2.GaussianBlur(difference, (0, 0), BLUR)
    for part in geometry.row_slices(window):
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        move = np.array([[columns / width, 0, 0], [0, rows / height, 0]])
        move[:, 2] = (window.left + 0.5) * columns / width - 0.5, (window.top + part.start + 0.5) * rows / height - 0.5
        size = window.width, part.stop - part.start
        change = cv2.warpAffine(difference, move, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        changed = cv2.add(filled[part], change, dtype=cv2.CV_8U)
        np.copyto(filled[part], changed, where=there[part][..., None])
