"""Trained weights as teachers: their masks for the objects of a run."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from seigan_tf.config import Config
from seigan_tf.data.crop_set import ObjectCrops
from seigan_tf.data.loading import load_objects
from seigan_tf.inference import arrays, loading, weights
from seigan_tf.inference.weights import Weights
from seigan_tf.seigan import SEIGAN
from seigan_tf.training.run_folder import RunFolder
from seigan_tf.training.teacher_masks import PART, fit_to_boxes, masks_of
from seigan_tf.utils import processes
from seigan_tf.utils.atomic import replacing
from seigan_tf.utils.digest import sha256
from seigan_tf.utils.progress import Progress, bar

View = tuple[int, float]
"""Side of crops in pixels, and the part of it that the long side of the object takes."""


class Teachers:
    """The models that `training.teachers` names.

    Args:
        config: settings of the run that learns from them.

    Raises:
        ValueError: one of them cannot be loaded.
    """

    def __init__(self, config: Config):
        self._data, self._size = config.data, config.networks.size
        self._found = [weights.find(name) for name in config.training.teachers]
        self._models = [loading.load_model(name) for name in config.training.teachers]
        self.views = tuple((model.networks.size, model.object_fraction) for model in self._models)
        """The view of each of them."""

    def read(self, objects: ObjectCrops, console: Console) -> dict[View, ObjectCrops]:
        """Return the run's training objects in the run's own view and in those of the teachers.

        Args:
            objects: crops of the run's own size and scale.
            console: destination of progress.

        Raises:
            ValueError: prepared crops do not give crops at a teacher's size and scale.
        """
        crops = {(self._size, self._data.object_fraction): objects}
        for view in self.views:
            if view not in crops:
                with bar(console, "reading photographs for a teacher") as progress:
                    crops[view] = load_objects(self._data, *view, progress)
        return crops

    def masks(self, seen: Mapping[View, ObjectCrops], boxes: np.ndarray, console: Console) -> Iterator[np.ndarray]:
        """Yield the masks of each teacher (`fit_to_boxes`): float32 [N, S, S, 1] in [0, 1], at the size of the run.

        Args:
            seen: the same objects in each view of the teachers.
            boxes: float32 [N, 4], their boxes relative to the run's crops.
            console: destination of progress.
        """
        for found, model, view in zip(self._found, self._models, self.views, strict=True):
            with bar(console, "making masks of a teacher") as progress:
                made = self._made(found, model, seen[view], progress)
                masks = fit_to_boxes(made, seen[view].boxes, boxes, self._size)
                del made
            yield masks

    def _made(self, found: Weights, model: SEIGAN, crops: ObjectCrops, progress: Progress) -> np.ndarray:
        """Return a teacher's own masks, `masks_of`, kept for later stages if it is a stage of a recipe that trains."""
        segment = partial(arrays.segment, model)
        folder = RunFolder(found.folder.resolve().parent).teacher_masks if found.folder else None
        if folder is None or not folder.is_dir():
            return masks_of(segment, crops, progress)
        file = folder / f"{_digest(found.file, crops)}.npy"
        with contextlib.suppress(OSError, ValueError, EOFError):  # there is none, or it is damaged
            return np.load(file)
        made = masks_of(segment, crops, progress)
        if processes.index() == 0:
            # Without room or permission the next stage asks again.
            with contextlib.suppress(OSError), replacing(file) as temporary, temporary.open("wb") as stream:
                np.save(stream, made)
        return made


def _digest(weights_file: Path, crops: ObjectCrops) -> str:
    """Return hexadecimal digits that depend on a teacher and on what it is shown."""
    digest = hashlib.sha256(sha256(weights_file).encode())
    for start in range(0, len(crops.boxes), PART):  # prepared crops are not read as a whole
        for values in crops:
            digest.update(np.ascontiguousarray(values[start : start + PART]).data)
    return digest.hexdigest()
