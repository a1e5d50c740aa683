"""Layers. Images are [N, H, W, C], kernels [k, k, C_in, C_out]."""

import numpy as np


def zero_pad_same(images, kernel_size, strides):
    """Zeros around `images` so that a valid convolution gives ceil(length / strides); the odd one goes last."""
    pads = [(0, 0)]
    for length in images.shape[1:3]:
        total = max((-(-length // strides) - 1) * strides + kernel_size - length, 0)
        pads.append((total // 2, total - total // 2))
    return np.pad(images, [*pads, (0, 0)])


def reflect_pad(images, border):
    return np.pad(images, [(0, 0), (border, border), (border, border), (0, 0)], mode="reflect")


def windows(images, kernel_size, strides):
    """Yields (row, column, the view of `images` under that cell of a sliding kernel)."""
    height, width = ((length - kernel_size) // strides + 1 for length in images.shape[1:3])
    for row in range(kernel_size):
        for column in range(kernel_size):
            rows = slice(row, row + strides * (height - 1) + 1, strides)
            columns = slice(column, column + strides * (width - 1) + 1, strides)
            yield row, column, images[:, rows, columns]


def convolve(images, kernel, strides=1):
    """Valid cross-correlation."""
    return sum(view @ kernel[row, column] for row, column, view in windows(images, kernel.shape[0], strides))


def depthwise(images, kernel, strides=1):
    """Valid cross-correlation of each channel with its own kernel, [k, k, C, 1]."""
    return sum(view * kernel[row, column, :, 0] for row, column, view in windows(images, kernel.shape[0], strides))


def instance_norm(images, gamma, beta, epsilon=1e-5):
    mean, variance = images.mean((1, 2), keepdims=True), images.var((1, 2), keepdims=True)
    return gamma * (images - mean) / np.sqrt(variance + epsilon) + beta


def relu(values):
    return np.maximum(values, 0.0)


def leaky_relu(values):
    return np.where(values > 0, values, 0.2 * values)


def sigmoid(values):
    return 1.0 / (1.0 + np.exp(-values))


def double(images):
    """Bilinear upsampling by two with half-pixel centres, the border repeated."""
    for axis in (1, 2):
        length = images.shape[axis]
        position = np.clip((np.arange(2 * length) + 0.5) / 2 - 0.5, 0, length - 1)
        before = np.floor(position).astype(int)
        after = np.minimum(before + 1, length - 1)
        shape = [1] * 4
        shape[axis] = -1
        share = (position - before).reshape(shape)
        images = (1 - share) * images.take(before, axis) + share * images.take(after, axis)
    return images


def max_pool(images):
    """The maximum of each 2 x 2 square."""
    return np.maximum.reduce([images[:, i::2, j::2] for i in (0, 1) for j in (0, 1)])


def conv_block(images, weights, strides=1, reflect=False, activation=relu):
    """Convolution, instance normalisation where there are weights for it, activation."""
    conv = weights["conv"]
    kernel_size = next(w for name, w in conv.items() if name.endswith("kernel")).shape[0]
    if "depthwise_kernel" in conv:
        kernel_size = conv["depthwise_kernel"].shape[0]
    padded = reflect_pad(images, kernel_size // 2) if reflect else zero_pad_same(images, kernel_size, strides)
    if "depthwise_kernel" in conv:
        outputs = depthwise(padded, conv["depthwise_kernel"], strides) @ conv["pointwise_kernel"][0, 0]
    else:
        outputs = convolve(padded, conv["kernel"], strides)
    outputs = outputs + conv.get("bias", 0.0)
    if "norm" in weights:
        outputs = instance_norm(outputs, **weights["norm"])
    return activation(outputs) if activation else outputs


def residual_block(images, weights):
    inner = conv_block(images, weights["first"], reflect=True)
    return images + conv_block(inner, weights["second"], reflect=True, activation=None)
