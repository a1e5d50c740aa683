"""What a tight box says about the mask inside it (BoxInst, Tian et al., CVPR 2021, arXiv 2012.02310)."""

from keras import ops

NEIGHBOURS = tuple((dy * d, dx * d) for d in (1, 2) for dy, dx in ((0, 1), (1, -1), (1, 0), (1, 1)))
"""Offsets of the pairs compared, at distances 1 and 2; the other four directions would give the same pairs again."""


def inside(boxes, size):
    """Boxes as masks: 1 at pixels whose centre lies in the box.

    Args:
        boxes: [N, 4] as [ymin, xmin, ymax, xmax], relative to the image.
        size: side of the masks, in pixels.

    Returns:
        [N, size, size, 1], float32, 0 or 1.
    """
    centres = (ops.arange(size, dtype="float32") + 0.5) / size
    ymin, xmin, ymax, xmax = (boxes[:, i : i + 1] for i in range(4))
    rows = ops.cast((centres >= ymin) & (centres <= ymax), "float32")
    columns = ops.cast((centres >= xmin) & (centres <= xmax), "float32")
    return rows[:, :, None, None] * columns[:, None, :, None]


def projection(mask, box_mask):
    """1 - Dice of what mask and box cover of each row and of each column (BoxInst, equation 4).

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


def outside(mask, box_mask):
    """mean -log(1 - m) over the pixels outside the box, which are background.

    BoxInst's projection tells that to the largest value of each row and column only; here every pixel hears it.

    Args:
        mask, box_mask: [N, S, S, 1] in [0, 1].
    """
    free = 1.0 - box_mask
    return ops.sum(-ops.log(ops.maximum(1.0 - mask, 1e-6)) * free) / ops.maximum(ops.sum(free), 1.0)


def pairwise(mask, images, box_mask, threshold):
    """-log p(same label) over neighbours of like colour, at least one of them in the box (BoxInst, equations 5 to 8).

    p(same) = m_a m_b + (1 - m_a)(1 - m_b). BoxInst compares colours in Lab by a similarity; here two neighbours are
    alike when their mean absolute difference in RGB stays under `threshold`.

    Args:
        mask: [N, S, S, 1] in [0, 1].
        images: [N, S, S, 3] in [-1, 1].
        box_mask: [N, S, S, 1], 0 or 1.
        threshold: in the units of `images`.
    """
    total, count = 0.0, 0.0
    for offset in NEIGHBOURS:
        here, there = _pair(mask, offset)
        colour_here, colour_there = _pair(images, offset)
        box_here, box_there = _pair(box_mask, offset)
        difference = ops.mean(ops.abs(colour_here - colour_there), axis=-1, keepdims=True)
        alike = ops.cast(difference < threshold, "float32") * ops.maximum(box_here, box_there)
        same = here * there + (1.0 - here) * (1.0 - there)
        total += ops.sum(-ops.log(ops.maximum(same, 1e-6)) * alike)
        count += ops.sum(alike)
    return total / ops.maximum(count, 1.0)


def _pair(values, offset):
    """The two overlapping views of `values` [N, H, W, C] whose pixels lie `offset` apart."""
    dy, dx = offset
    height, width = values.shape[1:3]
    left, right = max(0, -dx), max(0, dx)
    here = values[:, : height - dy, left : width - right]
    there = values[:, dy:, left + dx : width - right + dx]
    return here, there
