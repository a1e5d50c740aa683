"""Measures by VGG-19: the perceptual distance inside a hole, and one feature vector for each image."""

from collections.abc import Iterator

import cv2
import numpy as np
from keras import ops

from seigan_tf.networks.vgg19 import ENCODER_LAYERS, VGG19Features
from seigan_tf.utils.pixels import to_float

POOLED_LAYER = "block5_conv4"
"""The deepest convolution, whose means describe the content of an image."""
BATCH = 32


def load_vgg(weights: str) -> VGG19Features | None:
    """Return VGG-19 with the weights "imagenet", a path or "random", as `VGG19Features.load`, or None for "none"."""
    if weights == "none":
        return None
    vgg = VGG19Features(name="vgg19")
    vgg.load(weights)
    return vgg


def hole_distances(vgg: VGG19Features, filled: np.ndarray, truth: np.ndarray, holes: np.ndarray) -> np.ndarray:
    """Return the perceptual distance of Zhang et al. (arXiv 1801.03924, equation 1) in holes, without learnt weights.

    Features of the last convolution of each block are scaled to length 1 at every position. Their squared differences
    are averaged over the positions, weighted by the fraction of each that is hole, then over the blocks.

    `filled` and `truth` are uint8 [N, S, S, 3]; holes, bool [N, S, S], have at least one pixel each. The result is
    float64 [N], 0 for equal images.
    """
    parts = []
    for part in _batches(len(filled)):
        ours, true = (vgg(to_float(images[part]), layers=ENCODER_LAYERS) for images in (filled, truth))
        layers = [_layer_distances(ours[name], true[name], holes[part]) for name in ENCODER_LAYERS]
        parts.append(np.mean(layers, axis=0))
    return np.concatenate(parts)


def _layer_distances(ours, true, holes: np.ndarray) -> np.ndarray:
    ours, true = (_unit(ops.convert_to_numpy(features).astype(float)) for features in (ours, true))
    difference = ((ours - true) ** 2).sum(axis=-1)
    height, width = difference.shape[1:]
    weights = np.stack(
        [cv2.resize(hole.astype(float), (width, height), interpolation=cv2.INTER_AREA) for hole in holes]
    )
    return (difference * weights).sum(axis=(1, 2)) / weights.sum(axis=(1, 2))


def _unit(features: np.ndarray) -> np.ndarray:
    return features / (np.linalg.norm(features, axis=-1, keepdims=True) + 1e-10)


def mean_features(vgg: VGG19Features, images: np.ndarray) -> np.ndarray:
    """Return the features of POOLED_LAYER, averaged over the positions: uint8 [N, S, S, 3] to float64 [N, 512].

    All vectors are scaled to the length √512, so that the kernel of KID is (cosine + 1)³. Without the scaling a few
    strong features would dominate the third power.
    """
    parts = [vgg(to_float(images[part]), layers=(POOLED_LAYER,))[POOLED_LAYER] for part in _batches(len(images))]
    means = np.concatenate([ops.convert_to_numpy(part).astype(float).mean(axis=(1, 2)) for part in parts])
    return _unit(means) * np.sqrt(means.shape[1])


def look(vgg: VGG19Features, image: np.ndarray) -> dict[str, np.ndarray]:
    """Return the features of one image, uint8 [h, w, 3], by layer: float32 [1, rows, columns, channels] each.

    They are those of the last convolution of each block and of POOLED_LAYER.
    """
    layers = tuple(dict.fromkeys((*ENCODER_LAYERS, POOLED_LAYER)))
    return {name: ops.convert_to_numpy(values) for name, values in vgg(to_float(image[None]), layers=layers).items()}


def hole_distance(ours: dict[str, np.ndarray], true: dict[str, np.ndarray], hole: np.ndarray) -> float:
    """Return the distance of `hole_distances` for the features of two images (`look`), and a hole, bool [h, w]."""
    layers = (_layer_distances(ours[name], true[name], hole[None])[0] for name in ENCODER_LAYERS)
    return float(np.mean(list(layers)))


def gram_distance(ours: dict[str, np.ndarray], true: dict[str, np.ndarray], hole: np.ndarray) -> float:
    """Return the difference in texture of two images in a hole: the Gram matrices of Gatys et al. (CVPR 2016).

    For each block, the Frobenius norm of the difference of the mean products of features in the hole is divided by that
    of the true products; the mean over the blocks is returned.

    Arguments as `hole_distance`; the result is 0 for equal images.
    """
    distances = []
    for name in ENCODER_LAYERS:
        height, width = true[name].shape[1:3]
        weights = cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
        first, second = (
            np.einsum("hwi,hwj,hw->ij", values, values, weights, optimize=True)
            for values in (ours[name][0], true[name][0])
        )
        distances.append(np.linalg.norm(first - second) / np.linalg.norm(second))
    return float(np.mean(distances))


def pooled(features: dict[str, np.ndarray]) -> np.ndarray:
    """Return the vector of `mean_features`, float64 [512], from the features of one image (`look`)."""
    mean = features[POOLED_LAYER][0].astype(float).mean(axis=(0, 1))
    return _unit(mean) * np.sqrt(len(mean))


def _batches(count: int) -> Iterator[slice]:
    return (slice(start, start + BATCH) for start in range(0, count, BATCH))
