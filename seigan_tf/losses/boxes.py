"""Boxes as masks, and loss terms that train masks from boxes (BoxInst, Tian et al., CVPR 2021, arXiv 2012.02310)."""

import itertools

from keras import ops

from seigan_tf.utils.tensor import Tensor

NEIGHBOURS = (0, 1), (1, -1), (1, 0), (1, 1)
"""Directions (dy, dx) of the compared pairs; the opposite ones give the same pairs."""


def box_to_mask(boxes: Tensor, size: int) -> Tensor:
    """Return boxes as masks: 1 at pixels whose centre lies in the box, edges included.

    Args:
        boxes: [N, 4] as [ymin, xmin, ymax, xmax], relative to the image.
        size: side of the masks, in pixels.

    Returns:
        float32 [N, size, size, 1], 0 or 1.
    """
    centres = (ops.arange(size, dtype="float32") + 0.5) / size
    ymin, xmin, ymax, xmax = (boxes[:, i : i + 1] for i in range(4))
    rows = ops.cast((centres >= ymin) & (centres <= ymax), "float32")
    columns = ops.cast((centres >= xmin) & (centres <= xmax), "float32")
    return rows[:, :, None, None] * columns[:, None, :, None]


def fade_outside(images: Tensor, box_mask: Tensor, contrast: float) -> Tensor:
    """Return images with less contrast outside the box: there they are multiplied by `contrast`, towards mid-grey.

    Args:
        images: [N, S, S, 3] in [-1, 1].
        box_mask: [N, S, S, 1], 0 or 1.
        contrast: 0 to 1; 1 returns `images`.
    """
    return images if contrast == 1 else images * (contrast + (1.0 - contrast) * box_mask)


def projection(mask: Tensor, box_mask: Tensor) -> Tensor:
    """Return 1 - Dice of the projections of mask and box on the rows, plus that on the columns (BoxInst, equation 4).

    Args:
        mask, box_mask: [N, S, S, 1] in [0, 1].
    """
    loss = 0.0
    for axis in (1, 2):
        covered, wanted = ops.max(mask, axis=axis), ops.max(box_mask, axis=axis)
        overlap = ops.sum(covered * wanted, axis=(1, 2))
        total = ops.sum(ops.square(covered), axis=(1, 2)) + ops.sum(ops.square(wanted), axis=(1, 2))
        loss += ops.mean(1.0 - 2.0 * overlap / ops.maximum(total, 1e-6))
    return loss


def outside(logits: Tensor, box_mask: Tensor) -> Tensor:
    """Return the mean of -log(1 - m) = softplus(logit) over the pixels outside the box, which are background.

    BoxInst's projection trains only the largest value of each row and column; this term trains every pixel.

    Args:
        logits: logits of the mask, [N, S, S, 1]. A loss of m itself has no gradient if m is saturated.
        box_mask: [N, S, S, 1], 0 or 1.
    """
    free = 1.0 - box_mask
    return ops.sum(ops.softplus(logits) * free) / ops.maximum(ops.sum(free), 1.0)


def pairwise(logits: Tensor, images: Tensor, box_mask: Tensor, threshold: float, reach: int) -> Tensor:
    """Return the mean of -log p(same label) over neighbours of like colour (BoxInst, equations 5 to 8).

    At least one of the two lies in the box. p(same) = m_a m_b + (1 - m_a)(1 - m_b), whose logarithm is a log-sum-exp of
    log-sigmoids, as in BoxInst's code. BoxInst compares colours in Lab; here two neighbours are of like colour if their
    mean absolute difference in RGB is under `threshold`.

    Args:
        logits: logits of the mask, [N, S, S, 1].
        images: [N, S, S, 3] in [-1, 1].
        box_mask: [N, S, S, 1], 0 or 1.
        threshold: largest difference, in the units of `images`.
        reach: distances of the neighbours are 1, 2, 4 and so on up to this, along rows, columns and diagonals.
    """
    log_inside, log_outside = ops.log_sigmoid(logits), ops.log_sigmoid(-logits)
    total, count = 0.0, 0.0
    distances = [2**power for power in range(reach.bit_length())]
    for distance, (dy, dx) in itertools.product(distances, NEIGHBOURS):
        offset = distance * dy, distance * dx
        colour_here, colour_there = _pair(images, offset)
        box_here, box_there = _pair(box_mask, offset)
        difference = ops.mean(ops.abs(colour_here - colour_there), axis=-1, keepdims=True)
        alike = ops.cast(difference < threshold, "float32") * ops.maximum(box_here, box_there)
        log_same = _log_of_sum(sum(_pair(log_inside, offset)), sum(_pair(log_outside, offset)))
        total += ops.sum(-log_same * alike)
        count += ops.sum(alike)
    return total / ops.maximum(count, 1.0)


def saturation(logits: Tensor) -> Tensor:
    """Return the mean square of a mask's logits, [N, S, S, 1]."""
    return ops.mean(ops.square(logits))


def _log_of_sum(one, other):
    """Return log(e^one + e^other). ops.logaddexp has a wrong gradient at ties under TensorFlow (Keras 3.15)."""
    largest = ops.stop_gradient(ops.maximum(one, other))
    return largest + ops.log(ops.exp(one - largest) + ops.exp(other - largest))


def _pair(values, offset):
    """Return the two overlapping views of `values` [N, H, W, C] whose pixels lie `offset` apart."""
    dy, dx = offset
    height, width = values.shape[1:3]
    left, right = max(0, -dx), max(0, dx)
    here = values[:, : height - dy, left : width - right]
    there = values[:, dy:, left + dx : width - right + dx]
    return here, there
