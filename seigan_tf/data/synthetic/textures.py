"""Random textures for the synthetic set; all are float32 [count, size, size, 3] RGB, about in [0, 1]."""

import numpy as np


def background(generator: np.random.Generator, count: int, size: int) -> np.ndarray:
    """Two muted colours mixed by clouds, fibres or patches, under uneven light."""
    hue = generator.uniform(0, 1, (count, 1))
    hues = np.concatenate([hue, hue + generator.uniform(-0.12, 0.12, (count, 1))], axis=1)
    colours = _colours(hues, generator.uniform(0.1, 0.45, (count, 2)), generator.uniform(0.25, 0.75, (count, 2)))
    kind = generator.integers(0, 3, count)
    mix = np.empty((count, size, size), np.float32)
    for index, texture in enumerate((_clouds, _fibres, _patches)):
        chosen = np.flatnonzero(kind == index)
        if chosen.size:
            mix[chosen] = texture(generator, chosen.size, size)
    mix = mix[..., None]
    image = colours[:, 0, None, None] * (1 - mix) + colours[:, 1, None, None] * mix
    light = 0.85 + 0.3 * _smooth(generator, count, size, 2, 2)[..., None]
    return image * light + _grain(generator, image.shape)


def surface(generator: np.random.Generator, distance: np.ndarray, scene_colour: np.ndarray) -> np.ndarray:
    """Bright colours in a gradient with stripes or spots, shaded towards the outline.

    Args:
        distance: [count, size, size] to the outline in pixels, negative inside.
        scene_colour: [count, 3], the mean colour of what lies behind; of the colours tried, the one that differs most
            from it is taken, as a photographer would place the subject.
    """
    count, size, _ = distance.shape
    tried = _colours(
        generator.uniform(0, 1, (count, 4)),
        generator.uniform(0.45, 0.85, (count, 4)),
        generator.uniform(0.35, 0.8, (count, 4)),
    )
    far = np.abs(tried - scene_colour[:, None]).sum(axis=-1).argmax(axis=1)
    first = tried[np.arange(count), far]
    second = np.clip(first + generator.uniform(-0.2, 0.2, (count, 3)), 0, 1).astype(np.float32)
    blend = _ramp(generator, count, size)[..., None]
    image = first[:, None, None] * (1 - blend) + second[:, None, None] * blend

    kind = generator.integers(0, 3, (count, 1, 1))
    period = generator.uniform(0.12, 0.25, (count, 1, 1)) * size
    angle = generator.uniform(0, np.pi, (count, 1, 1))
    line = np.arange(size)
    along = line[None, None, :] * np.cos(angle) + line[None, :, None] * np.sin(angle)
    across = line[None, :, None] * np.cos(angle) - line[None, None, :] * np.sin(angle)
    waves = [np.sin(2 * np.pi * axis / period) for axis in (along, across)]
    pattern = np.where(kind == 1, waves[0] > 0.2, (kind == 2) & (waves[0] * waves[1] > 0.35))
    strength = generator.uniform(-0.3, 0.3, (count, 1, 1))
    image *= (1 + strength * pattern).astype(np.float32)[..., None]

    # Darker at the edge, as round things are; brighter on the side of the light.
    depth = np.clip(-distance / (0.12 * size), 0, 1)
    light = 0.8 + 0.2 * depth + 0.2 * (_ramp(generator, count, size) - 0.5)
    return image * light.astype(np.float32)[..., None] + _grain(generator, image.shape)


def _colours(hue: np.ndarray, saturation: np.ndarray, brightness: np.ndarray) -> np.ndarray:
    """Return RGB [..., 3] of a hue in turns, a saturation and a mean brightness, both in [0, 1]."""
    wheel = np.cos(2 * np.pi * (hue[..., None] - np.arange(3) / 3))
    return np.clip(brightness[..., None] * (1 + saturation[..., None] * wheel), 0, 1).astype(np.float32)


def _smooth(generator: np.random.Generator, count: int, size: int, rows: int, columns: int) -> np.ndarray:
    """Noise in [0, 1] that varies over rows x columns cells, interpolated smoothly."""
    values = generator.random((count, rows + 1, columns + 1), np.float32)
    return _weights(rows, size) @ values @ _weights(columns, size).T


def _weights(cells: int, size: int) -> np.ndarray:
    """[size, cells + 1] interpolation weights, eased so that no cell shows its border."""
    place = (np.arange(size) + 0.5) / size * cells
    cell = np.minimum(place.astype(int), cells - 1)
    t = place - cell
    t = t * t * (3 - 2 * t)
    weights = np.zeros((size, cells + 1), np.float32)
    weights[np.arange(size), cell] = 1 - t
    weights[np.arange(size), cell + 1] = t
    return weights


def _clouds(generator: np.random.Generator, count: int, size: int) -> np.ndarray:
    return _contrast(
        np.sum([_smooth(generator, count, size, cells, cells) / cells**0.7 for cells in (3, 6, 12, 24)], axis=0)
    )


def _fibres(generator: np.random.Generator, count: int, size: int) -> np.ndarray:
    """Grass or wood: noise that is long in one direction, bent a little."""
    image = _smooth(generator, count, size, 4, 32) + 0.5 * _smooth(generator, count, size, 2, 14)
    turned = generator.random((count, 1, 1)) < 0.5
    return _contrast(np.where(turned, image.swapaxes(1, 2), image))


def _patches(generator: np.random.Generator, count: int, size: int) -> np.ndarray:
    """Flat patches with soft borders, like walls and fields."""
    image = _contrast(_smooth(generator, count, size, 3, 3) + _smooth(generator, count, size, 5, 5))
    return image * 0.4 + 0.6 * (np.round(image * 3) / 3)


def _contrast(image: np.ndarray) -> np.ndarray:
    low, high = image.min(axis=(1, 2), keepdims=True), image.max(axis=(1, 2), keepdims=True)
    return (image - low) / np.maximum(high - low, 1e-6)


def _ramp(generator: np.random.Generator, count: int, size: int) -> np.ndarray:
    """A gradient in [0, 1] in a random direction."""
    angle = generator.uniform(0, 2 * np.pi, (count, 1, 1)).astype(np.float32)
    line = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    return 0.5 + (line[None, None, :] * np.cos(angle) + line[None, :, None] * np.sin(angle)) / np.sqrt(2)


def _grain(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """The noise of a sensor; uniform, which is drawn faster than normal and looks the same."""
    return np.float32(0.05) * (generator.random(shape, np.float32) - np.float32(0.5))
