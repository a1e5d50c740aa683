"""What `prepare` can start from: annotated photographs, a set of TensorFlow Datasets, or a detector that draws boxes.

Each knows the settings of the data before anything slow is done, so that mistakes in them are told at once, and then
gets what these settings refer to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from seigan_tf.config import DataConfig
from seigan_tf.data.annotations.coco_writer import write_coco
from seigan_tf.data.photos.photo import Problem
from seigan_tf.utils.interruption import parents_made
from seigan_tf.utils.progress import bar


@dataclass(frozen=True)
class AnnotatedPhotos:
    """Photographs with annotations of the user's."""

    config: DataConfig
    origin: dict[str, Any] = field(default_factory=dict)
    """See `CropsConfig.origin`."""

    def get(self, _console: Console) -> tuple[DataConfig, Sequence[Problem]]:
        """Nothing is to be done."""
        return self.config, ()


@dataclass(frozen=True)
class PublishedSet:
    """A set of TensorFlow Datasets, copied into files.

    Args:
        given: settings without source and paths.
        name: of the set.
        folder: for the files; nothing is in it.
    """

    given: DataConfig
    name: str
    folder: Path

    @property
    def config(self) -> DataConfig:
        images, annotations = self._paths("train")
        return replace(self.given, source="coco", images=images, annotations=annotations)

    @property
    def origin(self) -> dict[str, Any]:
        paths = dict.fromkeys(("images", "annotations", "val_images", "val_annotations"))
        return {"source": f"tfds:{self.name}", **paths}

    def get(self, console: Console) -> tuple[DataConfig, Sequence[Problem]]:
        """Copies photographs and boxes.

        Returns:
            The settings, and problems met on the way.

        Raises:
            ValueError, OSError: as `read_tfds` and `write_coco` do.
        """
        from seigan_tf.data.annotations.tfds_source import read_tfds, usable_splits

        splits, problems = usable_splits(self.name), []
        for split in splits:
            images, annotations = self._paths(split)
            images.mkdir()
            with bar(console, f"reading {self.name} {split}") as progress:
                problems += write_coco(read_tfds(self.name, images, split, progress), annotations)
        if "validation" not in splits:
            return self.config, problems
        images, annotations = self._paths("validation")
        return replace(self.config, val_images=images, val_annotations=annotations), problems

    def _paths(self, split: str) -> tuple[Path, Path]:
        return self.folder / split, self.folder / f"{split}.json"


@dataclass(frozen=True)
class Detected:
    """Photographs in which a detector draws the boxes, into a file that stays.

    Args:
        given: settings with images, without source, annotations and classes.
        model: file of the detector.
        wanted: its class whose objects become crops: a name or a number.
        score: least score of a detection.
        labels: file with the names of its classes, or None.
        boxes: file to write.
    """

    given: DataConfig
    model: Path
    wanted: str
    score: float
    labels: Path | None
    boxes: Path

    @property
    def config(self) -> DataConfig:
        return replace(self.given, source="coco", annotations=self.boxes)

    @property
    def origin(self) -> dict[str, Any]:
        labels = f", labels {self.labels.name}" if self.labels else ""
        source = f"detector:{self.model.name}, class {self.wanted}, score {self.score:g}{labels}"
        return {"source": source, "annotations": None}

    def get(self, console: Console) -> tuple[DataConfig, Sequence[Problem]]:
        """Runs the detector.

        Returns:
            The settings, and problems met on the way.

        Raises:
            ValueError, OSError: as `detector.detect` and `write_coco` do.
        """
        from seigan_tf.data.detection import detector

        with bar(console, "detecting") as progress, parents_made(self.boxes):
            found = detector.detect(self.given.images, self.model, self.wanted, self.score, self.labels, progress)
            problems = write_coco(found, self.boxes)
        console.print(
            f"boxes: {self.boxes}; edit it and give it as --annotations to prepare again", soft_wrap=True, markup=False
        )
        return replace(self.config, classes=(found.wanted,)), problems
