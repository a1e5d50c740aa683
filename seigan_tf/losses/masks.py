"""The loss of a segmenter that is trained on given masks."""

from keras import ops


def mask_loss(logits, truth, box_mask=None):
    """Binary cross-entropy and 1 - Dice, the usual pair for masks (Milletari et al., arXiv 1606.04797).

    Args:
        logits: of the mask, [N, S, S, 1].
        truth: [N, S, S, 1] in [0, 1].
        box_mask: [N, S, S, 1], 0 or 1, to which the mask is confined: pixels outside it add nothing. None confines
            nothing.

    Returns:
        A scalar, the mean over the batch; the cross-entropy is a mean over all S x S pixels.
    """
    mask = ops.sigmoid(logits)
    # Two softplus, not softplus(logit) - truth logit: that difference loses the small gradient of what is right.
    entropy = truth * ops.softplus(-logits) + (1.0 - truth) * ops.softplus(logits)
    if box_mask is not None:
        mask, entropy = mask * box_mask, entropy * box_mask
    overlap = ops.sum(truth * mask, axis=(1, 2, 3))
    total = ops.sum(ops.square(truth), axis=(1, 2, 3)) + ops.sum(ops.square(mask), axis=(1, 2, 3))
    return ops.mean(entropy) + ops.mean(1.0 - 2.0 * overlap / ops.maximum(total, 1e-6))
