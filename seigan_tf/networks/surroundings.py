"""Fills a hole with the colours around it: pull-push (Gortler et al., The Lumigraph, SIGGRAPH 1996, 3.4)."""

from keras import ops


def fill_from_surroundings(holed, mask):
    """The smooth fill of a hole, near its edge from near the edge, and deep inside from far around.

    Only pixels that are more photo than hole lend their colour: a half-hidden object would show through otherwise.

    Args:
        holed: (1 - m) x, [N, S, S, 3] in [-1, 1].
        mask: m, [N, S, S, 1] in [0, 1].

    Returns:
        [N, S, S, 3] in [-1, 1]: x where m is 0, the fill where m is at least 1/2, and between the two in between.
    """
    weight = ops.relu(1.0 - 2.0 * mask)
    colour = holed * weight / ops.maximum(1.0 - mask, 0.5)
    levels = [(colour, weight)]
    while colour.shape[1] % 2 == 0:  # pull: halve colours and weights
        colour, weight = ops.average_pool(colour, 2, strides=2), ops.average_pool(weight, 2, strides=2)
        levels.append((colour, weight))
    totals = [ops.mean(values, axis=(1, 2), keepdims=True) for values in levels[-1]]
    fill = ops.zeros_like(colour) + totals[0] / ops.maximum(totals[1], 1e-3)
    for colour, weight in reversed(levels):  # push: what a level does not know comes from the coarser one
        if fill.shape[1] != colour.shape[1]:
            fill = ops.image.resize(fill, colour.shape[1:3], interpolation="bilinear", data_format="channels_last")
        fill = colour + (1.0 - weight) * fill
    return fill
