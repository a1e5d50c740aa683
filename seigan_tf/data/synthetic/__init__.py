"""A set that needs no photographs: textured objects on textured backgrounds, with exact masks and boxes.

The shapes (stars, crescents, limbs, lobes) are as unlike the ellipse in their box as animals are, so that a box is no
answer; the textures of objects and of backgrounds are two families, so that there is something to learn.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from seigan_tf.data.synthetic import shapes, textures

CHUNK = 100  # crops drawn at once, which bounds the memory


class SyntheticObjects(NamedTuple):
    """Objects at the centre of their crops."""

    images: np.ndarray  # uint8 [count, size, size, 3] RGB
    boxes: np.ndarray  # float32 [count, 4]: ymin, xmin, ymax, xmax relative to the crop, tight around the mask
    masks: np.ndarray  # bool [count, size, size]


def synthetic_objects(
    count: int, size: int, seed: int | Sequence[int], object_fraction: float = 100 / 128
) -> SyntheticObjects:
    """Draw `count` crops of `size` pixels.

    Args:
        object_fraction: long side of the object's box by the crop's side.

    Raises ValueError if count or size below 1.
    """

    def draw(generator: np.random.Generator, number: int):
        distance = shapes.draw(generator, number, size, object_fraction)  # in pixels, negative inside
        scene = textures.background(generator, number, size)
        surface = textures.surface(generator, distance, scene.mean(axis=(1, 2)))
        # A pixel's width of mixed colours at the edge, as a lens leaves it.
        alpha = np.clip(0.5 - distance, 0, 1).astype(np.float32)[..., None]
        masks = distance < 0
        return SyntheticObjects(_to_bytes(scene + alpha * (surface - scene)), shapes.boxes(masks), masks)

    return SyntheticObjects(*_in_chunks(count, size, seed, draw))


def synthetic_backgrounds(count: int, size: int, seed: int | Sequence[int]) -> np.ndarray:
    """Draw `count` crops without object, uint8 [count, size, size, 3]. Raises ValueError if count or size below 1."""

    def draw(generator: np.random.Generator, number: int):
        return (_to_bytes(textures.background(generator, number, size)),)

    return _in_chunks(count, size, seed, draw)[0]


def _in_chunks(
    count: int, size: int, seed: int | Sequence[int], draw: Callable[[np.random.Generator, int], tuple]
) -> list[np.ndarray]:
    if count < 1 or size < 1:
        raise ValueError(f"synthetic set: {count} crops of {size} pixels, expected at least 1 of each")
    seeds = np.random.SeedSequence(seed).spawn(-(-count // CHUNK))
    numbers = [min(CHUNK, count - start) for start in range(0, count, CHUNK)]
    parts = [draw(np.random.default_rng(part), number) for part, number in zip(seeds, numbers, strict=True)]
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


def _to_bytes(images: np.ndarray) -> np.ndarray:
    return (np.clip(images, 0, 1) * 255 + 0.5).astype(np.uint8)
