"""Random outlines for the synthetic set, as fields that are negative inside."""

import numpy as np

PREVIEW = 64  # points a side of the grid on which an outline's extent is found
REACH = 2.2  # the outlines lie within [-REACH, REACH] before they are scaled


def draw(generator: np.random.Generator, count: int, size: int, object_fraction: float) -> np.ndarray:
    """Draw outlines centred in square crops, the long side of their boxes `object_fraction` of the crop.

    Return about the distance to the outline in pixels, negative inside: float [count, size, size].
    """
    families = (star, crescent, limbs, lobes)
    family = generator.integers(0, len(families), count)
    result = np.empty((count, size, size))
    for index, outline in enumerate(families):
        chosen = np.flatnonzero(family == index)
        if chosen.size:
            result[chosen] = _fit(generator, outline(generator, chosen.size), chosen.size, size, object_fraction)
    return result


def boxes(masks: np.ndarray) -> np.ndarray:
    """Return tight boxes of masks [count, height, width]: float32 [count, 4], relative ymin, xmin, ymax, xmax."""
    edges: list[np.ndarray] = []
    for axis in (2, 1):
        filled = np.asarray(masks.any(axis=axis))
        length = filled.shape[1]
        edges += [filled.argmax(axis=1) / length, 1 - filled[:, ::-1].argmax(axis=1) / length]
    return np.stack([edges[0], edges[2], edges[1], edges[3]], axis=-1).astype(np.float32)


def star(generator: np.random.Generator, count: int):
    """Arms around a core."""
    arms = generator.integers(3, 7, (count, 1, 1))
    depth = generator.uniform(0.2, 0.38, (count, 1, 1))
    bend = generator.uniform(-0.8, 0.8, (count, 1, 1))
    uneven, phase = generator.uniform(0, 0.25, (count, 1, 1)), generator.uniform(0, 2 * np.pi, (count, 1, 1))

    def field(x, y):
        radius, angle = np.hypot(x, y), np.arctan2(y, x)
        wave = np.cos(arms * (angle + bend * radius))
        return radius - (1 + uneven * np.cos(angle + phase)) * (1 - depth + depth * wave)

    return field


def crescent(generator: np.random.Generator, count: int):
    """A disc out of which another one is bitten."""
    bite = generator.uniform(0.6, 0.85, (count, 1, 1))
    shift = generator.uniform(0.5, 0.8, (count, 1, 1))

    def field(x, y):
        return np.maximum(np.hypot(x, y) - 1, bite - np.hypot(x - shift, y))

    return field


def limbs(generator: np.random.Generator, count: int):
    """A body of three to five tapering limbs from one joint."""
    number = 5
    spread = 2 * np.pi * (np.arange(number) + generator.uniform(-0.3, 0.3, (count, number))) / number
    length = generator.uniform(0.6, 1.3, (count, number))
    length[:, 3:] *= generator.random((count, number - 3)) < 0.6
    width = generator.uniform(0.2, 0.34, (count, number))

    def field(x, y):
        parts = []
        for limb in range(number):
            along, across = (np.cos(spread[:, limb, None, None]), np.sin(spread[:, limb, None, None]))
            reach = length[:, limb, None, None]
            t = np.clip(x * along + y * across, 0, reach)
            parts.append(np.hypot(x - t * along, y - t * across) - width[:, limb, None, None] * (1.3 - 0.4 * t))
        return _smooth_union(parts)

    return field


def lobes(generator: np.random.Generator, count: int):
    """A chain of three or four discs."""
    number = 4
    turn = np.cumsum(generator.choice([-1, 1], (count, 1)) * generator.uniform(0.4, 1.5, (count, number)), axis=1)
    step = generator.uniform(0.5, 0.75, (count, number))
    step[:, 3] *= generator.random(count) < 0.6
    x0, y0 = (np.cumsum(step * np.cos(turn), axis=1), np.cumsum(step * np.sin(turn), axis=1))
    x0, y0 = x0 - x0.mean(axis=1, keepdims=True), y0 - y0.mean(axis=1, keepdims=True)
    radius = generator.uniform(0.35, 0.55, (count, number))

    def field(x, y):
        return _smooth_union(
            [
                np.hypot(x - x0[:, lobe, None, None], y - y0[:, lobe, None, None]) - radius[:, lobe, None, None]
                for lobe in range(number)
            ]
        )

    return field


def _smooth_union(parts: list[np.ndarray], sharpness: float = 14.0) -> np.ndarray:
    return -np.log(sum(np.exp(-sharpness * part) for part in parts)) / sharpness


def _fit(generator: np.random.Generator, field, count: int, size: int, object_fraction: float) -> np.ndarray:
    """Turn and stretches the outlines, then scales and shifts them so that their boxes fit."""
    angle = generator.uniform(0, 2 * np.pi, (count, 1, 1))
    stretch = generator.uniform(0.85, 1.18, (count, 1, 1))

    def turned(x, y):
        x, y = x * stretch, y / stretch
        return field(x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle))

    line = np.linspace(-REACH, REACH, PREVIEW)
    preview = turned(line[None, None, :], line[None, :, None])
    xmin, xmax = _extent(preview.min(axis=1), line)
    ymin, ymax = _extent(preview.min(axis=2), line)
    scale = np.maximum(ymax - ymin, xmax - xmin) / (object_fraction * size)  # of the field's unit per pixel
    pixels = np.arange(size) + 0.5 - size / 2
    x = (xmin + xmax) / 2 + scale * pixels[None, None, :]
    y = (ymin + ymax) / 2 + scale * pixels[None, :, None]
    values = turned(x, y)
    # A field divided by its slope is a distance, near the outline: https://iquilezles.org/articles/distance/
    slope = np.hypot(*np.gradient(values, axis=(1, 2)))
    return values / np.maximum(slope, 1e-3 * scale)


def _extent(profile: np.ndarray, line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the first and last zero of the profiles [count, points] over `line`: two arrays [count, 1, 1]."""
    rows = np.arange(len(profile))

    def crossing(values):
        inner = (values < 0).argmax(axis=1)
        inside, outside = values[rows, inner], values[rows, inner - 1]
        return line[inner] - (line[1] - line[0]) * inside / (inside - outside)

    return crossing(profile)[:, None, None], -crossing(profile[:, ::-1])[:, None, None]
