"""The networks. `weights` are nested dictionaries as tests.reference.weights reads them."""

import numpy as np

from tests.reference.layers import (
    conv_block,
    convolve,
    double,
    leaky_relu,
    max_pool,
    relu,
    residual_block,
    sigmoid,
    zero_pad_same,
)

VGG_BLOCKS = (2, 2, 4, 4, 4)
"""Convolutions in each block of VGG-19 (arXiv 1409.1556, table 1, E)."""


def resnet(images, weights, depth):
    features = conv_block(images, weights["stem"], reflect=True)
    for i in (1, 2):
        features = conv_block(features, weights[f"down_{i}"], strides=2)
    for i in range(depth):
        features = residual_block(features, weights[f"residual_{i}"])
    for i in (1, 0):
        features = conv_block(double(features), weights[f"up_{i}"])
    return conv_block(features, weights["last"], reflect=True, activation=None)


def unet(images, weights, depth):
    levels = [conv_block(images, weights["stem"], activation=leaky_relu)]
    for i in range(1, depth + 1):
        levels.append(conv_block(levels[-1], weights[f"down_{i}"], strides=2, activation=leaky_relu))
    features = levels[-1]
    for i in reversed(range(depth)):
        features = conv_block(np.concatenate([double(features), levels[i]], -1), weights[f"up_{i}"])
    return conv_block(features, weights["last"], activation=None)


def backbone(images, weights, settings):
    return {"resnet": resnet, "unet": unet}[settings.backbone](images, weights, settings.depth)


def vgg19(images, weights):
    """All convolutions' features, after their ReLU, of RGB images in [-1, 1]."""
    values = 255.0 * (images + 1.0) / 2.0
    values = np.stack([values[..., 2] - 103.939, values[..., 1] - 116.779, values[..., 0] - 123.68], -1)
    features = {}
    for block, count in enumerate(VGG_BLOCKS, start=1):
        for i in range(1, count + 1):
            name = f"block{block}_conv{i}"
            padded = zero_pad_same(values, 3, 1)
            values = features[name] = relu(convolve(padded, weights[name]["kernel"]) + weights[name]["bias"])
        values = max_pool(values)
    return features


def feature_decoder(features, weights, depth):
    """From the coarsest level up: a lateral 1 x 1 convolution joins what comes from below, a 3 x 3 one merges them."""
    merged = None
    for i in reversed(range(depth)):
        lateral = conv_block(features[i], weights[f"lateral_{i}"], activation=None)
        merged = conv_block(lateral if merged is None else lateral + double(merged), weights[f"merge_{i}"])
    return conv_block(merged, weights["last"], activation=None)


def segmenter(images, weights, settings, vgg=None):
    """`vgg`: weights of VGG-19, for the vgg19 backbone."""
    if settings.backbone == "vgg19":
        all_features = vgg19(images, vgg)
        last_of_blocks = [f"block{i}_conv{n}" for i, n in enumerate(VGG_BLOCKS, start=1)]
        features = [all_features[name] for name in last_of_blocks[: settings.depth]]
        return sigmoid(feature_decoder(features, weights["body"], settings.depth))
    return sigmoid(backbone(images, weights["body"], settings))


def fill_from_surroundings(holed, mask):
    """Pull-push: means of the colours, weighted by the fraction of photo, halved level by level and filled in again."""
    weight = np.clip(1 - 2 * mask, 0, None)
    photo = holed / np.where(mask < 0.5, 1 - mask, 1)

    def fill(colour, weight):
        """`colour` is already times `weight`."""
        if colour.shape[1] % 2:
            known = np.maximum(weight.mean((1, 2), keepdims=True), 1e-3)
            coarser = np.broadcast_to(colour.mean((1, 2), keepdims=True) / known, colour.shape)
        else:
            halves = [sum(v[:, i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4 for v in (colour, weight)]
            coarser = double(fill(*halves))
        return colour + (1 - weight) * coarser

    return fill(photo * weight, weight)


def inpainter(holed, noise, mask, weights, settings, mask_input, prefill=False):
    start = fill_from_surroundings(holed, mask) if prefill else holed
    inputs = np.concatenate([start, noise, mask] if mask_input else [start, noise], -1)
    coarse = np.tanh(backbone(inputs, weights["coarse"], settings))
    if prefill:
        coarse = np.clip(start + coarse, -1, 1)
    fine = np.tanh(backbone(coarse, weights["fine"], settings))
    return np.clip(coarse + fine, -1, 1) if prefill else fine


def enhancer(coarse, noise, weights, settings):
    outputs = np.tanh(backbone(np.concatenate([coarse, noise], -1), weights["body"], settings))
    return np.clip((1 + outputs[..., :3]) * coarse + outputs[..., 3:], -1, 1)


def discriminator(images, weights, depth):
    features = images
    for i in range(depth):
        features = conv_block(features, weights[f"down_{i}"], strides=2, activation=leaky_relu)
    features = conv_block(features, weights["wide"], activation=leaky_relu)
    return conv_block(features, weights["score"], activation=None)


def feature_discriminator(images, weights, vgg_weights, depth):
    """Scores on the last convolutions of VGG-19's blocks depth - 1 and depth; each score of the second covers 2 x 2."""
    features, scores = vgg19(images, vgg_weights), []
    for i in range(2):
        block = depth - 2 + i
        values = features[f"block{block + 1}_conv{VGG_BLOCKS[block]}"]
        values = values / np.sqrt((values**2).mean(-1, keepdims=True) + 1.0)
        values = conv_block(values, weights[f"hidden_{i}"], activation=leaky_relu)
        values = conv_block(values, weights[f"score_{i}"], activation=None)
        scores.append(values.repeat(2**i, 1).repeat(2**i, 2))
    return np.concatenate(scores, -1)
