"""Loss of a segmenter that is trained on given masks."""

from keras import ops

from seigan_tf.utils.tensor import Tensor


def mask_loss(logits: Tensor, truth: Tensor, box_mask: Tensor | None = None) -> Tensor:
    """Return binary cross-entropy plus 1 - Dice (Milletari et al., arXiv 1606.04797).

    Args:
        logits: logits of the mask, [N, S, S, 1].
        truth: true mask, [N, S, S, 1] in [0, 1].
        box_mask: area to which the mask is confined, [N, S, S, 1], 0 or 1: pixels outside it add nothing. Default: all.

    Returns:
        A scalar, the mean over the batch; the cross-entropy is a mean over all S x S pixels.
    """
    mask = ops.sigmoid(logits)
    # Not softplus(logit) - truth logit, which rounds away the small gradients of correct pixels.
    entropy = truth * ops.softplus(-logits) + (1.0 - truth) * ops.softplus(logits)
    if box_mask is not None:
        mask, entropy = mask * box_mask, entropy * box_mask
    overlap = ops.sum(truth * mask, axis=(1, 2, 3))
    total = ops.sum(ops.square(truth), axis=(1, 2, 3)) + ops.sum(ops.square(mask), axis=(1, 2, 3))
    return ops.mean(entropy) + ops.mean(1.0 - 2.0 * overlap / ops.maximum(total, 1e-6))
