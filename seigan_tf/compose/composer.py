"""Cut, erase and paste on photographs of any size: what everything else calls."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from seigan_tf.compose import erasing, geometry, matting, pasting, photo_files, picture
from seigan_tf.compose.backends import Backend, load_backend
from seigan_tf.compose.geometry import Box
from seigan_tf.compose.matting import Matte
from seigan_tf.compose.picture import Picture

Photo = str | PathLike | np.ndarray | Picture
"""A file, or pixels: uint8 [height, width, 3] RGB, or [height, width, 4] with alpha."""


class Composer:
    """One set of networks, for as many photographs as there are.

    Boxes are x, y, width, height in pixels of the photo as it is looked at (upright); what sticks out is cut off.

    Args:
        backend: of a Keras model or of LiteRT files.
        refine: whether masks follow the photo's edges; else they are enlarged bilinearly and cleared of their veil.
    """

    def __init__(self, backend: Backend, refine: bool = True):
        self.backend = backend
        self.refine = refine

    @classmethod
    def load(cls, weights: str | Path = "cats", refine: bool = True) -> "Composer":
        """A composer with trained weights.

        Args:
            weights: a shipped name, a run folder, a .keras file, or an export folder with model.json and .tflite
                files, for which neither TensorFlow nor Keras is needed.
            refine: as of the class.

        Raises:
            ValueError: there are no such weights.
        """
        return cls(load_backend(weights), refine)

    def cut(self, photo: Photo, box: Box) -> tuple[np.ndarray, np.ndarray]:
        """Cuts the object in a box out of a photo.

        Returns:
            mask: float32 [height, width] in [0, 1].
            cutout: uint8 RGBA [height, width, 4]. Where the edge is soft its colours are the object's alone; where
                the object is not, all is 0. The photo's own alpha is multiplied by the mask.

        Raises:
            ValueError: the photo cannot be read, or the box is empty or outside it.
        """
        photo = as_picture(photo)
        seen = photo.visible
        matte = self.matte(seen, box)
        mask = matte.mask(seen)
        cutout = matte.window.within(matte.cutout(photo, mask), *photo.size)
        return matte.window.within(mask, *photo.size), cutout

    def erase(self, photo: Photo, boxes: Box | Sequence[Box]) -> np.ndarray:
        """Removes the objects in one or many boxes from a photo.

        Returns:
            uint8 [height, width, 3], with alpha [height, width, 4] where the photo has some. Pixels away from the
            objects are those of the photo; the others are as transparent as what is around.

        Raises:
            ValueError: the photo cannot be read, or a box is empty or outside it.
        """
        if np.ndim(boxes) == 1:
            boxes = [boxes]
        return self.erase_each(as_picture(photo), boxes).array

    def paste(self, photo: Photo, box: Box, onto: Photo, at: Sequence[float]) -> np.ndarray:
        """Puts the object in a box of a photo onto another photo, with that one's light and colours.

        Args:
            photo: with the object.
            box: of the object.
            onto: the other photo.
            at: x, y of the box's corner in the other photo, and the box's width there; it keeps its width in pixels
                where that is left out. What reaches past the border is clipped.

        Returns:
            uint8 [height, width, 3] of the other photo, or 4 with alpha. Pixels where the object is not are unchanged.

        Raises:
            ValueError: a photo cannot be read, the box is empty or outside, or nothing of the object would be seen.
        """
        photo, onto = as_picture(photo), as_picture(onto)
        return self.paste_matte(photo, box, onto, at).array

    def matte(self, seen: np.ndarray, box: Box) -> Matte:
        """The object in a box of `Picture.visible`: its mask where it is not 0. Errors as in `cut`."""
        height, width = seen.shape[:2]
        return matting.matte(self.backend, seen, geometry.checked_box(box, width, height), self.refine)

    def erase_each(self, photo: Picture, boxes: Sequence[Box], done: Callable[[], None] = lambda: None) -> Picture:
        """As `erase`; `done` is called for each box that is filled."""
        boxes = [geometry.checked_box(box, *photo.size) for box in boxes]  # all of them before the work begins
        seen = photo.visible
        pending = np.zeros(seen.shape[:2], np.uint8)
        holes = []
        for box in boxes:
            holes.append(erasing.hole_of(self.matte(seen, box)))
            erasing.mark(pending, holes[-1])
        filled, alpha = seen.copy(), None if photo.alpha is None else photo.alpha.copy()
        for hole in holes:
            erasing.fill(self.backend, filled, hole, pending)
            if alpha is not None:
                erasing.fill_alpha(alpha, hole, pending)
            erasing.mark(pending, hole, 0)
            done()
        if alpha is None:
            return photo._replace(pixels=filled)
        pixels, changed = photo.pixels.copy(), (filled != seen).any(-1) | (alpha != photo.alpha)
        pixels[changed] = picture.lifted(filled[changed], alpha[changed])
        return photo._replace(pixels=pixels, alpha=alpha)

    def paste_matte(self, photo: Picture, box: Box, onto: Picture, at: Sequence[float]) -> Picture:
        """As `paste`, with the other photo's colour profile."""
        box = geometry.checked_box(box, *photo.size)
        goal = pasting.target(box, at, *onto.size)
        seen = photo.visible
        matte = self.matte(seen, box)
        cutout = matte.cutout(photo, matte.mask(seen))
        if photo.profile != onto.profile:
            cutout[..., :3] = photo_files.convert_colours(cutout[..., :3], photo.profile, onto.profile)
        placed = pasting.place(cutout, box, matte.window, goal, *onto.size)
        return pasting.paste(self.backend, onto, placed)


def as_picture(photo: Photo) -> Picture:
    """A photo from a file or an array.

    Raises:
        ValueError: it cannot be read, or the array is no picture.
    """
    if isinstance(photo, Picture):
        return photo
    return photo_files.read(Path(photo)) if isinstance(photo, str | PathLike) else picture.from_array(photo)
