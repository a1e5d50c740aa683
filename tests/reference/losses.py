"""The loss terms of PAPER's table and of BoxInst, one image at a time where that is clearer."""

import itertools

import numpy as np


def box_to_mask(boxes, size):
    """[N, size, size, 1]: 1 where a pixel's centre lies in the box [ymin, xmin, ymax, xmax]."""
    masks = np.zeros((len(boxes), size, size, 1))
    for mask, (ymin, xmin, ymax, xmax) in zip(masks, boxes, strict=True):
        for row, column in itertools.product(range(size), repeat=2):
            y, x = (row + 0.5) / size, (column + 0.5) / size
            mask[row, column] = ymin <= y <= ymax and xmin <= x <= xmax
    return masks


def real_loss(scores):
    return ((1 - scores) ** 2).mean()


def mae(images, targets):
    return np.abs(images - targets).mean()


def gram(features):
    """[N, C, C]: sum over positions of A_ik A_jk, by positions and channels."""
    _, height, width, channels = features.shape
    return np.einsum("nhwi,nhwj->nij", features, features) / (height * width * channels)


def perceptual(features, targets, layers):
    return np.mean([mae(features[name], targets[name]) for name in layers])


def texture(features, targets, layers):
    return np.mean([mae(gram(features[name]), gram(targets[name])) for name in layers])


def projection(mask, box_mask):
    """Over images and over the two directions: the sum of the directions' means of 1 - Dice."""
    total = 0.0
    for one, box in zip(mask[..., 0], box_mask[..., 0], strict=True):
        for axis in (0, 1):
            covered, wanted = one.max(axis), box.max(axis)
            total += 1 - 2 * (covered @ wanted) / (covered @ covered + wanted @ wanted)
    return total / len(mask)


def outside(mask, box_mask):
    return -np.log(1 - mask[box_mask == 0]).mean()


def pairwise(mask, images, box_mask, threshold, distances=(1, 2)):
    """The mean of -log p(same) over unordered pairs of neighbours, in eight directions."""
    count, size = mask.shape[:2]
    pairs = set()
    for row, column, dy, dx, distance in itertools.product(range(size), range(size), (-1, 0, 1), (-1, 0, 1), distances):
        other = row + dy * distance, column + dx * distance
        if (dy or dx) and min(other) >= 0 and max(other) < size:
            pairs.add(frozenset([(row, column), other]))
    costs = []
    for n, (a, b) in itertools.product(range(count), pairs):
        alike = np.abs(images[n][a] - images[n][b]).mean() < threshold
        if alike and max(box_mask[n][a], box_mask[n][b]) > 0:
            p, q = mask[n][a][0], mask[n][b][0]
            costs.append(-np.log(p * q + (1 - p) * (1 - q)))
    return np.mean(costs) if costs else 0.0


def saturation(mask):
    """The mean square of the logits."""
    return (np.log(mask / (1 - mask)) ** 2).mean()


def mask_loss(mask, truth):
    """The mean over images of binary cross-entropy + 1 - Dice."""
    costs = []
    for m, t in zip(mask, truth, strict=True):
        likelihood = np.log(m, where=t > 0, out=np.zeros_like(m)) * t + np.log(1 - m) * (1 - t)
        costs.append(-likelihood.mean() + 1 - 2 * (t * m).sum() / ((t**2).sum() + (m**2).sum()))
    return np.mean(costs)
