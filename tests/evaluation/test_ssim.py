"""Structural similarity against its definition, window by window."""

import numpy as np
import pytest

from seigan_tf.evaluation.inpainting import ssim_map


def naive(first, second):
    """The publication's equation 13 on one channel, one window at a time; borders mirrored with the edge repeated."""
    line = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    weights = np.outer(line, line) / line.sum() ** 2
    a, b = (np.pad(image.astype(float), 5, mode="symmetric") for image in (first, second))
    result = np.zeros(first.shape)
    for row, column in np.ndindex(*first.shape):
        x, y = a[row : row + 11, column : column + 11], b[row : row + 11, column : column + 11]
        mean_x, mean_y = (weights * x).sum(), (weights * y).sum()
        var_x, var_y = (weights * (x - mean_x) ** 2).sum(), (weights * (y - mean_y) ** 2).sum()
        covariance = (weights * (x - mean_x) * (y - mean_y)).sum()
        c1, c2 = 6.5025, 58.5225
        result[row, column] = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
            (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
        )
    return result


def test_it_is_the_definition():
    random = np.random.default_rng(0)
    first = random.integers(0, 256, (20, 17, 3), np.uint8)
    second = np.clip(first + random.normal(0, 30, first.shape), 0, 255).astype(np.uint8)
    expected = np.mean([naive(first[..., colour], second[..., colour]) for colour in range(3)], axis=0)
    np.testing.assert_allclose(ssim_map(first, second), expected, atol=1e-9)


def test_equal_images_have_one_everywhere():
    image = np.random.default_rng(1).integers(0, 256, (16, 16, 3), np.uint8)
    assert ssim_map(image, image) == pytest.approx(np.ones((16, 16)))
