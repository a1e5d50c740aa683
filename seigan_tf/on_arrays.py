"""What a trained model does for those who hold NumPy arrays: crops in, masks and pictures out, a batch at a time."""

from functools import cached_property

import keras
import numpy as np
from keras import ops

from seigan_tf import checks
from seigan_tf.cycle import fixed_noise, inpaint


class OnArrays:
    """Methods of SEIGAN that take and give arrays. Photo crops are [N, S, S, 3], uint8 or float32 in [-1, 1]."""

    def segment(self, images, boxes, batch_size=32) -> np.ndarray:
        """Masks of photo crops.

        Args:
            images: photo crops.
            boxes: [N, 4], relative [ymin, xmin, ymax, xmax].
            batch_size: crops at a time.

        Returns:
            float32 [N, S, S, 1] in [0, 1].
        """
        return self._in_batches(_segment, batch_size, images=images, boxes=boxes)

    def inpaint(self, images, masks, batch_size=32) -> np.ndarray:
        """Photo crops restored where the masks are, with noise that is always the same.

        The masks are not grown, whatever `inpainting_margin` says: one of `segment` ends at the object's edge, whose
        rim would stay, and is to be widened before.

        Args:
            images: photo crops.
            masks: [N, S, S, 1], what to restore, 0 to 1.
            batch_size: crops at a time.

        Returns:
            float32 [N, S, S, 3] in [-1, 1].
        """
        return self._in_batches(_inpaint, batch_size, images=images, masks=masks)

    def enhance(self, images, batch_size=32) -> np.ndarray:
        """Coarse pastes made natural by G_enh, with noise that is always the same: float32 [N, S, S, 3] in [-1, 1]."""
        return self._in_batches(_enhance, batch_size, images=images)

    def swap(self, object_images, boxes, background_images, batch_size=32) -> dict[str, np.ndarray]:
        """Both swaps of photo crops: SWAP_IMAGES by name, float32 [N, S, S, 3] in [-1, 1] (mask: [N, S, S, 1])."""
        return self._in_batches(
            _swap, batch_size, images=object_images, boxes=boxes, background_images=background_images
        )

    def _in_batches(self, function, batch_size, **arrays):
        arrays = checks.crops(self.networks.size, **arrays)
        if function not in self._compiled_functions:
            self._compiled_functions[function] = self._backend_step.compiled(self, function)
        compiled = self._compiled_functions[function]
        starts = range(0, len(arrays[0]), batch_size)
        parts = [compiled(*(array[i : i + batch_size] for array in arrays)) for i in starts]
        parts = [keras.tree.map_structure(ops.convert_to_numpy, part) for part in parts]
        return keras.tree.map_structure(lambda *values: np.concatenate(values), *parts)

    @cached_property
    def _compiled_functions(self):
        return {}


def _segment(model, images, boxes):
    return model.masks(images, boxes)


def _inpaint(model, images, masks):
    return inpaint(model.trained.inpainter, model.networks, images, masks, fixed_noise(images))


def _enhance(model, images):
    return model.trained.enhancer((images, fixed_noise(images)))


def _swap(model, images, boxes, background_images):
    return model.call({"object": {"image": images, "box": boxes}, "background": {"image": background_images}})
