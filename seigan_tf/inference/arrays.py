"""Inference on NumPy arrays: crops in, masks and images out, in batches.

Crops are [N, S, S, 3] for the model's size S, uint8 or float32 in [-1, 1]. Noise is the same at every call.
"""

import keras
import numpy as np
from keras import ops

from seigan_tf import cycle
from seigan_tf.seigan import SEIGAN
from seigan_tf.utils.pixels import to_float


def segment(model: SEIGAN, images: np.ndarray, boxes: np.ndarray, batch_size: int = 32) -> np.ndarray:
    """Return masks of crops: float32 [N, S, S, 1] in [0, 1].

    Args:
        model: a trained model.
        images: crops.
        boxes: [N, 4], relative [ymin, xmin, ymax, xmax].
        batch_size: number of crops in a batch.

    Raises:
        ValueError: an array is empty, or has another shape or range; the same holds for all functions here.
    """
    return _in_batches(_segment, model, batch_size, images=images, boxes=boxes)


def inpaint(model: SEIGAN, images: np.ndarray, masks: np.ndarray, batch_size: int = 32) -> np.ndarray:
    """Return crops restored in their masks: float32 [N, S, S, 3] in [-1, 1].

    Masks are not dilated here. Dilate those of `segment` first (`cycle.dilate_mask`), or the object's rim stays.

    Args:
        model: a trained model.
        images: crops.
        masks: areas to restore, [N, S, S, 1] in [0, 1].
        batch_size: number of crops in a batch.
    """
    return _in_batches(_inpaint, model, batch_size, images=images, masks=masks)


def enhance(model: SEIGAN, images: np.ndarray, batch_size: int = 32) -> np.ndarray:
    """Return coarse pastes made natural by G_enh: float32 [N, S, S, 3] in [-1, 1]."""
    return _in_batches(_enhance, model, batch_size, images=images)


def swap(
    model: SEIGAN, object_images: np.ndarray, boxes: np.ndarray, background_images: np.ndarray, batch_size: int = 32
) -> dict[str, np.ndarray]:
    """Return the images of both swaps by `seigan.SWAP_IMAGES`: float32 [N, S, S, 3] in [-1, 1]; "mask" [N, S, S, 1]."""
    arrays = {"images": object_images, "boxes": boxes, "background_images": background_images}
    return _in_batches(_swap, model, batch_size, **arrays)


def check_crops(size: int, **arrays: np.ndarray) -> list[np.ndarray]:
    """Return arrays as the networks read them: float32, images in [-1, 1], masks in [0, 1].

    Args:
        size: side of the crops, in pixels.
        arrays: "images" and other images, "boxes" [N, 4], "masks" [N, size, size, 1].

    Raises:
        ValueError: an array is empty, or has another shape or range; the message names it.
    """
    count = len(arrays["images"])
    if not count:
        raise ValueError("images: there are none; expected at least one")
    checked = []
    for name, array in arrays.items():
        array = np.asarray(array)
        expected = {"boxes": (count, 4), "masks": (count, size, size, 1)}.get(name, (count, size, size, 3))
        if array.shape != expected:
            raise ValueError(f"{name}: shape {array.shape}; expected {expected}")
        photos = name not in ("boxes", "masks")
        array = to_float(array) if photos and array.dtype == np.uint8 else array.astype("float32")
        if name == "masks" and not (array.min() >= 0.0 and array.max() <= 1.0):
            raise ValueError(f"masks: values from {array.min():g} to {array.max():g}; expected 0 to 1")
        if photos and not np.abs(array).max() <= 1.0:
            raise ValueError(f"{name}: values reach {np.abs(array).max():g}; expected uint8, or floats in [-1, 1]")
        checked.append(array)
    return checked


def _in_batches(function, model, batch_size, **arrays):
    checked = check_crops(model.networks.size, **arrays)
    compiled = model.compiled_function(function)
    starts = range(0, len(checked[0]), batch_size)
    parts = [compiled(*(array[i : i + batch_size] for array in checked)) for i in starts]
    parts = [keras.tree.map_structure(ops.convert_to_numpy, part) for part in parts]
    return keras.tree.map_structure(lambda *values: np.concatenate(values), *parts)


def _segment(model, images, boxes):
    return model.masks(images, boxes)


def _inpaint(model, images, masks):
    noise = cycle.fixed_noise(images)
    return cycle.inpaint(model.inference_generators.inpainter, model.networks, images, masks, noise)


def _enhance(model, images):
    return model.inference_generators.enhancer((images, cycle.fixed_noise(images)))


def _swap(model, images, boxes, background_images):
    return model.call({"object": {"image": images, "box": boxes}, "background": {"image": background_images}})
