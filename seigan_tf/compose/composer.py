"""Cut, erase and paste on photographs of any size: the interface of this package."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice, repeat
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from seigan_tf import pretrained
from seigan_tf.compose import erasing, geometry, matting, pasting, photo_files, refiner, shadows, staying
from seigan_tf.compose.backends import Backend, Choice, load_backend
from seigan_tf.compose.erasing import Fill, Hole
from seigan_tf.compose.matting import Matte
from seigan_tf.data.photos import picture
from seigan_tf.data.photos.picture import Picture

Photo = str | PathLike | np.ndarray | Picture
"""A file, or pixels: uint8 [height, width, 3] RGB, or [height, width, 4] with alpha. Results of `cut`, `erase` and
`paste` are pixels alone; the ICC profile of their colours is `as_picture(photo).profile`, for `paste` of `onto`."""
MOST_SEED = 2**31 - 1
"""Largest seed; with larger ones the numbers of the static page are not exact."""


class Composer:
    """Applies the networks of a backend to photographs.

    Boxes are x, y, width, height in pixels of the upright photo; parts outside the photo are cut off. With `refine`
    masks follow the photo's edges; otherwise they are enlarged bilinearly and cleared of their haze. With `grow`, in
    [0, 1], masks may reach outside a box that is too tight, as far as this fraction of its width and height, if they
    hang together with the object inside; they stay inside the crop that the networks see.
    """

    def __init__(self, backend: Backend, refine: bool = True, grow: float = 0.0):
        if not 0 <= grow <= 1:
            raise ValueError(f"grow is {grow}, expected 0 to 1")
        if refine:
            refiner.load()  # a damaged installation is refused here, not in the middle of a folder
        self.backend = backend
        self.refine = refine
        self.grow = grow

    @classmethod
    def load(
        cls,
        weights: str | Path = pretrained.DEFAULT,
        refine: bool = True,
        backend: Choice = "auto",
        warn: Callable[[str], None] = lambda line: None,
        grow: float = 0.0,
    ) -> "Composer":
        """A composer with trained weights; `weights`, `backend`, `warn` and errors as in `load_backend`."""
        return cls(load_backend(weights, backend, warn), refine, grow)

    def cut(self, photo: Photo, box: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """Cut the object in a box out of a photo.

        Returns:
            mask: float32 [height, width] in [0, 1].
            cutout: uint8 RGBA [height, width, 4]. Soft edges have the object's colours without its background; pixels
                outside the object are 0. The photo's own alpha is multiplied by the mask.

        Raises:
            ValueError: the photo cannot be read, or the box is empty or outside it.
        """
        photo = as_picture(photo)
        visible = photo.visible
        matte = self.matte(visible, box)
        mask = matte.mask(visible)
        cutout = matte.window.within(matte.cutout(photo, mask), *photo.size)
        return matte.window.within(mask, *photo.size), cutout

    def erase(
        self,
        photo: Photo,
        boxes: Sequence[float] | Sequence[Sequence[float]],
        fill: Fill = "both",
        keep: Sequence[float] | Sequence[Sequence[float]] = (),
        seed: int = 0,
    ) -> np.ndarray:
        """Remove the objects in one box or in several from a photo.

        Args:
            photo: a file, or pixels.
            boxes: the objects' boxes.
            fill: where the pixels come from, see `erasing.Fill`.
            keep: one box or several of other objects, which stay and of which nothing is copied into the holes. Where
                masks lie over each other, a pixel is that of the object with the higher one, or of the smaller box.
            seed: another one gives another choice of patches, so another fill; equal seeds give equal ones.

        Returns:
            uint8 [height, width, 3], or [height, width, 4] of a photo with alpha. Pixels away from the objects are
            unchanged; the others become as transparent as their surroundings.

        Raises:
            ValueError: the photo cannot be read, a box is empty or outside it, `fill` is unknown, or the seed is not a
                whole number from 0 to MOST_SEED.
        """
        if not isinstance(seed, Real) or not 0 <= seed <= MOST_SEED or seed != int(seed):
            raise ValueError(f"seed is {seed!r}, expected a whole number from 0 to {MOST_SEED}")
        picture, seeds = as_picture(photo), repeat(int(seed))
        return self.erase_picture(picture, _several(boxes), fill=fill, keep=_several(keep), seeds=seeds).array

    def paste(
        self, photo: Photo, box: Sequence[float], onto: Photo, at: Sequence[float], shadow: bool = False
    ) -> np.ndarray:
        """Paste the object in a box of a photo onto another photo, in the light and colours of that one.

        `at` has x, y of the box's corner in the other photo and, unless it keeps its size, the box's width there, in
        pixels. Parts outside that photo are cut off. `shadow` darkens the ground below the object.

        Returns:
            uint8 [height, width, 3], or [height, width, 4] if `onto` has alpha; unchanged outside the object and its
            shadow.

        Raises:
            ValueError: a photo cannot be read, the box is empty or outside it, no object is found in it, or the place
                is outside the other photo.
        """
        return self.paste_picture(as_picture(photo), box, as_picture(onto), at, shadow).array

    def matte(self, visible: np.ndarray, box: Sequence[float]) -> Matte:
        """The matte of the object in a box of `Picture.visible`; errors as in `cut`."""
        height, width = visible.shape[:2]
        return matting.matte(self.backend, visible, geometry.clip_box(box, width, height), self.refine, self.grow)

    def erase_picture(
        self,
        photo: Picture,
        boxes: Iterable[Sequence[float]],
        done: Callable[[bool], None] = lambda found: None,
        fill: Fill = "both",
        keep: Iterable[Sequence[float]] = (),
        seeds: Iterable[int] = repeat(0),
    ) -> Picture:
        """As `erase`, with a seed for each box, of which there may be more.

        Large boxes are filled first. `done` is called once for each box, in their order, with whether an object was
        found in it.
        """
        erasing.check_fill(fill)
        # All are checked before the work begins.
        boxes, kept = ([geometry.clip_box(box, *photo.size) for box in each] for each in (boxes, keep))
        for box in kept:
            if box in boxes:
                raise ValueError(f"keep: the {geometry.box_text(box)} is also one to erase, expected another one")
        seeds = dict(zip(range(len(boxes)), islice(seeds, len(boxes)), strict=True))
        visible = photo.visible
        pending = np.zeros(visible.shape[:2], np.uint8)
        avoid, holes = np.zeros_like(pending), dict[int, Hole]()
        highest, stays = np.zeros(pending.shape, np.uint8), np.zeros(pending.shape, np.uint8) if kept else None
        # The largest first: of a hole that lies in another one nothing is left to fill.
        for number, box in sorted(enumerate([*boxes, *kept]), key=lambda item: -item[1][2] * item[1][3]):
            matte = self.matte(visible, box)
            hole, is_kept = erasing.hole_of(matte), number >= len(boxes)
            # Kept objects too, which are never filled: neither the inpainter nor a patch of a hole sees them.
            erasing.mark(pending, hole)
            if is_kept:
                avoid[geometry.window_around(box, *photo.size).of] = 255
            else:
                erasing.mark(avoid, hole)
                holes[number] = hole
            if stays is not None and matte.found:
                staying.claim(highest, stays, matte.window, matte.mask(visible), is_kept)
        filled, alpha = visible.copy(), None if photo.alpha is None else photo.alpha.copy()
        for count, (number, hole) in enumerate(holes.items()):
            if count == 0 or not erasing.is_filled(pending, hole, stays):
                erasing.fill(self.backend, filled, hole, pending, avoid, fill, seeds[number], stays)
                if alpha is not None:
                    erasing.fill_alpha(alpha, hole, pending, stays)
            if count + 1 < len(holes):
                erasing.unmark(pending, hole, stays)
            done(bool(holes[count].weights.any()))
        if alpha is None:
            return photo._replace(pixels=filled)
        pixels, changed = photo.pixels.copy(), (filled != visible).any(-1) | (alpha != photo.alpha)
        pixels[changed] = picture.remove_white(filled[changed], alpha[changed])
        return photo._replace(pixels=pixels, alpha=alpha)

    def paste_picture(
        self, photo: Picture, box: Sequence[float], onto: Picture, at: Sequence[float], shadow: bool = False
    ) -> Picture:
        """As `paste`, which needs an object in the box; the result has the other photo's colour profile."""
        box = geometry.clip_box(box, *photo.size)
        goal = pasting.target(box, at, *onto.size)
        visible = photo.visible
        matte = self.matte(visible, box)
        if not matte.found:
            raise ValueError(nothing_in(box))
        cutout = matte.cutout(photo, matte.mask(visible))
        if photo.profile != onto.profile:
            cutout[..., :3] = photo_files.convert_colours(cutout[..., :3], photo.profile, onto.profile)
        placed = pasting.place(cutout, box, matte.window, goal, *onto.size)
        if not placed.cutout[..., 3].any():
            raise ValueError(
                f"at {','.join(f'{value:g}' for value in at)}: the object would lie outside the other photo"
            )
        return pasting.paste(self.backend, shadows.cast(onto, placed) if shadow else onto, placed)


def nothing_in(box: Sequence[float]) -> str:
    """The message for a box in which no object was found."""
    return f"no object was found in the {geometry.box_text(box)}"


def _several(boxes: Sequence[Any]) -> Sequence[Any]:
    """One box, or several, as several."""
    return [boxes] if np.ndim(boxes) == 1 and len(boxes) else boxes


def as_picture(photo: Photo) -> Picture:
    """The picture of a file or an array; raises ValueError if it cannot be read or has another type or shape."""
    if isinstance(photo, Picture):
        return photo
    return photo_files.read(Path(photo)) if isinstance(photo, str | PathLike) else picture.from_array(photo)
