"""Pull-push: a hole filled with the colours around it (Gortler et al., The Lumigraph, SIGGRAPH 1996, 3.4)."""

from keras import ops

from seigan_tf.utils.tensor import Tensor


def fill_from_surroundings(holed: Tensor, mask: Tensor) -> Tensor:
    """Fill holes smoothly: near their edges with the nearest colours, deep inside with those of a wider area.

    Only pixels with m < 1/2 are used as sources: a half-hidden object would show through otherwise.

    Args:
        holed: (1 - m) x, [N, S, S, 3] in [-1, 1].
        mask: m, [N, S, S, 1] in [0, 1].

    Returns:
        [N, S, S, 3] in [-1, 1]: x at m = 0, the fill at m of at least 1/2, and a blend of the two between.
    """
    weight = ops.relu(1.0 - 2.0 * mask)
    colour = holed * weight / ops.maximum(1.0 - mask, 0.5)
    levels = [(colour, weight)]
    while colour.shape[1] % 2 == 0:  # pull: halve colours and weights
        colour, weight = ops.average_pool(colour, 2, strides=2), ops.average_pool(weight, 2, strides=2)
        levels.append((colour, weight))
    totals = [ops.mean(values, axis=(1, 2), keepdims=True) for values in levels[-1]]
    fill = ops.zeros_like(colour) + totals[0] / ops.maximum(totals[1], 1e-3)
    for colour, weight in reversed(levels):  # push: unknown colours come from the coarser level
        if fill.shape[1] != colour.shape[1]:
            fill = ops.image.resize(fill, colour.shape[1:3], interpolation="bilinear", data_format="channels_last")
        fill = colour + (1.0 - weight) * fill
    return fill
